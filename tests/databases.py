"""What tests ask of a database: its rows, the whole of it as text, and where it stands."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from maskr.db.postgres.programs import find_program

Contents = dict[str, tuple[bytes, ...]]

_TABLES = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND c.relispopulated
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY 1, 2
"""


def rows(dsn: str, query: str) -> list[tuple[object, ...]]:
    """What a query gives."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(query.encode()).fetchall()


def column(dsn: str, query: str) -> list[object]:
    """The first column of what a query gives."""
    return [row[0] for row in rows(dsn, query)]


def execute(dsn: str, script: str) -> None:
    """Runs SQL, each statement by itself, and commits."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(script.encode())


def contents(dsn: str) -> Contents:
    """The rows of tables and filled materialised views as COPY text, as they are stored."""
    found: Contents = {}
    with psycopg.connect(dsn) as connection:
        for name in connection.execute(_TABLES).fetchall():
            query = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(*name))
            with connection.cursor().copy(query) as copy:
                found[".".join(name)] = tuple(bytes(row) for row in copy)
    return found


def dump(dsn: str, *options: str) -> str:
    """What pg_dump prints, but for the random token of its fence."""
    with psycopg.connect(dsn) as connection:
        version = connection.info.server_version // 10000
    program = find_program("pg_dump", version)
    printed = subprocess.run(
        [program, f"--dbname={dsn}", *options], check=True, capture_output=True, text=True
    ).stdout
    return "".join(
        line
        for line in printed.splitlines(keepends=True)
        if not line.startswith(("\\restrict", "\\unrestrict"))
    )


@contextmanager
def untouched(dsn: str) -> Iterator[None]:
    """Holds that rows, sequences and schema are after the block what they were before it."""
    before = _state(dsn)
    yield
    assert _state(dsn) == before


def _state(dsn: str) -> tuple[object, ...]:
    sequences = "SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2"
    return contents(dsn), rows(dsn, sequences), dump(dsn, "--schema-only")
