"""The demo's shop, masked by its policy: what staging has of production, and what it has not."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from maskr.db.postgres.source import PostgresSource
from maskr.keys import Key
from maskr.plan import compile
from maskr.policy import load
from tests.command import maskr
from tests.databases import Contents, column, contents, dump, execute, rows

ROOT = Path(__file__).parents[1]
POLICY = ROOT / "rules" / "shop.yaml"

# Every personal datum of production by itself, wherever it stands there.
_ORIGINALS = {
    "first name": "SELECT first_name FROM customers UNION SELECT first_name FROM hr.employees",
    "last name": "SELECT last_name FROM customers UNION SELECT last_name FROM hr.employees",
    "e-mail": "SELECT email FROM customers UNION SELECT email FROM hr.employees",
    "login": "SELECT login FROM customers",
    "phone": """
        SELECT phone FROM customers UNION SELECT phone FROM hr.employees
        UNION SELECT profile #>> '{contact,phone}' FROM customers
        UNION SELECT profile #>> '{emergency,0,phone}' FROM customers""",
    "ssn": "SELECT ssn FROM customers",
    "card": "SELECT card_number FROM payments",
    "street": "SELECT street FROM addresses",
    "company": "SELECT company FROM addresses",
    "city": "SELECT city FROM addresses",
    "emergency contact": "SELECT profile #>> '{emergency,0,name}' FROM customers",
    "tracking": "SELECT tracking FROM shipments",
}


@pytest.fixture(scope="module")
def production_contents(shop: str) -> Contents:
    return contents(shop)


@pytest.fixture(scope="module")
def staging_contents(staging: str) -> Contents:
    return contents(staging)


@pytest.fixture(scope="module")
def elsewhere(shop: str, lasting_database: Callable[..., str]) -> str:
    """The shop masked with another key."""
    target = lasting_database("shop_elsewhere")
    env = {"MASKR_KEY": Key(b"another key of thirty-two bytes.").dump()}
    ended = maskr("run", POLICY, "--source", shop, "--target", target, env=env)
    assert ended.code == 0, ended.err
    return target


@pytest.fixture(scope="module")
def masked(shop: str) -> dict[str, tuple[str, ...]]:
    """The masked columns of every table that is copied."""
    with PostgresSource(shop) as source:
        plan = compile(load(POLICY), source.schema())
    return {
        str(table.name): tuple(step.column.name for step in table.steps)
        for table in plan.tables
        if table.read is not None
    }


def test_two_runs_with_one_key_give_staging_to_the_byte(
    shop: str, staging: str, make_database: Callable[..., str]
) -> None:
    target = make_database("shop_staging_again")
    assert maskr("run", POLICY, "--source", shop, "--target", target).code == 0
    assert dump(target) == dump(staging)


def test_a_run_over_a_filled_staging_gives_the_same_rows_again(
    shop: str, make_database: Callable[..., str], staging: str, staging_contents: Contents
) -> None:
    target = make_database("shop_staging_again")
    for _ in range(2):
        assert maskr("run", POLICY, "--source", shop, "--target", target).code == 0
    assert contents(target) == staging_contents


def test_another_key_changes_every_masked_value(
    shop: str, staging: str, elsewhere: str, masked: dict[str, tuple[str, ...]]
) -> None:
    """Every distinct value, but where chance may repeat a fake: a pick of a pool, a shift of days.

    There at most one value in fifty is the same: the pools hold hundreds of words, a shift of 60
    days either way has 120 outcomes. What holds no letter and no digit has nothing to mask.
    """
    same: dict[str, float] = {}
    for table, names in masked.items():
        for name in names:
            query = f'SELECT "{name}"::text FROM {table}'
            found = zip(*(column(dsn, query) for dsn in (shop, staging, elsewhere)), strict=True)
            equal = [here == there for old, here, there in set(found) if _holds_anything(old)]
            if equal:
                same[f"{table}.{name}"] = sum(equal) / len(equal)
    for undrawn in ("hr.employees.salary", "public.addresses.postcode"):  # constant and redact
        assert same.pop(undrawn) == 1
    assert len(same) > 30
    by_chance = re.compile(
        r".*\.(first_name|last_name|birth_date|notes|\w+_at|hired_on|user_agent)"
    )
    for subject, share in same.items():
        assert share < 0.02 if by_chance.fullmatch(subject) else share == 0, subject


def _holds_anything(text: object) -> bool:
    return text is not None and re.search(r"\w", str(text)) is not None


def test_every_foreign_key_is_there_and_valid(shop: str, staging: str) -> None:
    query = """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated
        FROM pg_constraint WHERE contype = 'f' ORDER BY 1, 2"""
    found = rows(staging, query)
    assert found == rows(shop, query)
    assert len(found) >= 10
    assert all(valid for *_, valid in found)


_JOINS = [
    "customers c JOIN addresses a ON a.customer_id = c.id",
    "customers c JOIN orders o ON o.customer_id = c.id",
    "addresses a JOIN orders o ON o.ship_to = a.id",
    "orders o JOIN order_items i ON i.order_id = o.id",
    "products p JOIN order_items i ON i.product_id = p.id",
    "order_items i JOIN shipments s USING (order_id, line_no)",
    "orders o JOIN payments p ON p.order_id = o.id",
    "customers c JOIN payments p ON p.customer_id = c.id",
    "customers c JOIN newsletter n ON n.subscriber = c.email",
    "customers c JOIN support_tickets t ON t.customer_email = c.email",
    "customers c JOIN login_events e ON e.customer_id = c.id",
    "hr.employees e JOIN hr.employees m ON m.id = e.manager_id",
    "hr.employees e JOIN support_tickets t ON t.agent_id = e.id",
]


@pytest.mark.parametrize("join", _JOINS)
def test_a_join_gives_as_many_rows_as_in_production(shop: str, staging: str, join: str) -> None:
    query = f"SELECT count(*) FROM {join}"
    assert column(staging, query) == column(shop, query)
    assert column(staging, query) != [0]


def test_one_persons_mailbox_has_one_fake_in_every_table_and_document(staging: str) -> None:
    assert column(
        staging, "SELECT count(*) FROM customers WHERE profile #>> '{contact,email}' <> email"
    ) == [0]
    assert column(
        staging, "SELECT count(*) FROM customers WHERE profile #>> '{contact,phone}' <> phone"
    ) == [0]


def test_every_table_has_the_rows_of_production(
    production_contents: Contents, staging_contents: Contents
) -> None:
    counts = {name: len(found) for name, found in production_contents.items()}
    counts["public.audit_log"] = 0  # rows: none
    assert {name: len(found) for name, found in staging_contents.items()} == counts


def test_the_schema_is_productions_to_the_letter(shop: str, staging: str) -> None:
    assert dump(staging, "--schema-only") == dump(shop, "--schema-only")


def test_what_the_policy_keeps_is_the_same_to_the_byte(
    shop: str, staging: str, masked: dict[str, tuple[str, ...]]
) -> None:
    with PostgresSource(shop) as source:
        tables = source.schema().tables
    for table in tables.values():
        if str(table.name) in masked:
            kept = [each.name for each in table.stored if each.name not in masked[str(table.name)]]
            # Row by row: each kept value stands beside the very ones it stood beside.
            query = f"""
                SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE "C"))
                FROM (SELECT {", ".join(f'"{name}"' for name in kept)} FROM {table.name}) AS t"""
            assert rows(staging, query) == rows(shop, query), table.name


def test_sequences_go_on_as_in_production(shop: str, staging: str) -> None:
    query = "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2"
    assert rows(staging, query) == rows(shop, query)


def test_the_materialised_view_shows_staging_and_not_production(staging: str) -> None:
    differing = """
        SELECT count(*) FROM top_customers t JOIN customers c USING (id)
        WHERE (t.display_name, t.email) IS DISTINCT FROM (c.display_name, c.email)"""
    assert column(staging, "SELECT count(*) FROM top_customers") == [100]
    assert column(staging, differing) == [0]


def test_generated_columns_are_computed_from_the_fakes(staging: str) -> None:
    assert column(
        staging, "SELECT count(*) FROM payments WHERE card_last4 <> right(card_number, 4)"
    ) == [0]


def test_triggers_are_back_and_did_not_fire(
    shop: str, cloned: Callable[..., str], make_database: Callable[..., str]
) -> None:
    source = cloned(ROOT / "fixtures" / "shop.sql", "noisy")
    execute(
        source,
        """
        CREATE FUNCTION rewrite() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN NEW.loyalty := 'gold'; RETURN NEW; END $$;
        CREATE TRIGGER rewrite BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION rewrite();
        """,
    )
    target = make_database("quiet_staging")
    states = "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
    tiers = "SELECT loyalty, count(*) FROM customers GROUP BY 1 ORDER BY 1"
    for _ in ("an empty target", "a target that has the trigger already"):
        assert maskr("run", POLICY, "--source", source, "--target", target).code == 0
        assert rows(target, tiers) == rows(source, tiers)
        assert rows(target, states) == rows(source, states)


def test_dates_of_one_customer_move_together(shop: str, staging: str) -> None:
    query = """
        SELECT o.id, p.paid_at - o.placed_at, o.shipped_at - o.placed_at
        FROM orders o LEFT JOIN payments p ON p.order_id = o.id ORDER BY 1"""
    assert rows(staging, query) == rows(shop, query)


def test_a_mask_keeps_how_often_a_value_occurs(shop: str, staging: str) -> None:
    for query in (
        "SELECT customer_email FROM support_tickets",
        "SELECT subscriber FROM newsletter",
    ):
        here, there = Counter(column(shop, query)), Counter(column(staging, query))
        assert sorted(here.values()) == sorted(there.values())
        assert here[None] == there[None]


@pytest.fixture(scope="module")
def dumped(staging: str) -> str:
    return dump(staging)


@pytest.mark.parametrize("what", _ORIGINALS)
def test_no_original_is_anywhere_in_a_dump_of_staging(shop: str, dumped: str, what: str) -> None:
    originals = {str(each) for each in column(shop, _ORIGINALS[what]) if each}
    assert len(originals) >= 8
    assert _found(originals, dumped) == set()


def test_what_would_be_found_in_production_is_looked_for(shop: str) -> None:
    """The search itself finds every original where there is one: in production."""
    text = dump(shop)
    for query in _ORIGINALS.values():
        originals = {str(each) for each in column(shop, query) if each}
        assert _found(originals, text) == {each.casefold() for each in originals}


def _found(originals: set[str], text: str) -> set[str]:
    """Those of the originals that stand anywhere in the text, as a part of a word too."""
    wanted = sorted(originals)
    hits = pl.Series([text]).str.extract_many(wanted, ascii_case_insensitive=True, overlapping=True)
    return {hit.casefold() for hit in hits.explode(empty_as_null=False)}
