"""The policy: YAML text → a `Policy` that knows the place of all it says. Knows no database."""

from maskr.policy.effective import Decision, Effective, Rows, Step
from maskr.policy.fmt import format_text
from maskr.policy.loader import Reader, load, load_text, read_file
from maskr.policy.model import Policy
from maskr.policy.rules import lineage, places_below, resolve
from maskr.policy.schema import json_schema

__all__ = [
    "Decision",
    "Effective",
    "Policy",
    "Reader",
    "Rows",
    "Step",
    "format_text",
    "json_schema",
    "lineage",
    "load",
    "load_text",
    "places_below",
    "read_file",
    "resolve",
]
