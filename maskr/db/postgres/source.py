"""Production: one snapshot, read only."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from maskr.db import Counter, Identity, Read, Size
from maskr.db.postgres import catalog, session
from maskr.db.postgres.dump import dump_section
from maskr.db.postgres.failures import describe, mapped
from maskr.model import Schema, TableName

# Bytes of COPY text a chunk: large enough that what a chunk costs by itself is below 1 % of what
# its rows cost, small enough that the five or so in flight stay below 50 MB with their frames.
CHUNK_BYTES = 4 << 20

_READ_ONLY = {
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "repeatable read",
    "lock_timeout": "30s",
    # A policy that would hide rows from this user is an error instead of a silent loss.
    "row_security": "off",
    "synchronize_seqscans": "off",
}


class PostgresSource:
    """A connection that holds a REPEATABLE READ READ ONLY transaction from its first moment on."""

    def __init__(self, dsn: str, snapshot: str | None = None) -> None:
        """Connects and takes a snapshot, or joins the exported one of another session.

        Raises:
            UnavailableError: the database cannot be reached.
        """
        self._dsn = dsn
        self._where = f"source {describe(dsn)}"
        self._connection = session.connect(dsn, _READ_ONLY)
        try:
            with mapped(self._where):
                self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                if snapshot is not None:
                    quoted = sql.Literal(snapshot)
                    self._connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(quoted))
                self.identity: Identity = session.identity(self._connection)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends the transaction and the session."""
        self.close()

    def close(self) -> None:
        """Ends the session; a COPY that is under way is cancelled."""
        with suppress(psycopg.Error):
            self._connection.close()

    def snapshot(self) -> str:
        """Exports the snapshot, for other sessions to join while this one lives."""
        with mapped(self._where):
            row = self._connection.execute("SELECT pg_catalog.pg_export_snapshot()").fetchone()
        assert row is not None  # noqa: S101 - a function call gives one row
        return str(row[0])

    def schema(self) -> Schema:
        """Every table of the database that is no extension's."""
        with mapped(self._where):
            return catalog.read_schema(self._connection)

    def sizes(self) -> Mapping[TableName, Size]:
        """Estimates from the catalogue."""
        with mapped(self._where):
            sizes = catalog.read_sizes(self._connection)
        return {name: Size(*size) for name, size in sizes.items()}

    def counters(self) -> Sequence[Counter]:
        """Where every sequence stands. Sequences are outside of snapshots: this is now."""
        with mapped(self._where):
            names = self._connection.execute(
                """
                SELECT n.nspname, c.relname
                FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind = 'S' AND c.relpersistence <> 't'
                  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                  AND NOT EXISTS (
                    SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                      AND d.deptype = 'e')
                ORDER BY 1, 2
                """
            ).fetchall()
            return [self._counter(TableName(*name)) for name in names]

    def _counter(self, name: TableName) -> Counter:
        query = sql.SQL("SELECT last_value, is_called FROM {}").format(session.table_sql(name))
        row = self._connection.execute(query).fetchone()
        assert row is not None  # noqa: S101 - a sequence has one row
        return Counter(name, *row)

    def read(self, read: Read) -> Iterator[bytes]:
        """The rows as COPY text, whole rows, about `CHUNK_BYTES` at a time."""
        where = f"{self._where}: {read.table}"
        with mapped(where), self._connection.cursor().copy(copy_query(read)) as copy:
            rows: list[bytes | memoryview | bytearray] = []
            size = 0
            for row in copy:
                rows.append(row)
                size += len(row)
                if size >= CHUNK_BYTES:
                    yield b"".join(rows)
                    rows, size = [], 0
            if rows:
                yield b"".join(rows)

    def definition(self, section: str) -> str:
        """pg_dump's SQL of one section, of this very snapshot."""
        version = self._connection.info.server_version // 10000
        return dump_section(self._dsn, section, self.snapshot(), version)


def copy_query(read: Read) -> sql.Composed:
    """The COPY statement for a read: of the table itself where nothing is chosen or added.

    ``where`` and ``flags`` are SQL that the policy's check has vetted (`maskr.sql`).
    """
    table = session.table_sql(read.table)
    plain = not (read.flags or read.where or read.limit is not None or read.percent is not None)
    if plain:
        columns = sql.SQL(" ({})").format(session.columns_sql(read.columns))
        return sql.SQL("COPY {}{} TO STDOUT").format(
            table, columns if read.columns else sql.SQL("")
        )
    fields = [sql.Identifier(name) for name in read.columns]
    flags = [sql.SQL("({})").format(_vetted(flag)) for flag in read.flags]
    query = sql.SQL("SELECT {} FROM ONLY {}").format(sql.SQL(", ").join([*fields, *flags]), table)
    if read.percent is not None:
        share = sql.Literal(read.percent)
        query += sql.SQL(" TABLESAMPLE BERNOULLI ({}) REPEATABLE (1)").format(share)
    if read.where:
        query += sql.SQL(" WHERE ({})").format(_vetted(read.where))
    if read.limit is not None:
        order = session.columns_sql(read.order) if read.order else sql.SQL("ctid")
        query += sql.SQL(" ORDER BY {} LIMIT {}").format(order, sql.Literal(read.limit))
    return sql.SQL("COPY ({}) TO STDOUT").format(query)


def _vetted(text: str) -> sql.SQL:
    return sql.SQL(text)
