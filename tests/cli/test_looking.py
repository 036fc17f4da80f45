"""The commands that look and never write, the keys, and how every command ends."""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from maskr import __version__
from maskr.keys import Key
from maskr.maskers import registry
from tests.command import KEY, ROOT, maskr, program
from tests.databases import column, untouched

SMALL = ROOT / "fixtures" / "small.sql"
POLICY = ROOT / "fixtures" / "policies" / "small.yaml"
SHOP = ROOT / "rules" / "shop.yaml"


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen on which no cell is folded."""
    monkeypatch.setenv("COLUMNS", "300")


@pytest.fixture
def source(cloned: Callable[..., str]) -> str:
    return cloned(SMALL, "production")


# ------------------------------------------------------------------------------------- preview


def test_a_preview_shows_fakes_and_no_original(source: str) -> None:
    with untouched(source):
        ended = maskr("preview", POLICY, "--source", source, "--table", "people")
    assert ended.code == 0
    assert "example.test" in ended.out
    assert not re.search(r"zorvika|krelvandrix|qormail|202 155", ended.out, re.I)


def test_a_preview_shows_originals_to_whoever_asks_for_them(source: str) -> None:
    ended = maskr(
        "preview", POLICY, "--source", source, "--table", "public.notes", "--show-original"
    )
    assert ended.code == 0
    assert "Zorvika" in ended.out
    assert ended.out.count("example.test") == 1


def test_a_preview_shows_what_a_run_would_write(
    source: str, make_database: Callable[..., str]
) -> None:
    shown = maskr("preview", POLICY, "--source", source, "--table", "notes").out
    target = make_database("staging")
    assert maskr("run", POLICY, "--source", source, "--target", target).code == 0
    [line] = column(target, "SELECT line FROM notes")
    assert str(line) in shown


def test_a_preview_shows_as_many_rows_as_asked_for(source: str) -> None:
    one = maskr("preview", POLICY, "--source", source, "--table", "visits", "--rows", 1).out
    two = maskr("preview", POLICY, "--source", source, "--table", "visits", "--rows", 2).out
    assert "Thrumwick" in one
    assert "Vexholmen" not in one
    assert "Vexholmen" in two


def test_a_preview_of_no_table_is_a_usage_error(source: str) -> None:
    ended = maskr("preview", POLICY, "--source", source, "--table", "peeple")
    assert ended.code == 2
    assert "peeple" in ended.err


def test_a_preview_of_a_table_that_is_not_copied_says_so(shop: str) -> None:
    ended = maskr("preview", SHOP, "--source", shop, "--table", "audit_log")
    assert ended.code == 2
    assert "rows: none" in ended.err


# ------------------------------------------------------------------------------------- explain


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("support_tickets.customer_email", ["email", "-> public.customers.email", "person_email"]),
        ("public.newsletter.subscriber", ["email", "foreign key", "newsletter_subscriber_fkey"]),
        ("orders.placed_at", ["shift_date", "by: customer_id", "customer_date"]),
        ("customers.phone", ["phone", r"columns '\*\.phone'"]),
        ("hr.employees.title", ["keep", "reason: a handful of titles"]),
        ("login_events.user_agent", ["faker", "provider: user_agent"]),
    ],
)
def test_a_column_is_explained_by_the_way_its_rule_came(
    shop: str, subject: str, told: list[str]
) -> None:
    ended = maskr("explain", SHOP, subject, "--source", shop)
    assert ended.code == 0
    for word in told:
        assert re.search(word, ended.out), word
    assert re.search(r"shop\.yaml:\d+:\d+", ended.out)


def test_every_column_of_a_table_is_explained_at_once(shop: str) -> None:
    out = maskr("explain", SHOP, "hr.employees", "--source", shop).out
    for name in ("id", "manager_id", "first_name", "email", "salary", "hired_on"):
        assert f"hr.employees.{name}" in out


def test_a_partition_is_explained_by_the_table_above(shop: str) -> None:
    out = maskr("explain", SHOP, "login_events_rest", "--source", shop).out
    assert "public.login_events" in out
    assert "partition" in out


def test_what_cannot_be_explained_is_a_usage_error(shop: str) -> None:
    for subject in ("no_table", "customers.no_column", "a.b.c.d"):
        assert maskr("explain", SHOP, subject, "--source", shop).code == 2


# ------------------------------------------------------------------------------ maskers and keys


def test_the_catalogue_lists_every_masker() -> None:
    ended = maskr("maskers")
    assert ended.code == 0
    listed = {line.split()[0] for line in ended.out.splitlines() if line[:1].isalpha()}
    assert set(registry()) <= listed


@pytest.mark.parametrize("name", sorted(registry()))
def test_every_masker_has_a_page_with_its_parameters_and_an_example(name: str) -> None:
    ended = maskr("maskers", name)
    assert ended.code == 0
    assert name in ended.out
    assert "Example" in ended.out
    for parameter in registry()[name].parameters:
        assert parameter in ended.out


def test_a_masker_that_does_not_exist_is_a_usage_error() -> None:
    assert maskr("maskers", "phnoe").code == 2


def test_a_page_tells_what_is_promised_and_what_others_call_it() -> None:
    page = maskr("maskers", "fpe").out
    assert "unique, repeatable, reversible by the key holder, format kept" in page
    assert "With fewer than 1,000,000 distinct values, counting tells." in page
    assert (
        "Elsewhere: RandomEmail (Greenmask); fake_email, pseudo_email"
        in maskr("maskers", "email").out
    )


def test_a_page_is_offered_for_a_name_that_is_nearly_right() -> None:
    assert "did you mean 'phone'?" in maskr("maskers", "phnoe").err


def test_each_line_of_the_list_says_what_one_chooses_by() -> None:
    lines = {line.split()[0]: line for line in maskr("maskers").out.splitlines() if line}
    assert re.search(r"\btext +unique, repeatable, reversible +alphabet +ssn: ", lines["fpe"])


def test_the_catalogue_comes_as_json() -> None:
    told = json.loads(maskr("maskers", "--format", "json").out)
    assert [each["name"] for each in told] == list(registry())
    one = json.loads(maskr("maskers", "email", "--format", "json").out)
    assert one in told
    assert one["unique"]
    assert "keep_domain" in one["parameters"]["properties"]
    assert "RandomEmail" in one["called"]["Greenmask"]


def test_a_narrow_terminal_breaks_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maskr.cli.maskers._ENDLESS", 80)
    lines = maskr("maskers").out.splitlines()
    assert max(map(len, lines)) <= 80
    at = lines.index("email  text: unique, repeatable")
    example = "    email: {mask: email, domain: staging.example.test}"
    assert example in map(str.rstrip, lines[at : at + 4])


def test_a_masker_can_be_tried_and_gives_what_a_run_gives() -> None:
    tried = maskr("maskers", "iban", "--try", "DE89 3704 0044 0532 0130 00", "--try", "x")
    one, other, note = tried.out.splitlines()
    assert one == "DE89 3704 0044 0532 0130 00 -> DE45 0331 3662 1669 7150 87"
    assert other.startswith("x -> ")
    assert "1 of them it cannot read" in note


def test_a_masker_is_tried_with_parameters_and_in_a_column_of_a_type() -> None:
    document = '{"a": "xy", "b": [1]}'
    paths = 'paths={"$.a": {mask: constant, value: é}}'
    tried = maskr("maskers", "json", "--type", "jsonb", "--try", document, "--with", paths)
    assert tried.out == '{"a": "xy", "b": [1]} -> {"a": "é", "b": [1]}\n'
    assert maskr("maskers", "null", "--try", "x\ty").out == "x\ty -> NULL\n"
    assert maskr("maskers", "lorem", "--type", "integer", "--try", "5").code == 78


def test_without_a_key_a_masker_is_tried_with_a_fresh_one_and_that_is_said() -> None:
    runs = [maskr("maskers", "hash", "--try", "x", env={}).out.splitlines() for _ in range(2)]
    assert runs[0][0] == "without a key of yours: another run gives other fakes"
    assert runs[0][1] != runs[1][1]
    assert maskr("maskers", "hash", "--try", "x", env={"MASKR_KEY": "bad"}).code == 78


@pytest.mark.parametrize(
    "arguments",
    [
        ["--try", "x"],
        ["email", "--with", "domain=x"],
        ["email", "--try", "x", "--with", "domain"],
        ["email", "--try", "x", "--with", "domain={"],
        ["emial", "--try", "x"],
        ["sql", "--try", "x", "--with", "expression=upper(value)"],
        ["email", "--format", "markdown"],
    ],
)
def test_what_cannot_be_tried_is_a_usage_error(arguments: list[str]) -> None:
    assert maskr("maskers", *arguments).code == 2


def test_a_new_key_is_printed_and_can_be_used() -> None:
    text = maskr("key", "new", env={}).out.strip()
    shown = maskr("key", "show", env={"MASKR_KEY": text})
    assert (shown.code, shown.out.strip()) == (0, Key.parse(text).fingerprint)
    assert text not in shown.out + shown.err


def test_a_new_key_goes_to_a_file_that_nobody_else_may_read(tmp_path: Path) -> None:
    path = tmp_path / "maskr.key"
    ended = maskr("key", "new", "--out", path, env={})
    assert (ended.code, ended.out) == (0, "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    print_ = maskr("key", "show", env={"MASKR_KEY_FILE": str(path)}).out.strip()
    assert print_ in ended.err
    assert path.read_text().strip() not in ended.err


def test_a_key_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "maskr.key"
    path.write_text("precious")
    assert maskr("key", "new", "--out", path).code == 2
    assert path.read_text() == "precious"


def test_a_key_file_that_others_may_read_ends_with_78(tmp_path: Path) -> None:
    path = tmp_path / "maskr.key"
    path.write_text(KEY.dump())
    path.chmod(0o644)
    ended = maskr("key", "show", env={"MASKR_KEY_FILE": str(path)})
    assert ended.code == 78
    assert KEY.dump() not in ended.err


def test_a_policys_own_command_gives_the_key(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    command = [sys.executable, "-c", f"print('{KEY.dump()}')"]
    policy.write_text(f"version: 1\nkey: {{command: {command}}}\n")
    shown = maskr("key", "show", policy, env={})
    assert (shown.code, shown.out.strip()) == (0, KEY.fingerprint)


def test_the_environments_key_goes_before_the_policys_command(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\nkey: {command: ['false']}\n")
    assert maskr("key", "show", policy).out.strip() == KEY.fingerprint


# ----------------------------------------------------------------------------- how commands end


def test_help_names_every_command_and_ends_with_0() -> None:
    ended = maskr("--help")
    assert ended.code == 0
    for command in ("run", "check", "diff", "preview", "explain", "maskers", "key", "demo"):
        assert re.search(rf"\b{command}\b", ended.out)


def test_the_version_is_told() -> None:
    assert maskr("--version").out == f"maskr {__version__}\n"


def test_what_the_command_line_does_not_know_ends_with_2() -> None:
    for arguments in (
        ["run"],
        ["fly"],
        ["run", "--no-such-option"],
        ["preview", "p", "--rows", "0"],
    ):
        assert maskr(*arguments).code == 2


def test_a_bug_ends_with_70_and_shows_its_place_but_not_its_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: object) -> None:
        raise ValueError("Zorvika")

    monkeypatch.setattr("maskr.cli.maskers._list", fail)
    ended = maskr("maskers")
    assert ended.code == 70
    assert "ValueError" in ended.err
    assert re.search(r"maskr/cli/maskers\.py:\d+", ended.err)
    assert "Zorvika" not in ended.err
    assert "Traceback" not in ended.err


def test_a_reader_that_has_heard_enough_is_no_error() -> None:
    """``maskr maskers | head -1``"""
    with subprocess.Popen(
        program("maskers"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, err = process.communicate(timeout=60)
    assert b"Traceback" not in err
    assert b"bug" not in err


def test_no_command_reads_a_key_it_does_not_need(source: str) -> None:
    assert maskr("explain", POLICY, "people.name", "--source", source, env={}).code == 0
    assert maskr("maskers", env={}).code == 0
    assert "MASKR_KEY" not in os.environ


def test_the_demo_shows_before_and_after_and_leaves_nothing_behind() -> None:
    ended = subprocess.run(
        program("demo", "--keep"),
        input="\n",
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "300"},
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    for told in ("public.customers", "public.payments", "public.support_tickets", "total"):
        assert told in ended.stdout
    assert "source-may-write" not in ended.stdout
    assert "user=maskr_reader" in ended.stdout
    folder, same = re.findall(r"host=(\S+)", ended.stdout)
    assert folder == same
    assert not Path(folder).exists()


def test_a_masker_tried_on_citext_draws_alike_for_capitals_or_not() -> None:
    done = maskr("maskers", "hash", "--try", "Ann", "--try", "aNN", "--type", "citext")
    fakes = [line.rpartition(" -> ")[2] for line in done.out.splitlines() if " -> " in line]
    assert len(fakes) == 2
    assert len(set(fakes)) == 1
