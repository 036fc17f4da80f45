"""``maskr check --source`` tries functions of the user's own; it looks at no row."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command import ROOT, maskr

SMALL = ROOT / "fixtures" / "small.sql"
_FUNCTIONS = """
import random, sys

SEED = random.random()

def steady(value):
    print("said on standard output")
    return value[::-1]

def drawn(value, draw):
    return f"{draw:x}"

def by_hash(value):
    return str(hash(value))

def by_import(value):
    return value + str(SEED)

def by_chance(value):
    return str(random.random())

def picky(value):
    raise ValueError(value)
"""


@pytest.fixture
def found(
    cloned: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[tuple[str, str]]]:
    (tmp_path / "tried_masks.py").write_text(_FUNCTIONS)
    monkeypatch.syspath_prepend(tmp_path)
    source = cloned(SMALL, "production")

    def check(rule: str, *where: object) -> list[tuple[str, str]]:
        policy = tmp_path / "policy.yaml"
        policy.write_text(
            "version: 1\ndefaults: {unlisted: keep}\n"
            f"tables: {{people: {{columns: {{name: {rule}}}}}}}\n"
        )
        given = where or ("--source", source)
        told = json.loads(maskr("check", policy, *given, "--format", "json").out)
        assert "Zorvika" not in str(told)
        return [
            (each["code"], each["severity"])
            for each in told["findings"]
            if each["code"] == "unrepeatable-mask"
        ]

    return check


def function(name: str) -> str:
    return f"{{mask: python, function: 'tried_masks:{name}'}}"


@pytest.mark.parametrize("name", ["by_hash", "by_import", "by_chance"])
def test_a_function_that_gives_other_values_in_another_process_is_found(
    name: str, found: Callable[..., list[tuple[str, str]]]
) -> None:
    assert found(function(name)) == [("unrepeatable-mask", "error")]


@pytest.mark.parametrize("name", ["steady", "drawn", "picky", "missing"])
def test_a_function_that_gives_the_same_or_cannot_be_tried_is_none(
    name: str, found: Callable[..., list[tuple[str, str]]]
) -> None:
    assert found(function(name)) == []


def test_a_function_within_another_rule_is_tried_too(
    found: Callable[..., list[tuple[str, str]]],
) -> None:
    assert found(f"{{mask: chain, masks: [{function('by_hash')}]}}") != []


def test_without_a_live_database_no_function_is_called(
    found: Callable[..., list[tuple[str, str]]],
) -> None:
    assert found(function("by_hash"), "--schema", SMALL) == []
