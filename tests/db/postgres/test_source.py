"""The source: one moment of production, read only, broken off at will."""

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import chain

import psycopg
import pytest

from maskr.db import Read, Window
from maskr.db.postgres import source as source_module
from maskr.db.postgres.reading import copy_query
from maskr.db.postgres.source import PostgresSource
from maskr.errors import RefusedError, TryAgainError
from maskr.model import Across, TableName
from maskr.run.ahead import ahead
from tests.databases import column, execute

T = TableName("public", "t")
READ = Read(T, ("id", "x"))
FILL = "CREATE TABLE t (id int PRIMARY KEY, x text); INSERT INTO t SELECT i, 'x' || i FROM "


@pytest.fixture
def dsn(make_database: Callable[..., str]) -> str:
    return make_database("production", sql=f"CREATE SEQUENCE s; {FILL} generate_series(1, 50) AS i")


def test_it_reads_one_moment_whatever_is_written_meanwhile(dsn: str) -> None:
    with PostgresSource(dsn) as source:
        execute(dsn, "DELETE FROM t WHERE id > 1; UPDATE t SET x = 'new'")
        rows = b"".join(source.read(READ)).splitlines()
    assert rows[0] == b"1\tx1"
    assert len(rows) == 50


def test_another_session_joins_its_snapshot(dsn: str) -> None:
    with PostgresSource(dsn) as source:
        snapshot = source.snapshot()
        execute(dsn, "DELETE FROM t")
        with PostgresSource(dsn, snapshot) as other:
            assert b"".join(other.read(READ)) == b"".join(source.read(READ)) != b""


def test_its_session_cannot_write_even_when_asked_to(dsn: str) -> None:
    with PostgresSource(dsn) as source, pytest.raises(RefusedError, match="25006"):
        list(source.read(Read(T, ("id",), where="nextval('public.s') > 0")))


def test_a_read_that_was_broken_off_can_be_begun_again(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the same snapshot: what a lost staging needs, and what an abandoned COPY would end."""
    monkeypatch.setattr(source_module, "CHUNK_BYTES", 1)
    execute(dsn, "INSERT INTO t SELECT i, repeat('long', 10000) FROM generate_series(51, 300) AS i")
    with PostgresSource(dsn) as source:
        with ahead(source.read(READ)) as half:
            next(half)
        assert b"".join(source.read(READ)).count(b"\n") == 300


def test_a_read_that_waits_is_cancelled_by_another_thread(dsn: str) -> None:
    """Nobody waits for a source that is slow to answer, and no query of ours goes on there."""
    with psycopg.connect(dsn) as locker, PostgresSource(dsn) as source:
        locker.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        start = time.monotonic()
        with ahead(source.read(READ), source.cancel):
            time.sleep(0.2)
        assert time.monotonic() - start < 8  # the lock would be waited for longer
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        assert column(dsn, waiting) == [0]


def test_what_a_policy_calls_for_is_asked_of_the_server(dsn: str) -> None:
    query = copy_query(
        Read(T, ("id",), flags=("id > 1",), where="id < 9", limit=3, percent=20.0, order=("id",))
    )
    assert query.as_string() == (
        'COPY (SELECT "id", (id > 1) FROM ONLY "public"."t" TABLESAMPLE BERNOULLI (20.0)'
        ' REPEATABLE (1) WHERE (id < 9) ORDER BY "id" LIMIT 3) TO STDOUT'
    )


def test_rows_that_nothing_is_asked_of_are_copied_from_the_table_itself() -> None:
    assert copy_query(READ).as_string() == 'COPY "public"."t" ("id", "x") TO STDOUT'
    assert copy_query(Read(T, ())).as_string() == 'COPY "public"."t" TO STDOUT'


def test_a_predicate_may_hold_a_percent_sign(dsn: str) -> None:
    with PostgresSource(dsn) as source:
        rows = b"".join(source.read(Read(T, ("id",), where="x LIKE '%7'"))).split()
    assert rows == [b"7", b"17", b"27", b"37", b"47"]


def test_a_lost_session_means_try_again(dsn: str, maintenance: psycopg.Connection) -> None:
    with PostgresSource(dsn) as source:
        maintenance.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'maskr' AND datname = %s",
            (source.identity.name,),
        )
        with pytest.raises(TryAgainError) as caught:
            list(source.read(READ))
    assert "public.t" in caught.value.where


def test_settings_of_a_role_or_database_do_not_change_how_values_are_written(
    make_database: Callable[..., str],
) -> None:
    dsn = make_database(
        "bent",
        sql="""
            DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET datestyle = ''SQL, DMY''',
                                       current_database()); END $$;
            DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Kolkata''',
                                       current_database()); END $$;
            DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET bytea_output = ''escape''',
                                       current_database()); END $$;
            DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET extra_float_digits = -10',
                                       current_database()); END $$;
            DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET intervalstyle = ''iso_8601''',
                                       current_database()); END $$;
            CREATE TABLE t (d date, at timestamptz, b bytea, f float8, i interval);
            INSERT INTO t VALUES ('2025-02-03', '2025-02-03 04:05:06Z', '\\xff00', 0.1::float8 / 3,
                                  '1 mon 2 days 03:04:05');
        """,
    )
    with PostgresSource(dsn) as source:
        [row] = b"".join(source.read(Read(T, ("d", "at", "b", "f", "i")))).splitlines()
    assert row.decode().split("\t") == [
        "2025-02-03",
        "2025-02-03 04:05:06+00",
        r"\\xff00",
        "0.03333333333333333",
        "1 mon 2 days 03:04:05",
    ]


@pytest.mark.parametrize("where", [None, "id % 3 = 0"])
@pytest.mark.parametrize("most", [2, 3, 7])
def test_the_parts_of_a_table_are_all_of_it_and_nothing_twice(
    dsn: str, monkeypatch: pytest.MonkeyPatch, most: int, where: str | None
) -> None:
    monkeypatch.setattr(source_module, "PART_BYTES", 1)
    execute(dsn, "INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(51, 300) i")
    with PostgresSource(dsn) as source:
        whole = replace(READ, where=where)
        parts = source.parts(whole, most)
        rows = [b"".join(source.read(part)).splitlines() for part in parts]
        assert len(parts) == most
        assert all(rows)
        assert [*chain(*rows)] == b"".join(source.read(whole)).splitlines()


def test_rows_that_came_after_the_parts_were_cut_are_in_the_last(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table may have been smaller when it was measured than at the moment that is read."""
    monkeypatch.setattr(source_module, "PART_BYTES", 1)
    execute(dsn, "INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(51, 100) i")
    with PostgresSource(dsn) as source:
        parts = source.parts(READ, 2)
    execute(dsn, "INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(101, 300) i")
    with PostgresSource(dsn) as source:
        assert sum(b"".join(source.read(part)).count(b"\n") for part in parts) == 300


def test_a_part_is_read_without_the_blocks_of_the_others(dsn: str) -> None:
    query = copy_query(replace(READ, blocks=(1, 2))).as_string()
    inner = query.removeprefix("COPY (").removesuffix(") TO STDOUT")
    plan = "\n".join(str(line) for line in column(dsn, f"EXPLAIN {inner}"))
    assert "Tid Range Scan" in plan


@pytest.mark.parametrize(
    "read",
    [
        replace(READ, limit=5),
        replace(READ, percent=50.0),
        replace(READ, flags=(Window(Across.PLACE, "x", ("id",), primary=True),)),
    ],
    ids=["so many rows", "a sample", "a view across rows"],
)
def test_what_depends_on_other_rows_is_not_divided(
    dsn: str, monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    monkeypatch.setattr(source_module, "PART_BYTES", 1)
    execute(dsn, "INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(51, 300) i")
    with PostgresSource(dsn) as source:
        assert source.parts(read, 4) == [read]
