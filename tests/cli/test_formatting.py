"""``maskr fmt`` and ``maskr schema``."""

import json
import stat
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from maskr.maskers import registry
from tests.command import maskr

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures" / "policies"
UNTIDY, TIDY = ((FIXTURES / "fmt" / f"{name}.yaml").read_bytes() for name in ("untidy", "tidy"))
SHIPPED = [ROOT / "rules" / "shop.yaml"]
SHIPPED += [path for path in (FIXTURES / "good").glob("*.yaml") if path.stem != "traps"]


@pytest.fixture
def untidy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_bytes(UNTIDY)
    path.chmod(0o640)
    return path


def test_a_file_is_laid_out_in_its_place_with_its_rights(untidy: Path) -> None:
    assert maskr("fmt", untidy).code == 0
    assert untidy.read_bytes() == TIDY
    assert stat.S_IMODE(untidy.stat().st_mode) == 0o640
    assert [path.name for path in untidy.parent.iterdir()] == ["policy.yaml"]


def test_a_link_stays_a_link(untidy: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(untidy)
    assert maskr("fmt", link).code == 0
    assert link.is_symlink()
    assert untidy.read_bytes() == TIDY


def test_a_check_changes_nothing_and_ends_with_1_where_something_would(untidy: Path) -> None:
    done = maskr("fmt", "--check", untidy)
    assert (done.code, done.err) == (1, f"would rewrite {untidy}\n")
    assert untidy.read_bytes() == UNTIDY
    maskr("fmt", untidy)
    assert maskr("fmt", "--check", untidy).code == 0


def test_what_is_no_yaml_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("a: [\n")
    done = maskr("fmt", path)
    assert done.code == 78
    assert f"{path}:2:1: error[yaml-syntax]" in done.err


@pytest.mark.parametrize("content", [None, b"a: \xff\n"])
def test_a_file_that_cannot_be_read_is_a_mistake_of_usage(
    content: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "policy.yaml"
    if content is not None:
        path.write_bytes(content)
    assert maskr("fmt", path).code == 2


def test_shipped_policies_are_laid_out_evenly() -> None:
    assert maskr("fmt", "--check", *(ROOT / "rules").glob("*.yaml")).code == 0


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads(maskr("schema").out)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def document(text: str) -> object:
    return yaml.safe_load(text)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_good_policies_are_valid_by_the_schema(path: Path, validator: Draft202012Validator) -> None:
    validator.validate(document(path.read_bytes().decode("utf-8-sig")))


@pytest.mark.parametrize(
    "rule",
    [
        "{mask: hash, length: 99}",
        "{mask: email, domian: example.test}",
        "{mask: json, paths: {$.a: {mask: hash, length: 99}}}",
        "{mask: json, paths: {$.a: [email]}}",
        "{mask: email, because: it is}",
        "7",
    ],
)
def test_an_editor_can_mark_a_rule_that_is_wrong(
    rule: str, validator: Draft202012Validator
) -> None:
    assert not validator.is_valid(document(f"{{version: 1, rules: {{a: {rule}}}}}"))


def test_an_editor_can_complete_every_masker_and_say_what_it_does(
    validator: Draft202012Validator,
) -> None:
    branches = validator.schema["$defs"]["RuleSpec"]["anyOf"]  # type: ignore[index]  # a mapping
    assert branches[0]["enum"] == list(registry())
    described = {
        branch["properties"]["mask"].get("const"): branch["description"]
        for branch in branches
        if "mask" in branch.get("properties", {})
    }
    assert described["email"] == registry()["email"].page.partition("\n")[0]
