"""What a column of personal data looks like: names, kinds, tables."""

from pathlib import Path

import pytest

from maskr.errors import Place
from maskr.maskers import registry
from maskr.model import Kind
from maskr.pii import catalogue, snake
from maskr.policy import load_text, resolve

ROOT = Path(__file__).parents[1]
LINES = [
    line.split()
    for line in (ROOT / "fixtures" / "pii.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
NAMES = [(wanted, name) for wanted, *names in LINES for name in names]


@pytest.mark.parametrize(("wanted", "name"), NAMES)
def test_a_name_is_taken_for_what_it_is(wanted: str, name: str) -> None:
    column, _, kind = name.partition(":")
    table, _, column = column.rpartition(".")
    entry = catalogue().by_name(table or "things_else", column, Kind(kind or "text"))
    found = "None" if entry is None else entry.name + ("" if entry.check else "?")
    assert found == wanted


@pytest.mark.parametrize("entry", catalogue().entries, ids=lambda entry: entry.name)
def test_an_entry_proposes_a_rule_for_every_kind_that_it_knows(entry: object) -> None:
    known = next(each for each in catalogue().entries if each is entry)
    rule = resolve(load_text("version: 1"), known.mask, Place("pii.yaml", 1, 1))
    masker = registry()[rule.mask]
    assert masker.parse(rule.params)[1] == ()
    assert known.kinds <= masker.kinds
    assert known.why


def test_faker_is_proposed_for_nothing_that_has_a_masker_of_its_own() -> None:
    rules = [entry.mask for entry in catalogue().entries]
    proposed = {
        rule["provider"] for rule in rules if isinstance(rule, dict) and rule["mask"] == "faker"
    }
    # A point that is moved by some metres still tells the town: these two are elsewhere.
    assert proposed == {"swift", "building_number", "latitude", "longitude"}


def test_the_proposal_for_a_unique_column_is_unique() -> None:
    rule = resolve(load_text("version: 1"), catalogue().unique, Place("pii.yaml", 1, 1))
    masker = registry()[rule.mask]
    assert masker.traits(**masker.parse(rule.params)[0]).unique


def test_each_entry_has_a_name_of_its_own() -> None:
    names = [entry.name for entry in catalogue().entries]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("name", "spelt"),
    [("eMail", "e_mail"), ("HTTPServer", "http_server"), ("Prénom", "prenom"), ("42", "42")],
)
def test_a_name_is_spelt_in_snake_case(name: str, spelt: str) -> None:
    assert snake(name) == spelt
