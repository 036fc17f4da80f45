"""Which rule holds for a column: its own, one that a key hands down, or the default."""

import pytest

from maskr.draft import Draft, draft
from maskr.model import TableName
from maskr.policy import load, load_text
from maskr.sql import read_ddl
from tests.command import ROOT

SMALL, _ = read_ddl((ROOT / "fixtures" / "small.sql").read_text("utf-8"))
SHOP, _ = read_ddl((ROOT / "fixtures" / "shop.sql").read_text("utf-8"))

KEYS = """
    CREATE TABLE a (id int PRIMARY KEY, x text UNIQUE, y text, UNIQUE (id, y));
    CREATE TABLE b (id int PRIMARY KEY, x text UNIQUE REFERENCES a (x), above int REFERENCES b);
    CREATE TABLE c (x text REFERENCES b (x), a_id int, a_y text,
                    FOREIGN KEY (a_id, a_y) REFERENCES a (id, y));
    CREATE TABLE d (x text UNIQUE);
    CREATE TABLE e (x text UNIQUE REFERENCES d (x));
    ALTER TABLE d ADD FOREIGN KEY (x) REFERENCES e (x);
"""


def laid(policy: str, ddl: str = KEYS) -> Draft:
    schema, unread = read_ddl(ddl)
    assert unread == ()
    return draft(load_text(f"version: 1\n{policy}"), schema)


def mask(draft: Draft, name: str) -> str | None:
    """The masker of ``table.column``; None where nobody decided."""
    table, _, column = name.rpartition(".")
    schema, _, table = table.rpartition(".")
    choice = draft.choice((TableName(schema or "public", table), column))
    assert choice is not None
    return choice.rule.mask if choice.rule else None


def test_a_foreign_key_takes_the_rule_of_what_it_references_over_any_distance() -> None:
    found = laid("tables: {a: {columns: {x: email}}}")
    assert [mask(found, f"{table}.x") for table in "abc"] == ["email"] * 3


def test_each_column_of_a_composite_key_takes_the_rule_of_its_own_counterpart() -> None:
    found = laid("tables: {a: {columns: {id: keep, y: hash}}}")
    assert (mask(found, "c.a_id"), mask(found, "c.a_y")) == ("keep", "hash")


def test_a_table_that_references_itself_takes_its_own_rule() -> None:
    found = laid("tables: {b: {columns: {id: constant}}}")
    assert mask(found, "b.above") == "constant"


def test_keys_in_a_circle_end_and_take_the_one_rule_there_is() -> None:
    found = laid("tables: {d: {columns: {x: hash}}}")
    assert (mask(found, "d.x"), mask(found, "e.x")) == ("hash", "hash")
    assert mask(laid("tables: {}"), "d.x") is None


def test_a_columns_own_rule_wins_over_the_one_handed_down() -> None:
    found = laid("tables: {a: {columns: {x: email}}, b: {columns: {x: keep}}}")
    assert mask(found, "b.x") == "keep"


def test_a_globs_keep_gives_way_to_a_key_and_a_globs_mask_does_not() -> None:
    """A join can never expose what the policy hides, and a glob's keep never meant this column."""
    kept = laid('columns: {"*.x": keep}\ntables: {a: {columns: {x: email}}}')
    assert mask(kept, "c.x") == "email"
    masked = laid('columns: {"*.x": hash}\ntables: {a: {columns: {x: keep}}}')
    assert mask(masked, "c.x") == "hash"


def test_a_declared_reference_hands_down_like_a_foreign_key() -> None:
    found = draft(load(ROOT / "fixtures" / "policies" / "small.yaml"), SMALL)
    choice = found.choice((TableName("public", "notes"), "mailbox"))
    assert choice is not None
    assert choice.rule is not None
    assert choice.rule.mask == "email"
    assert choice.link is not None
    assert choice.link.place is not None
    assert choice.via[0].place == choice.link.place


@pytest.mark.parametrize("default", ["keep", "null"])
def test_what_nobody_decided_about_takes_the_default(default: str) -> None:
    assert mask(laid(f"defaults: {{unlisted: {default}}}"), "a.y") == default


def test_without_a_default_it_is_left_undecided() -> None:
    assert mask(laid("tables: {}"), "a.y") is None


def test_a_partition_has_the_choices_of_its_root_and_none_of_its_own() -> None:
    found = draft(load(ROOT / "rules" / "shop.yaml"), SHOP)
    root, partition = (TableName("public", f"login_events{end}") for end in ("", "_rest"))
    assert partition not in found.choices
    assert found.choice((partition, "ip")) is found.choice((root, "ip"))


def test_a_table_whose_rows_are_left_out_asks_for_no_decision() -> None:
    found = draft(load(ROOT / "rules" / "shop.yaml"), SHOP)
    assert TableName("public", "audit_log") not in found.choices


def test_a_generated_column_asks_for_no_decision() -> None:
    found = draft(load(ROOT / "fixtures" / "policies" / "small.yaml"), SMALL)
    assert "greeting" not in found.choices[TableName("public", "people")]


def test_every_choice_tells_the_way_it_came() -> None:
    for choice in draft(load(ROOT / "rules" / "shop.yaml"), SHOP).all():
        assert choice.rule is not None, choice.subject
        assert choice.via
        assert choice.subject.startswith(str(choice.table))
