"""The JSON Schema of a policy: what an editor completes and refuses."""

from typing import Any

import pytest

from maskr.policy import json_schema
from maskr.policy.grammar import Document, RuleKeys, TableKeys

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
