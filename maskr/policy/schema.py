"""The JSON Schema of a policy file, for editors: the grammar's, and each masker's parameters."""

from collections.abc import Mapping
from typing import Any

from maskr.policy import names
from maskr.policy.grammar import Document

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(maskers: Mapping[str, Mapping[str, object]]) -> dict[str, Any]:
    """The schema of one policy file.

    Args:
        maskers: by name, the JSON Schema of its parameters: an object's ``properties`` and
            ``required`` (``description`` is shown too). A parameter that is itself a rule is
            ``{"$ref": "#/$defs/RuleSpec"}``.
    """
    schema = Document.model_json_schema()
    keys = schema["properties"]
    keys["tables"]["propertyNames"]["pattern"] = names.TABLE_PATTERN
    keys["columns"]["propertyNames"]["pattern"] = names.SHARED_PATTERN
    keys["references"]["items"]["pattern"] = names.REFERENCE_PATTERN
    common = schema["$defs"].pop("RuleKeys")["properties"]
    schema["$defs"]["RuleSpec"] = {
        "description": "A masker, a named rule, null, or a mapping with 'mask'.",
        "anyOf": [
            {"description": "A masker.", "enum": sorted(maskers)},
            {"description": "A named rule.", "type": "string", "minLength": 1},
            {"description": "The masker null.", "type": "null"},
            *(_masker(name, maskers[name], common) for name in sorted(maskers)),
            _named(sorted(maskers), common),
        ],
    }
    return {"$schema": _DIALECT, "title": "maskr policy", **_untitled(schema)}


def _masker(
    name: str, parameters: Mapping[str, Any], common: Mapping[str, Any]
) -> dict[str, object]:
    own = parameters.get("properties", {})
    # null without quotes is a word here, as it is everywhere else in a policy.
    mask: dict[str, object] = {"enum": ["null", None]} if name == "null" else {"const": name}
    schema = {
        "type": "object",
        "properties": {**common, **own, "mask": mask},
        "required": ["mask", *parameters.get("required", ())],
        "additionalProperties": False,
    }
    if "description" in parameters:
        schema["description"] = parameters["description"]
    return schema


def _named(maskers: list[str], common: Mapping[str, Any]) -> dict[str, object]:
    """A named rule taken over and changed: its parameters are not known to the schema."""
    mask = {"type": "string", "not": {"enum": maskers}}
    return {
        "description": "A named rule, changed.",
        "type": "object",
        "properties": {**common, "mask": mask},
        "required": ["mask"],
    }


def _untitled(schema: Any) -> Any:
    """Without pydantic's titles, which only repeat the names."""
    if isinstance(schema, list):
        return [_untitled(item) for item in schema]
    if isinstance(schema, dict):
        return {
            key: _untitled(value)
            for key, value in schema.items()
            if not (key == "title" and isinstance(value, str))
        }
    return schema
