"""What a new database gets after its rows, and the look whether all of it is there."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby

import psycopg
from psycopg import sql

from maskr.db import Counter
from maskr.db.postgres import catalog
from maskr.db.postgres.failures import mapped, translated
from maskr.db.postgres.script import INDEXES, KEYS, Entry, in_order
from maskr.db.postgres.session import table_sql
from maskr.db.postgres.sessions import Sessions, transient
from maskr.db.postgres.sidebyside import Piece, side_by_side
from maskr.errors import DataError, RefusedError
from maskr.model import Schema, TableName, differences

# A GRANT or REVOKE by somebody who may not: the server warns, and goes on.
_UNDONE = {"01007": "the user could not grant all of it", "01006": "the user could not revoke it"}
# Says that it is there: object, table or index, schema, function, second primary key.
_THERE = ("42710", "42P07", "42P06", "42723", "42P16")


def make_first(sessions: Sessions, where: str, entries: Sequence[Entry]) -> None:
    """Everything that comes before the rows, in one transaction: one commit to wait for."""

    def do(connection: psycopg.Connection, again: bool) -> None:
        with connection.transaction():
            for entry in entries:
                try:
                    perform(connection, where, entry)
                except psycopg.Error as error:
                    if again and entry is entries[0] and error.sqlstate in _THERE:
                        raise psycopg.Rollback from None  # the first try was one
                    if transient(error):
                        raise
                    raise translated(error, f"{where}: {entry.where}") from None

    with mapped(where):
        sessions.patiently(do)


def perform(connection: psycopg.Connection, where: str, entry: Entry) -> None:
    """Runs an entry's statements.

    Raises:
        RefusedError: the server has only warned that something of it was not done.
        psycopg.Error: it has refused.
    """
    warned: set[str] = set()

    def hear(notice: psycopg.errors.Diagnostic) -> None:
        warned.add(notice.sqlstate or "")

    connection.add_notice_handler(hear)
    try:
        connection.execute((entry.settings + entry.sql).encode())
    finally:
        connection.remove_notice_handler(hear)
    undone = warned & set(_UNDONE)
    if undone:
        raise RefusedError(
            f"{where}: {entry.where}",
            f"{_UNDONE[min(undone)]} (sqlstate {min(undone)})",
            "let the owner or a superuser load, or use --no-acl",
        )


def carry_out(sessions: Sessions, where: str, entry: Entry) -> None:
    """One entry of a dump, in a transaction of its own; again where a connection was lost."""

    def do(connection: psycopg.Connection, again: bool) -> None:
        try:
            perform(connection, where, entry)
        except psycopg.Error as error:
            if not (again and error.sqlstate in _THERE):
                raise  # else the first try was one, and only its answer was lost

    with mapped(f"{where}: {entry.where}"):
        sessions.patiently(do)


def make_rest(sessions: Sessions, where: str, entries: Sequence[Entry], jobs: int) -> None:
    """Everything that comes after the rows: indexes and keys ``jobs`` at a time.

    Raises:
        DataError: a constraint does not hold for the rows.
    """
    for kinds, group in groupby(in_order(entries), _company):
        # An index does not wait for another table's, nor a key for one between other tables.
        _at_a_time(sessions, where, list(group), jobs if kinds else 1)


def _company(entry: Entry) -> tuple[str, ...]:
    return next((kinds for kinds in (INDEXES, KEYS) if entry.kind in kinds), ())


def _at_a_time(sessions: Sessions, where: str, entries: Iterable[Entry], jobs: int) -> None:
    pieces = [Piece(_bound(carry_out, sessions, where, entry), entry.tables) for entry in entries]
    side_by_side(pieces, jobs, sessions.cancel)


def _bound(do: Callable[..., None], *arguments: object) -> Callable[[], None]:
    return lambda: do(*arguments)


def set_counters(sessions: Sessions, where: str, counters: Sequence[Counter]) -> None:
    """Lets every sequence go on where production's stands."""

    def do(connection: psycopg.Connection, _: bool) -> None:
        for counter in counters:
            name = table_sql(counter.name).as_string(connection)
            connection.execute(
                "SELECT pg_catalog.setval(%s::regclass, %s, %s)",
                (name, counter.last, counter.called),
            )

    with mapped(where):
        sessions.patiently(do)


_ANALYSED = """
    SELECT c.oid::pg_catalog.regclass::text
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm', 'p') AND NOT c.relispartition
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY pg_catalog.pg_table_size(c.oid) DESC, 1
"""


def analyse(sessions: Sessions, where: str, jobs: int) -> None:
    """Gives the planner its statistics; of partitions with the table that they are of."""

    def one(table: str) -> None:
        with mapped(f"{where}: {table}"):
            sessions.patiently(
                lambda connection, _: connection.execute(f"ANALYZE {table}".encode())
            )

    with mapped(where):
        found = sessions.patiently(lambda connection, _: connection.execute(_ANALYSED).fetchall())
    pieces = [Piece(_bound(one, table), frozenset()) for (table,) in found]
    side_by_side(pieces, jobs, sessions.cancel)


def refuse_missing_rows(
    sessions: Sessions, where: str, expected: Mapping[TableName, int], jobs: int
) -> None:
    """Counts the rows again: a crash in between empties unlogged tables, for one.

    Raises:
        DataError: a table has not the rows that were loaded.
    """

    def count(table: TableName, rows: int) -> None:
        query = sql.SQL("SELECT count(*) FROM ONLY {}").format(table_sql(table))

        def do(connection: psycopg.Connection, _: bool) -> int:
            row = connection.execute(query).fetchone()
            return int(row[0]) if row else 0

        with mapped(f"{where}: {table}"):
            found = sessions.patiently(do)
        if found != rows:
            raise DataError(
                f"{where}: {table}", f"it holds {found} rows of the {rows} loaded", "run it again"
            )

    pieces = [Piece(_bound(count, *each), frozenset()) for each in expected.items()]
    side_by_side(pieces, jobs, sessions.cancel)


def refuse_other_schema(sessions: Sessions, where: str, wanted: Schema) -> None:
    """Compares tables, columns and constraints with production's.

    Raises:
        DataError: names what differs.
    """
    with mapped(where):
        found = sessions.patiently(lambda connection, _: catalog.read_schema(connection))
    different = differences(wanted, found)
    if different:
        raise DataError(where, "what was built is not production: " + "; ".join(different))
