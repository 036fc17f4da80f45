"""``maskr check``: formats, exit codes, where the schema comes from."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from maskr.checks.pages import pages
from tests.bench.review import thousand_tables
from tests.command import maskr

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "rules" / "shop.yaml"
SQL = ROOT / "fixtures" / "shop.sql"
CASES = ROOT / "fixtures" / "policies" / "against-schema"
COVERAGE = "83 columns: 36 masked, 47 kept, 0 undecided"
FORMATS = ("text", "json", "github", "sarif", "markdown")


def case(name: str, *arguments: str) -> tuple[object, ...]:
    return "check", CASES / f"{name}.yaml", "--schema", CASES / "schema.sql", *arguments


def test_the_demos_policy_is_in_order_even_strictly() -> None:
    done = maskr("check", SHOP, "--schema", SQL, "--strict")
    assert (done.code, done.out) == (0, f"1 accepted\n{COVERAGE}\n")


def test_a_live_database_and_its_ddl_are_judged_alike(cloned: Callable[[Path], str]) -> None:
    live = maskr("check", SHOP, "--source", cloned(SQL), "--format", "json")
    read = maskr("check", SHOP, "--schema", SQL, "--format", "json")
    assert live.code == read.code == 0
    assert json.loads(live.out) == json.loads(read.out)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("name", "code", "strict"),
    [("all-is-well", 0, 0), ("kept-looks-personal", 0, 1), ("not-null", 1, 1)],
)
def test_errors_end_with_1_and_warnings_when_strict(
    name: str, code: int, strict: int, form: str
) -> None:
    assert maskr(*case(name, "--format", form)).code == code
    assert maskr(*case(name, "--format", form, "--strict")).code == strict


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["tab", "not-utf8", "empty", "alias-bomb", "missing-include"])
def test_a_policy_that_cannot_be_read_is_a_finding_in_every_format(name: str, form: str) -> None:
    path = ROOT / "fixtures" / "policies" / "bad" / f"{name}.yaml"
    done = maskr("check", path, "--format", form)
    assert done.code == 1
    assert done.err == ""
    assert path.name in done.out


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_policy_that_is_not_there_is_a_finding(name: str, tmp_path: Path) -> None:
    done = maskr("check", tmp_path / name)
    assert done.code == 1
    assert "error[missing-file]" in done.out


def test_ddl_that_is_not_understood_is_a_finding_with_its_line(tmp_path: Path) -> None:
    sql = tmp_path / "schema.sql"
    sql.write_text("CREATE TABLE a (id int);\nCREATE TABLE b (id int,, x int);\n")
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\ntables:\n  a: keep\n")
    done = maskr("check", policy, "--schema", sql)
    assert done.code == 1
    first, line, *_ = done.out.splitlines()
    assert first.startswith(f"{sql}:2:1: error[unparsed-ddl]")
    assert line == "  CREATE TABLE b (id int,, x int);"


def test_without_a_schema_what_needs_none_is_checked(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\ntables:\n  a: phnoe\n")
    done = maskr("check", policy)
    assert done.code == 1
    assert "error[unknown-masker] no masker 'phnoe'; did you mean 'phone'?" in done.out
    assert done.out.splitlines()[-1].startswith("coverage unknown")


def test_a_column_that_nobody_decided_about_is_named_at_its_table() -> None:
    done = maskr(*case("undecided-column"))
    assert done.code == 1
    path = CASES / "undecided-column.yaml"
    assert f"{path}:7:3: error[undecided-column] no rule for public.tickets.contact" in done.out
    assert done.out.splitlines()[-1].endswith("4 undecided")


def test_a_schema_file_goes_before_the_environment_and_never_beside_a_source() -> None:
    command = ("check", SHOP, "--schema", SQL)
    assert maskr(*command, env={"MASKR_SOURCE": "host=nowhere.invalid"}).code == 0
    both = maskr(*command, "--source", "host=nowhere.invalid")
    assert both.code == 2
    assert "give one of the two" in both.err


@pytest.mark.parametrize("name", ["missing.sql", "."])
def test_a_schema_file_that_cannot_be_read_is_a_mistake_of_usage(name: str, tmp_path: Path) -> None:
    assert maskr("check", SHOP, "--schema", tmp_path / name).code == 2


def test_a_database_that_is_not_there_is_unavailable() -> None:
    done = maskr("check", SHOP, "--source", "host=/nowhere dbname=x password=s3cr3t")
    assert done.code == 69
    assert "s3cr3t" not in done.out + done.err


def test_no_policy_is_a_mistake_of_usage() -> None:
    assert maskr("check").code == 2


@pytest.mark.parametrize("code", pages())
def test_every_code_is_explained(code: str) -> None:
    done = maskr("check", "--explain", code)
    assert done.code == 0
    assert done.out.startswith(f"{code}  {pages()[code].weight}\n")
    assert len(done.out.split()) > 10


def test_the_codes_are_listed() -> None:
    listed = maskr("check", "--explain", "list").out.splitlines()
    assert [line.split("  ")[0] for line in listed] == list(pages())


def test_the_reference_of_the_checks_is_what_they_say() -> None:
    """To renew it: maskr check --explain list --format markdown > .github/checks.md."""
    written = (ROOT / ".github" / "checks.md").read_text("utf-8")
    assert written == maskr("check", "--explain", "list", "--format", "markdown").out


def test_a_page_is_no_sarif() -> None:
    assert maskr("check", "--explain", "not-null", "--format", "sarif").code == 2
    page = maskr("check", "--explain", "not-null", "--format", "markdown")
    assert page.out.startswith("## not-null\n\n*error*\n\n`null`, or `on_invalid: null`")


def test_an_unknown_code_has_its_nearest_named() -> None:
    done = maskr("check", "--explain", "lost-uniquness")
    assert done.code == 2
    assert "did you mean 'lost-uniqueness'?" in done.err


@pytest.mark.parametrize("by_name", [True, False], ids=["by name", "a line each"])
def test_a_thousand_tables_cost_no_more_than_a_few_plain_readings_of_their_yaml(
    tmp_path: Path, by_name: bool
) -> None:
    """Measured 1.7 and 3.4 times, without imports; a slow machine is slow at both."""
    long, _ = thousand_tables(tmp_path, by_name=False)
    text = long.read_text()
    began = time.process_time()
    yaml.load(text, yaml.CSafeLoader)
    reading = time.process_time() - began
    policy, sql = thousand_tables(tmp_path, by_name=by_name)
    began = time.process_time()
    done = maskr("check", policy, "--schema", sql)
    assert time.process_time() - began < 10 * reading
    assert done.out == "20000 columns: 20000 masked, 0 kept, 0 undecided\n"
