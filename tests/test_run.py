"""The pipeline: threads that end, memory that is bounded, rows that arrive as they were."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maskr.db.postgres import source as source_module
from maskr.db.postgres.rebuild import RebuildSink
from maskr.db.postgres.sink import PostgresSink
from maskr.db.postgres.source import PostgresSource
from maskr.errors import TryAgainError
from maskr.model import TableName
from maskr.plan import compile
from maskr.policy import load
from maskr.run import Result, TableResult, run
from maskr.run.ahead import ahead
from maskr.shipped import shipped
from tests.command import KEY
from tests.databases import column, contents, execute, rows

KEEP = "version: 1\ndefaults: {unlisted: keep}\n"
# Masks that are planned and carried out, and change nothing: what they touch was unescaped, parsed
# and escaped again.
UNTOUCHING = (
    KEEP
    + 'columns: {"*.x": {mask: redact, when: "false"}, "*.y": {mask: json, paths: {$.no: null}}}\n'
)


def threads() -> set[threading.Thread]:
    return set(threading.enumerate())


@given(st.lists(st.integers(), max_size=20))
def test_every_item_comes_through_in_order(items: list[int]) -> None:
    with ahead(iter(items)) as taken:
        assert list(taken) == items


def test_an_items_error_is_raised_where_the_items_are_taken() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise TryAgainError("source", "the connection was lost")

    with ahead(failing()) as taken:
        assert next(taken) == 1
        with pytest.raises(TryAgainError, match="the connection was lost"):
            next(taken)


def test_no_more_items_are_made_than_a_few_ahead() -> None:
    """Whatever the length of a table, only so many chunks of it are in memory."""
    made: list[int] = []

    def counting() -> Iterator[int]:
        for number in range(10_000):
            made.append(number)
            yield number

    with ahead(counting()) as taken:
        for wanted in range(5):
            assert next(taken) == wanted
        time.sleep(0.3)  # time enough to make all of them
        assert len(made) <= 5 + 4


def endless(closed: list[str]) -> Iterator[int]:
    try:
        number = 0
        while True:
            yield number
            number += 1
    finally:
        closed.append(threading.current_thread().name)


@pytest.mark.parametrize("error", [None, ValueError(), KeyboardInterrupt()])
def test_leaving_the_block_ends_the_thread_and_closes_the_items_in_it(
    error: BaseException | None,
) -> None:
    """However it is left; a COPY is cancelled by the thread that began it."""
    before, closed = threads(), list[str]()

    def leave_early() -> None:
        with ahead(endless(closed)) as taken:
            next(taken)
            if error is not None:
                raise error

    if error is None:
        leave_early()
    else:
        with pytest.raises(type(error)):
            leave_early()
    assert threads() == before
    assert len(closed) == 1
    assert closed[0] != threading.current_thread().name


def test_the_thread_ends_also_where_nothing_was_taken() -> None:
    before, closed = threads(), list[str]()
    with ahead(endless(closed)):
        pass
    assert threads() == before


def test_stages_behind_each_other_end_together() -> None:
    before = threads()
    with (
        pytest.raises(ZeroDivisionError),
        ahead(endless([])) as first,
        ahead(1 // (3 - n) for n in first) as second,
    ):
        list(second)
    assert threads() == before


class Recorder:
    """A watcher that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def started(self, table: TableName) -> None:
        self.told.append(("started", table.table))

    def advanced(self, table: TableName, rows: int, size: int) -> None:
        self.told.append(("advanced", table.table, rows, size))

    def ended(self, result: TableResult) -> None:
        self.told.append(("ended", result.name.table))

    def phase(self, name: str) -> None:
        self.told.append(name)


@pytest.fixture
def carry(make_database: Callable[..., str], tmp_path: Path) -> Callable[..., Result]:
    """``carry(text, source, target)``: a whole run of the policy with that text."""

    def carry_out(
        text: str, source: str, target: str | None, watcher: Recorder | None = None
    ) -> Result:
        policy = tmp_path / "policy.yaml"
        policy.write_text(text)
        with PostgresSource(source) as production:
            plan = compile(load(policy), production.schema())
            if target is None:
                return run(plan, KEY, production, None, watcher)
            with PostgresSink(target) as sink:
                return run(plan, KEY, production, sink, watcher)

    return carry_out


EDGES = """
    CREATE TABLE one (x text);
    INSERT INTO one VALUES
        (''), (NULL), ('\\N'), ('\\.'), (E'a\\tb\\nc\\rd\\\\e'), ('x^'), (E'\\ufeff'), ('');
    CREATE TABLE none ();
    INSERT INTO none SELECT FROM generate_series(1, 7);
    CREATE TABLE empty (x text, y jsonb);
    CREATE TABLE single (x text, y jsonb);
    INSERT INTO single VALUES (NULL, '{"a": "\\u20ac\\n"}');
    CREATE TABLE wide ();
    DO $$ BEGIN EXECUTE 'ALTER TABLE wide ' ||
        (SELECT string_agg('ADD c' || i || ' bool', ', ') FROM generate_series(1, 1599) AS i)
        || ', ADD x text'; END $$;
    INSERT INTO wide (c1, c1599, x) VALUES (true, false, E'\\t'), (NULL, NULL, NULL);
    CREATE TABLE "Odd ""name.é" ("x" text, "Col ""umn" text, "%s" int);
    INSERT INTO "Odd ""name.é" VALUES (E'\\b\\f\\v', '100% {x}', 1);
"""


@pytest.mark.parametrize("policy", [KEEP, UNTOUCHING], ids=["kept", "masked to itself"])
def test_tables_at_the_edges_arrive_identical(
    carry: Callable[..., Result], make_database: Callable[..., str], policy: str
) -> None:
    source, target = make_database("edges", sql=EDGES), make_database("staging")
    carry(policy, source, target)
    assert contents(target) == contents(source)
    assert len(contents(target)["public.none"]) == 7


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
spiky = st.text(st.sampled_from("\\nNtrbfv.\t\n\r\b\f\v, \"'\ufeffx^😀é"), max_size=6)
values = st.none() | texts | spiky


@pytest.fixture(scope="module")
def pair(lasting_database: Callable[..., str]) -> tuple[str, str]:
    """A source and a target with a table each, for hypothesis to fill."""
    table = "CREATE TABLE t (kept text, x text, y json)"
    return lasting_database("texts", sql=table), lasting_database("texts_staging", sql=table)


@given(st.lists(st.tuples(values, values), min_size=1, max_size=8))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_arrives_identical_kept_or_masked_to_itself(
    pair: tuple[str, str], carry: Callable[..., Result], found: list[tuple[str | None, str | None]]
) -> None:
    source, target = pair
    with psycopg.connect(source) as connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE t")
        cursor.executemany(
            "INSERT INTO t VALUES (%s, %s, %s)",
            [(one, other, json.dumps({"a": other})) for one, other in found],
        )
    carry(UNTOUCHING, source, target)
    assert contents(target) == contents(source)


def test_chunks_end_between_rows_wherever_they_are_cut(
    carry: Callable[..., Result],
    make_database: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same staging from chunks of one row as from one chunk: a mask knows no batch."""
    fill = """
        CREATE TABLE t (id int PRIMARY KEY, x text);
        INSERT INTO t SELECT i, 'person ' || i % 50 FROM generate_series(1, 300) AS i"""
    policy = "version: 1\ntables: {t: {columns: {id: keep, x: name}}}\n"
    source = make_database("chunks", sql=fill)
    whole, split = make_database("whole"), make_database("split")
    carry(policy, source, whole)
    monkeypatch.setattr(source_module, "CHUNK_BYTES", 1)
    watcher = Recorder()
    carry(policy, source, split, watcher)
    assert contents(split) == contents(whole)
    assert sum(each[0] == "advanced" for each in watcher.told if isinstance(each, tuple)) == 300


def test_a_dry_run_reads_and_masks_everything_and_counts_it(
    carry: Callable[..., Result], shop: str
) -> None:
    text = f"version: 1\ninclude: [{Path(__file__).parents[1] / 'rules/shop.yaml'}]\n"
    result = carry(text, shop, None)
    by_name = {table.name.table: table for table in result.tables}
    assert by_name["customers"].rows == 6000
    assert by_name["customers"].bytes_read != by_name["customers"].bytes_written
    assert by_name["products"].bytes_read == by_name["products"].bytes_written > 0
    assert by_name["products"].masked == ()
    assert "audit_log" not in by_name


def test_a_watcher_is_told_of_every_table_in_order(
    carry: Callable[..., Result], make_database: Callable[..., str]
) -> None:
    source = make_database("watched", sql="CREATE TABLE a (x int); INSERT INTO a VALUES (1), (22)")
    watcher = Recorder()
    carry(KEEP, source, make_database("staging"), watcher)
    assert [each for each in watcher.told if isinstance(each, tuple)] == [
        ("started", "a"),
        ("advanced", "a", 2, 5),
        ("ended", "a"),
    ]


def test_rows_are_chosen_by_where_by_count_and_by_share(
    carry: Callable[..., Result], make_database: Callable[..., str]
) -> None:
    fill = "".join(
        f"CREATE TABLE {name} (id int PRIMARY KEY);"
        f"INSERT INTO {name} SELECT generate_series(1, 2000);"
        for name in ("by_where", "by_count", "by_share", "not_at_all")
    )
    policy = (
        KEEP
        + """
tables:
  by_where: {where: "id <= 30 AND id <> 7"}
  by_count: {rows: 12}
  by_share: {rows: 10%}
  not_at_all: {rows: none}
"""
    )
    source, target = make_database("chosen", sql=fill), make_database("staging")
    carry(policy, source, target)
    assert column(target, "SELECT id FROM by_where ORDER BY 1") == [
        id for id in range(1, 31) if id != 7
    ]
    assert column(target, "SELECT id FROM by_count ORDER BY 1") == list(range(1, 13))
    assert column(target, "SELECT id FROM not_at_all") == []
    share = column(target, "SELECT id FROM by_share")
    assert 100 < len(share) < 300
    carry(policy, source, target)
    assert column(target, "SELECT id FROM by_share") == share


def test_when_masks_the_rows_it_names_and_unknown_counts_as_yes(
    carry: Callable[..., Result], make_database: Callable[..., str]
) -> None:
    fill = """
        CREATE TABLE t (id int PRIMARY KEY, staff bool, x text);
        INSERT INTO t VALUES (1, true, 'Anna'), (2, false, 'Bert'), (3, NULL, 'Cleo')"""
    policy = """
version: 1
tables:
  t: {columns: {id: keep, staff: keep, x: {mask: redact, when: "NOT staff"}}}
"""
    source, target = make_database("when", sql=fill), make_database("staging")
    carry(policy, source, target)
    assert rows(target, "SELECT id, x FROM t ORDER BY id") == [
        (1, "Anna"),
        (2, "****"),
        (3, "****"),
    ]


def test_the_source_is_read_at_one_moment(
    make_database: Callable[..., str], tmp_path: Path
) -> None:
    """What is written to production while a run goes on is not in staging."""
    source = make_database(
        "moving", sql="CREATE TABLE a (x int); CREATE TABLE b (x int); INSERT INTO a VALUES (1)"
    )
    target = make_database("staging")
    policy = tmp_path / "policy.yaml"
    policy.write_text(KEEP)

    class Meddler(Recorder):
        def ended(self, result: TableResult) -> None:
            execute(source, "INSERT INTO a VALUES (2); INSERT INTO b VALUES (2)")

    with PostgresSource(source) as production, PostgresSink(target) as sink:
        plan = compile(load(policy), production.schema())
        run(plan, KEY, production, sink, Meddler())
    assert rows(target, "SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)") == [(1, 0)]


def test_several_tables_at_a_time_give_the_staging_that_one_at_a_time_gives(
    shop: str, make_database: Callable[..., str]
) -> None:
    """The results do not depend on who masked what when."""
    outcomes = []
    for jobs in (1, 2, 4):
        target = make_database("jobs")
        with PostgresSource(shop, hold=True) as source, RebuildSink(target) as sink:
            plan = compile(load(shipped("rules/shop.yaml")), source.schema())
            result = run(plan, KEY, source, sink, jobs=jobs)
        assert [table.name for table in result.tables] == [
            table.name for table in plan.tables if table.read is not None
        ]
        outcomes.append(contents(target))

    assert outcomes[0] == outcomes[1] == outcomes[2]
