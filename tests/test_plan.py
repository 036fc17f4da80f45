"""The plan: every question answered before row one, as plain data."""

import pickle
from pathlib import Path

import pytest

from maskr.db import Read
from maskr.errors import PolicyError, Severity
from maskr.model import TableName
from maskr.plan import Plan, TablePlan, compile
from maskr.policy import load, load_text
from maskr.sql import read_ddl
from tests.command import ROOT

SHOP, _ = read_ddl((ROOT / "fixtures" / "shop.sql").read_text("utf-8"))
SMALL, _ = read_ddl((ROOT / "fixtures" / "small.sql").read_text("utf-8"))
KEEP = "version: 1\ndefaults: {unlisted: keep}\n"


def of(plan: Plan, table: str, schema: str = "public") -> TablePlan:
    return next(each for each in plan.tables if each.name == TableName(schema, table))


def read(policy: str, table: str = "people") -> Read:
    made = of(compile(load_text(KEEP + policy), SMALL), table).read
    assert made is not None
    return made


@pytest.fixture(scope="module")
def shop() -> Plan:
    return compile(load(ROOT / "rules" / "shop.yaml"), SHOP)


def test_the_shipped_policy_fits_the_demos_schema(shop: Plan) -> None:
    assert all(each.severity is not Severity.ERROR for each in shop.findings)
    assert shop.columns > shop.masked > 30


def test_partitions_are_planned_and_their_root_is_not(shop: Plan) -> None:
    names = [each.name.table for each in shop.tables if each.name.table.startswith("login_events")]
    assert len(names) == 5
    assert "login_events" not in names
    steps = [[step.column.name for step in of(shop, name).steps] for name in names]
    assert steps == [["ip", "user_agent"]] * 5


def test_a_table_without_rows_is_planned_and_not_read(shop: Plan) -> None:
    assert of(shop, "audit_log").read is None


def test_a_generated_column_is_neither_read_nor_masked(shop: Plan) -> None:
    made = of(shop, "customers").read
    assert made is not None
    assert "display_name" not in made.columns


def test_a_template_comes_after_the_columns_it_is_made_of(shop: Plan) -> None:
    order = [step.column.name for step in of(shop, "customers").steps]
    assert order.index("login") > max(order.index("first_name"), order.index("last_name"))


def test_a_plan_is_plain_data(shop: Plan) -> None:
    assert pickle.loads(pickle.dumps(shop)) == shop


def test_the_same_policy_gives_the_same_plan(shop: Plan) -> None:
    assert compile(load(ROOT / "rules" / "shop.yaml"), SHOP) == shop


def test_only_the_tables_asked_for_are_planned() -> None:
    plan = compile(load(ROOT / "rules" / "shop.yaml"), SHOP, "hr.*")
    assert [str(table.name) for table in plan.tables] == ["hr.employees"]
    assert plan.schema is SHOP


@pytest.mark.parametrize(
    ("rows", "limit", "percent"), [("12", 12, None), ("0.5%", None, 0.5), ("all", None, None)]
)
def test_how_many_rows_are_read(rows: str, limit: int | None, percent: float | None) -> None:
    made = read(f"tables: {{people: {{rows: {rows}}}}}")
    assert (made.limit, made.percent, made.order) == (limit, percent, ("id",))


def test_a_predicate_reaches_the_source_as_it_was_vetted() -> None:
    made = read("tables: {people: {where: age > 3, columns: {name: {mask: name, when: AGE < 9}}}}")
    assert made.where == '"age" > 3'
    assert made.flags == ('"age" < 9',)


def test_a_condition_that_two_columns_share_is_asked_once() -> None:
    rule = "{mask: redact, when: age > 3}"
    plan = compile(
        load_text(f"{KEEP}tables: {{people: {{columns: {{name: {rule}, nick: {rule}}}}}}}"), SMALL
    )
    people = of(plan, "people")
    assert people.read is not None
    assert len(people.read.flags) == 1
    assert [step.flag for step in people.steps] == [0, 0]


def test_a_partition_follows_the_rows_of_the_table_above() -> None:
    made = read("tables: {events: {where: person_id > 0, rows: 7}}", "events_2025")
    assert (made.where, made.limit) == ('"person_id" > 0', 7)


def test_all_errors_of_all_checks_are_raised_at_once() -> None:
    text = """
        version: 1
        tables:
          people: {columns: {id: null, email: name, nick: email, nobody: keep, name: phnoe}}
    """
    with pytest.raises(PolicyError) as caught:
        compile(load_text(text), SMALL)
    codes = {finding.code for finding in caught.value.findings}
    assert codes >= {
        "undecided-column",
        "unknown-column",
        "unknown-masker",
        "not-null",
        "lost-uniqueness",
        "too-short",
    }
    assert all(finding.severity is Severity.ERROR for finding in caught.value.findings)
    assert caught.value.files


def test_a_nested_rule_is_a_step_of_its_own() -> None:
    plan = compile(load(ROOT / "fixtures" / "policies" / "small.yaml"), SMALL)
    [profile] = [step for step in of(plan, "people").steps if step.column.name == "profile"]
    assert profile.nested["paths.$..phone"].masker == "phone"


def test_the_small_policy_is_complete_and_nothing_is_said_of_it() -> None:
    policy: Path = ROOT / "fixtures" / "policies" / "small.yaml"
    assert compile(load(policy), SMALL).findings == ()
