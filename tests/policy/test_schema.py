"""The JSON Schema of a policy: what an editor completes and refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from maskr.checks.judging import lint
from maskr.errors import PolicyError
from maskr.maskers import registry
from maskr.policy import json_schema, load
from maskr.policy.grammar import Document, RuleKeys, TableKeys
from maskr.policy.tree import parse
from tests.command import maskr

MASKERS: dict[str, dict[str, object]] = {
    "email": {
        "description": "A fake address.",
        "properties": {"domain": {"type": "string"}},
        "required": ["domain"],
    },
    "keep": {},
    "null": {},
}


@pytest.fixture
def schema() -> dict[str, Any]:
    return json_schema(MASKERS)


def _refs(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*map(_refs, value.values()))
    return set().union(*map(_refs, value)) if isinstance(value, list) else set()


def test_every_key_of_a_policy_is_there_and_no_other_is_allowed(schema: dict[str, Any]) -> None:
    assert set(schema["properties"]) == set(Document.model_fields)
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["version"]


def test_every_key_is_described() -> None:
    for model in (Document, RuleKeys, TableKeys):
        for name, key in model.model_fields.items():
            assert key.description, name


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    refs = _refs(schema)
    assert "#/$defs/RuleSpec" in refs
    assert refs <= {f"#/$defs/{name}" for name in schema["$defs"]}


def test_a_rule_is_a_maskers_name_or_a_mapping_with_its_parameters(schema: dict[str, Any]) -> None:
    branches = schema["$defs"]["RuleSpec"]["anyOf"]
    assert branches[0]["enum"] == ["email", "keep", "null"]
    email = next(b for b in branches if b.get("properties", {}).get("mask") == {"const": "email"})
    assert email["required"] == ["mask", "domain"]
    assert email["additionalProperties"] is False
    assert set(email["properties"]) == {"domain", *RuleKeys.model_fields}
    assert email["description"] == "A fake address."


def test_rules_by_name_and_by_table_share_the_one_definition(schema: dict[str, Any]) -> None:
    rule = {"$ref": "#/$defs/RuleSpec"}
    assert schema["properties"]["rules"]["additionalProperties"] == rule
    assert schema["properties"]["columns"]["additionalProperties"] == rule
    table = schema["$defs"]["TableKeys"]["properties"]["columns"]
    assert table["additionalProperties"] == rule


# What is said of a file's shape and of its maskers' parameters; a schema knows no more than that.
STRUCTURE = {
    *("unknown-key", "missing-key", "bad-value", "not-a-mapping", "ambiguous-value"),
    *("bad-version", "bad-rows", "bad-pattern", "bad-reference", "bad-parameter", "empty-value"),
}
FIXTURES = Path(__file__).parents[2] / "fixtures" / "policies"
POLICIES = [
    path for room in ("good", "bad", "against-schema") for path in (FIXTURES / room).glob("*.yaml")
]


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    """The schema as ``maskr schema`` prints it."""
    said: dict[str, Any] = json.loads(maskr("schema").out)
    return said


def _misshaped(path: Path) -> bool:
    """Whether ``maskr check`` finds fault with the shape of this very file."""
    try:
        found = lint(load(path)).findings
    except PolicyError as error:
        found = error.findings
    return any(
        each.code in STRUCTURE and each.place and each.place.file == str(path) for each in found
    )


def test_the_schema_is_a_schema(shipped: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(shipped)


@pytest.mark.parametrize(
    "path", sorted(POLICIES), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_an_editor_refuses_what_the_checks_refuse(path: Path, shipped: dict[str, Any]) -> None:
    tree, found = parse(path.read_bytes().decode("utf-8-sig", "replace"), str(path))
    if tree is not None and not found:
        assert Draft202012Validator(shipped).is_valid(tree.data) is not _misshaped(path)


def test_maskers_and_their_parameters_are_completed(shipped: dict[str, Any]) -> None:
    branches = shipped["$defs"]["RuleSpec"]["anyOf"]
    assert branches[0]["enum"] == list(registry())
    by_mask = {b["properties"]["mask"].get("const"): b for b in branches if "properties" in b}
    for name, masker in registry().items():
        if name != "null":
            assert masker.parameters.keys() <= by_mask[name]["properties"].keys()
