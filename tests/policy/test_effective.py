"""Which rule a column gets: precedence, and the way that is told."""

import pytest

from maskr.model import TableName
from maskr.policy import Effective, load_text

T = TableName("public", "customers")


def _decided(body: str, column: str = "email", table: TableName = T) -> str | None:
    decision = Effective(load_text(f"version: 1\n{body}")).decide(table, column)
    return decision.rule.mask if decision else None


LADDER = """
tables:
  customers: {columns: {email: one, "e*": two}}
  "cust*": {columns: {email: three, "e*": four}}
  "*.*": {columns: {email: five, "*": six}}
columns: {customers.email: seven, "*.email": eight, "*.e*": nine}
"""


@pytest.mark.parametrize(
    ("gone", "rule"),
    [
        ((), "one"),
        (("email: one, ",), "two"),
        (("email: one, ", '"e*": two'), "three"),
        (("email: one, ", '"e*": two', "email: three, "), "four"),
        (("email: one, ", '"e*": two', "email: three, ", '"e*": four'), "five"),
    ],
)
def test_the_table_itself_goes_before_globs_and_names_before_globs(
    gone: tuple[str, ...], rule: str
) -> None:
    body = LADDER
    for text in gone:
        body = body.replace(text, "")
    assert _decided(body) == rule


@pytest.mark.parametrize(
    ("columns", "rule"),
    [
        ("customers.email: a, '*.email': b", "a"),
        ("'*.email': b, 'public.customers.email': a, customers.email: c", "a"),
        ("'*.*': b, '*.e*': a", "a"),
        ("'*.e*l': b, '*.em*': a", "a"),  # as many characters: the later
        ("'*.*.email': a, '*.email': b", "b"),
        ("'other.*.email': b, 'public.*.?mail': a", "a"),
        ("'orders.email': b", None),
    ],
)
def test_patterns_by_column_go_by_name_then_length_then_order(
    columns: str, rule: str | None
) -> None:
    assert _decided(f"columns: {{{columns}}}") == rule


def test_any_table_entry_goes_before_the_patterns_by_column() -> None:
    assert _decided("columns: {customers.email: a}\ntables: {'*.*': {columns: {'*': b}}}") == "b"


def test_of_equal_globs_the_later_wins() -> None:
    a, b = "'cust*': {columns: {'*': a}}", "'*mers': {columns: {'*': b}}"
    assert _decided(f"tables: {{{a}, {b}}}") == "b"
    assert _decided(f"tables: {{{b}, {a}}}") == "a"


def test_a_glob_never_reaches_over_a_dot() -> None:
    assert _decided("columns: {'c*.email': a}", table=TableName("c", "orders")) is None
    assert _decided("tables: {'*': keep}", table=TableName("sales", "orders")) is None
    assert _decided("tables: {'*': keep}") == "keep"


def test_quotes_take_the_meaning_from_dots_and_stars() -> None:
    odd = TableName("Sales", "Q1.2024")
    body = """tables: {'"Sales"."Q1.2024"': {columns: {'"e*"': a, full.name: b}}}"""
    assert _decided(body, "e*", odd) == "a"
    assert _decided(body, "email", odd) is None
    assert _decided(body, "full.name", odd) == "b"


def test_names_are_not_folded() -> None:
    assert _decided("tables: {customers: keep}", table=TableName("public", "Customers")) is None


@pytest.mark.parametrize(
    ("body", "exact"),
    [
        ("tables: {customers: {columns: {email: keep}}}", True),
        ("tables: {'cust*': {columns: {email: keep}}}", True),
        ("tables: {customers: {columns: {'e*': keep}}}", False),
        ("columns: {customers.email: keep}", False),
    ],
)
def test_a_decision_knows_whether_a_table_calls_the_column_by_name(body: str, exact: bool) -> None:
    decision = Effective(load_text(f"version: 1\n{body}")).decide(T, "email")
    assert decision is not None
    assert decision.exact is exact


def test_nothing_said_is_no_decision() -> None:
    assert _decided("") is None


def test_the_way_is_told_from_the_table_to_the_last_named_rule() -> None:
    policy = load_text(
        "version: 1\n"
        "rules: {base: email, mail: {mask: base, domain: x}}\n"
        "tables:\n"
        "  'cust*':\n"
        "    columns: {'e*': mail}\n"
    )
    decision = Effective(policy).decide(T, "email")
    assert decision is not None
    assert [str(step) for step in decision.via] == [
        "tables 'public.cust*' (policy.yaml:4:3)",
        "column glob 'e*' (policy.yaml:5:15)",
        "named rule 'mail' (policy.yaml:2:22)",
        "named rule 'base' (policy.yaml:2:9)",
    ]


def test_rows_and_where_come_each_from_the_most_specific_entry_that_states_it() -> None:
    effective = Effective(
        load_text(
            "version: 1\n"
            "tables:\n"
            "  customers: {where: active}\n"
            "  'cust*': {rows: 5%, where: false and true, reason: enough}\n"
            "  '*.*': {rows: none}\n"
        )
    )
    rows = effective.rows(T)
    assert (rows.rows, rows.where, rows.reason) == ("5%", "active", "enough")
    assert {word: place.line for word, place in rows.places.items()} == {
        "where": 3,
        "rows": 4,
        "reason": 4,
    }
    assert effective.rows(TableName("a", "b")).rows == "none"
    assert [entry.pattern for entry in effective.entries(T)] == [
        "public.customers",
        "public.cust*",
        "*.*",
    ]


def test_a_table_that_nothing_is_said_of_is_copied_whole() -> None:
    rows = Effective(load_text("version: 1")).rows(T)
    assert (rows.rows, rows.where, rows.places) == ("all", None, {})
