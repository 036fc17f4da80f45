"""``maskr explain``: the rule of a column, the way to it, what it promises."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command import maskr

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "rules" / "shop.yaml"
SQL = ROOT / "fixtures" / "shop.sql"


def explained(subject: str, *arguments: object) -> list[str]:
    done = maskr("explain", SHOP, subject, *(arguments or ("--schema", SQL)))
    assert done.code == 0, done.err
    return [line.strip() for line in done.out.splitlines()]


def line_of(text: str) -> int:
    lines = SHOP.read_text().splitlines()
    return next(at for at, line in enumerate(lines, start=1) if text in line)


def test_the_whole_way_to_a_rule_is_told_over_joins_globs_and_names() -> None:
    said = explained("support_tickets.customer_email")
    join = line_of("support_tickets.customer_email ->")
    assert said[:-1] == [
        "public.support_tickets.customer_email  character varying(254)",
        "email (domain: example.test, unique: True)",
        f"← public.support_tickets.customer_email -> public.customers.email ({SHOP}:{join}:5)",
        f"← columns '*.email' ({SHOP}:{line_of('*.email')}:3)",
        f"← named rule 'person_email' ({SHOP}:{line_of('person_email: {')}:3)",
    ]
    assert said[-1].startswith("unique, repeatable, not reversible, at most ")


def test_a_live_database_and_its_ddl_are_explained_alike(cloned: Callable[[Path], str]) -> None:
    for subject in ("customers", "login_events.ip", "audit_log"):
        assert explained(subject, "--source", cloned(SQL)) == explained(subject)


def test_the_rules_inside_a_document_are_explained_one_by_one() -> None:
    said = explained("customers.profile")
    at = said.index("$.contact.email")
    assert said[at + 1] == "email (domain: example.test, unique: True)"
    assert said[at + 3].startswith("← named rule 'person_email'")


def test_a_foreign_key_is_a_step_of_the_way() -> None:
    assert any("← foreign key orders_customer_id_fkey" in line for line in explained("orders"))


@pytest.mark.parametrize(
    ("subject", "line"),
    [
        ("audit_log.actor", "its rows are not copied"),
        ("login_events_rest", "public.login_events_rest is a partition of public.login_events"),
        ("customers.display_name", "generated: PostgreSQL computes it from the masked columns"),
        ("customers.country", "reason: two letters; tax tests need the real mix"),
        ("hr.employees.salary", "constant (value: 50000)"),
        ('"public"."customers"."email"', "public.customers.email  character varying(254)"),
    ],
)
def test_whatever_becomes_of_a_column_is_said(subject: str, line: str) -> None:
    assert any(said.startswith(line) for said in explained(subject)), explained(subject)


def test_without_a_schema_the_policy_alone_is_explained() -> None:
    said = maskr("explain", SHOP, "anything.email").out.splitlines()
    assert said[0] == "public.anything.email"
    assert said[-1] == "foreign keys are not followed: add --source or --schema"
    unknown = maskr("explain", SHOP, "customers.nickname").out.splitlines()
    assert unknown[1] == "  no rule: a run is refused"
    table = maskr("explain", SHOP, "payments").out
    assert "public.payments.card_number" in table


def test_a_rule_out_of_an_included_file_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "shared.yaml").write_text('version: 1\ncolumns: {"*.email": email}\n')
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\ninclude: shared.yaml\n")
    assert "shared.yaml:2:11, included)" in maskr("explain", policy, "a.email").out


@pytest.mark.parametrize("subject", ["customers.nothing", "nothing", "a.b.c.d", "a..b", ""])
def test_what_is_not_there_is_a_mistake_of_usage(subject: str) -> None:
    done = maskr("explain", SHOP, subject, "--schema", SQL)
    assert done.code == 2
    assert "write schema.table.column" in done.err


def test_a_rule_that_cannot_be_carried_out_is_said_to_be_none(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\ntables:\n  a: {columns: {b: phnoe, c: {mask: hash, size: 1}}}\n")
    assert maskr("explain", policy, "a").out.count("it cannot be carried out") == 2


def test_what_takes_a_promise_away_is_told(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "version: 1\ntables:\n  a: {columns: {b: {mask: email, normalise: [trim, lower]}, "
        "c: {mask: fpe, when: d > 1, on_invalid: keep}}}\n"
    )
    said = [line.strip() for line in maskr("explain", policy, "a").out.splitlines()]
    assert "email (normalise: trim, lower)" in said
    assert any(
        line.startswith("not unique, repeatable") for line in said[: said.index("public.a.c")]
    )
    assert "fpe (when: d > 1, on_invalid: keep)" in said
    assert any(
        line.endswith("other rows keep their value, what it cannot read is kept") for line in said
    )


def test_the_default_stands_where_the_policy_says_it(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\nlocale: de_DE\ndefaults: {unlisted: keep}\n")
    said = maskr("explain", policy, "a.b").out
    assert f"← defaults.unlisted: keep ({policy}:3:22)" in said


def test_why_a_table_is_not_copied_is_said(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\ntables:\n  a: {rows: none, reason: nobody reads it}\n")
    said = maskr("explain", policy, "a").out.splitlines()
    assert said[:2] == [
        f"public.a: rows: none ({policy}:3:13)",
        f"public.a: reason: nobody reads it ({policy}:3:27)",
    ]
