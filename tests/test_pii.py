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


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["a@b.example", " x.y@z.example ", "no", None, "", "m@n.example"], "email"),
        (["a@b.example", "no", "no", "no"], None),
        (["a@b.example", "c@d.example"], None),
        (["4111 1111 1111 1111", "5500005555555559", "4012888888881881"], "card-number"),
        (["4111111111111112", "5500005555555550", "4012888888881880"], None),
        (["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "BE68539007547034"], "iban"),
        (["DE88 3704 0044 0532 0130 00", "GB83WEST12345698765432", "BE67539007547034"], None),
        (["192.0.2.1", "2001:db8::1", "192.0.2.7", "198.51.100.2", "192.0.2.9"], "ip"),
        (["hello", "world", "again"], None),
    ],
)
def test_values_are_taken_for_what_most_of_them_are(
    values: list[str | None], wanted: str | None
) -> None:
    found = catalogue().by_values(values, Kind.TEXT)
    assert (found and found.name) == wanted
