"""A large table that several loads bring over: in whatever way it is cut, staging is the same."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from maskr.db import TargetLostError
from maskr.db.postgres import source as source_module
from maskr.db.postgres.rebuild import RebuildSink
from maskr.db.postgres.source import PostgresSource
from maskr.model import TableName
from maskr.plan import Plan, compile
from maskr.policy import load
from maskr.run import Result, run
from tests.command import KEY
from tests.databases import column, contents

PRODUCTION = """
CREATE TABLE large (id int PRIMARY KEY, name text, note text);
INSERT INTO large SELECT i, 'person ' || i % 500, repeat('n', 200) FROM generate_series(1, 3000) i;
CREATE TABLE small (id int PRIMARY KEY, large int REFERENCES large);
INSERT INTO small SELECT i, i FROM generate_series(1, 10) i;
"""
POLICY = """
version: 1
defaults: {unlisted: keep}
tables: {large: {columns: {name: name}}}
"""
LARGE = TableName("public", "large")
COLUMNS = ("id", "name", "note")
FIRST, SECOND = b"1\ta\tx\n2\tb\tx\n", b"3\tc\tx\n"


@pytest.fixture
def source(make_database: Callable[..., str]) -> str:
    return make_database("production", sql=PRODUCTION)


@pytest.fixture
def plan(source: str, tmp_path: Path) -> Plan:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    with PostgresSource(source) as production:
        return compile(load(policy), production.schema())


def ordered(dsn: str) -> dict[str, list[bytes]]:
    """The rows of all tables, in an order of their own."""
    return {table: sorted(rows) for table, rows in contents(dsn).items()}


def test_jobs_parts_and_chunks_of_any_size_give_one_staging(
    source: str,
    plan: Plan,
    make_database: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def staging(jobs: int, part: int, chunk: int) -> tuple[Result, dict[str, list[bytes]]]:
        monkeypatch.setattr(source_module, "PART_BYTES", part)
        monkeypatch.setattr(source_module, "CHUNK_BYTES", chunk)
        target = make_database(f"staging_{jobs}_{part}_{chunk}")
        with PostgresSource(source) as production, RebuildSink(target) as sink:
            result = run(plan, KEY, production, sink, jobs=jobs)
        return result, ordered(target)

    whole, expected = staging(1, 1 << 30, 8 << 20)
    for jobs, part, chunk in [(2, 1, 8 << 20), (4, 1, 1000), (4, 50_000, 1), (2, 1 << 30, 77)]:
        result, found = staging(jobs, part, chunk)
        assert found == expected
        assert [(each.name, each.rows, each.bytes_written) for each in result.tables] == [
            (each.name, each.rows, each.bytes_written) for each in whole.tables
        ]


def test_a_table_larger_than_a_jobs_share_is_divided(
    source: str, plan: Plan, make_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "PART_BYTES", 1)
    parts = []
    divide = PostgresSource.parts

    def watched(self: PostgresSource, *arguments: object) -> object:
        parts.append(divide(self, *arguments))  # type: ignore[arg-type]  # handed on as they came
        return parts[-1]

    monkeypatch.setattr(PostgresSource, "parts", watched)
    target = make_database("staging")
    with PostgresSource(source) as production, RebuildSink(target) as sink:
        run(plan, KEY, production, sink, jobs=3)
    assert [(reads[0].table.table, len(reads)) for reads in parts] == [("large", 3)]


def test_a_part_whose_commit_was_not_answered_is_not_loaded_twice(
    source: str, plan: Plan, make_database: Callable[..., str]
) -> None:
    target = make_database("staging")
    with PostgresSource(source) as production, RebuildSink(target) as sink:
        sink.prepare(production, plan.schema, [LARGE])
        for part, chunk in [(0, FIRST), (0, FIRST), (1, SECOND)]:
            with sink.load(LARGE, COLUMNS, part) as write:
                write(chunk)
        sink.finish([])
    assert column(target, "SELECT id FROM large ORDER BY 1") == [1, 2, 3]


def test_a_part_that_was_lost_is_loaded_again_beside_the_others(
    source: str,
    plan: Plan,
    make_database: Callable[..., str],
    maintenance: psycopg.Connection,
) -> None:
    target = make_database("staging")
    name = f"{conninfo_to_dict(target)['dbname']}__next"

    def lose_while_loading(sink: RebuildSink) -> None:
        with sink.load(LARGE, COLUMNS, 0) as write:
            write(FIRST)
            query = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            maintenance.execute(f"{query} WHERE datname = %s".encode(), (name,))

    with PostgresSource(source) as production, RebuildSink(target) as sink:
        sink.prepare(production, plan.schema, [LARGE])
        with sink.load(LARGE, COLUMNS, 1) as write:
            write(SECOND)
        with pytest.raises(TargetLostError):
            lose_while_loading(sink)
        with sink.load(LARGE, COLUMNS, 0) as write:
            write(FIRST)
        sink.finish([])
    assert column(target, "SELECT id FROM large ORDER BY 1") == [1, 2, 3]
