"""Production: one snapshot, read only."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from maskr.db import Counter, Identity, Read, Setup, Size, Window
from maskr.db.postgres import catalog, databases, guards, session
from maskr.db.postgres.copyout import chunks
from maskr.db.postgres.dump import dump_section
from maskr.db.postgres.failures import describe, mapped
from maskr.db.postgres.reading import copy_query
from maskr.errors import RefusedError, TryAgainError
from maskr.model import Schema, TableName

# Bytes of COPY text a chunk: a call of polars or numpy takes up to 0.1 ms by itself, whatever it
# works on, and a chunk takes some 70 of them, which is a tenth of the time of so many rows; small
# enough that the six or so in flight stay below 100 MB with their frames.
CHUNK_BYTES = 6 << 20

# Bytes of a table that are worth a reader and a writer of their own. A part cannot be frozen, which
# costs its writer a third more (4.6 beside 3.3 s for 2M rows): a small table is quicker whole.
PART_BYTES = 256 << 20
_SCANS_RANGES = 140_000  # "TID Range Scan" (release notes of PostgreSQL 14)

READ_ONLY = {
    "default_transaction_read_only": "on",
    "default_transaction_isolation": "repeatable read",
    # Low: whoever wants one of our tables for himself waits behind us in turn.
    "lock_timeout": "10s",
    # A policy that would hide rows from this user is an error instead of a silent loss.
    "row_security": "off",
    "synchronize_seqscans": "off",
}


_RELATIONS = "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
_OWN = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
# A subscription would begin to replicate production into staging; a user mapping holds a password
# of another server.
_LEFT_OUT = """
    SELECT 'subscription ' || subname FROM pg_catalog.pg_subscription s
    JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
    WHERE d.datname = pg_catalog.current_database()
    UNION ALL
    SELECT DISTINCT 'user mappings of server ' || srvname FROM pg_catalog.pg_user_mappings
    UNION ALL
    SELECT 'rows of foreign table ' || n.nspname || '.' || c.relname
           || ' (they stay where they are)'
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'f'
    UNION ALL
    SELECT 'where unlogged sequence ' || c.oid::regclass || ' stands (a standby does not know)'
    FROM pg_catalog.pg_class c
    WHERE c.relkind = 'S' AND c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery()
    UNION ALL
    SELECT 'rows added to ' || t.oid::regclass || ', a table of extension ' || e.extname
    FROM pg_catalog.pg_extension e, pg_catalog.unnest(e.extconfig) AS t (oid)
    ORDER BY 1
"""
_CANCEL_SECONDS = 5.0  # for the server to take the request: a connection of its own
_LOCKS_AT_ONCE = 500  # tables a statement: a round trip for so many, and no statement of megabytes


class PostgresSource:
    """A connection that holds a REPEATABLE READ READ ONLY transaction from its first moment on."""

    def __init__(self, dsn: str, snapshot: str | None = None, hold: bool = False) -> None:
        """Connects and takes a snapshot, or joins the exported one of another session.

        Args:
            dsn: libpq's.
            snapshot: as `snapshot` of another source gave it.
            hold: lock every table against DDL before the snapshot is taken. A snapshot does not
                protect against TRUNCATE or a rewriting ALTER TABLE: a table that one of them met
                would read as empty (manual, "Caveats" of "Concurrency Control").

        Raises:
            UnavailableError: the database cannot be reached.
            RefusedError: row-level security would hide rows from this user.
            TryAgainError: a table could not be locked in time.
        """
        self._dsn = dsn
        self._where = f"source {describe(dsn)}"
        self._connection = session.connect(dsn, READ_ONLY)
        try:
            with mapped(self._where):
                tables = self._lockable() if hold else []
                self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                self._lock(tables)  # before the first query, which takes the snapshot
                if snapshot is not None:
                    quoted = sql.Literal(snapshot)
                    self._connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(quoted))
                self.identity: Identity = session.identity(self._connection)
                if hold:
                    self._refuse_hidden_rows()
                    self._refuse_changes(tables)
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

    def _lockable(self) -> list[tuple[str, str]]:
        """The tables that this user may read whole; the others say so when they are read."""
        return self._connection.execute(
            f"""
            SELECT n.nspname, c.relname FROM {_RELATIONS}
            WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND {_OWN}
              AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
              AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
            ORDER BY 1, 2
            """  # noqa: S608 - constants
        ).fetchall()

    def _lock(self, tables: Sequence[tuple[str, str]]) -> None:
        for start in range(0, len(tables), _LOCKS_AT_ONCE):
            names = sql.SQL(", ").join(
                sql.SQL("ONLY {}").format(sql.Identifier(*name))
                for name in tables[start : start + _LOCKS_AT_ONCE]
            )
            statement = sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names)
            self._connection.execute(statement)

    def _refuse_changes(self, locked: Sequence[tuple[str, str]]) -> None:
        if self._lockable() != locked:
            raise TryAgainError(
                self._where, "tables came or went while they were being locked", "run it again"
            )

    def _refuse_hidden_rows(self) -> None:
        hidden = self._connection.execute(
            f"""
            SELECT n.nspname || '.' || c.relname FROM {_RELATIONS}
            WHERE c.relkind IN ('r', 'p') AND {_OWN}
              AND pg_catalog.row_security_active(c.oid)
            ORDER BY 1
            """  # noqa: S608 - constants
        ).fetchall()
        if hidden:
            raise RefusedError(
                self._where,
                f"row-level security hides rows of {', '.join(name for (name,) in hidden)}",
                "ALTER ROLE … BYPASSRLS the user who reads; see `maskr roles`",
            )

    def may_write(self) -> bool:
        """Whether this user could change production, were its session not read-only."""
        with mapped(self._where):
            row = self._connection.execute(
                f"""
                SELECT EXISTS (SELECT FROM pg_catalog.pg_roles
                               WHERE rolname = current_user AND rolsuper)
                    OR EXISTS (SELECT FROM {_RELATIONS}
                               WHERE c.relkind IN ('r', 'p') AND {_OWN}
                                 AND pg_catalog.has_table_privilege(
                                     c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))
                """  # noqa: S608 - constants
            ).fetchone()
        return row is not None and bool(row[0])

    def refuse_unreadable(self, tables: Iterable[TableName]) -> None:
        """Refuses before the first row what could not be read at its turn.

        Raises:
            UnavailableError: names the unlogged tables among ``tables``, on a standby.
        """
        with mapped(self._where):
            guards.refuse_unlogged(self._connection, self._where, tables)

    def another(self) -> "PostgresSource":
        """One more session on this snapshot; this one must outlive it."""
        return PostgresSource(session.same_server(self._dsn, self._connection), self.snapshot())

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
                  AND NOT (c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery())
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

    def parts(self, read: Read, most: int) -> Sequence[Read]:
        """Parts of at least `PART_BYTES`, each a range of the table's blocks.

        What looks across rows, takes so many or a sample of them is not divided; nor is anything by
        a server before 14, which would scan the whole table for each part.
        """
        across = any(isinstance(flag, Window) for flag in read.flags)
        if across or read.limit is not None or read.percent is not None:
            return [read]
        if most < 2 or self._connection.info.server_version < _SCANS_RANGES:
            return [read]
        with mapped(self._where):
            row = self._connection.execute(
                """
                SELECT pg_catalog.pg_relation_size(t.oid)
                       / pg_catalog.current_setting('block_size')::bigint,
                       pg_catalog.pg_table_size(t.oid)
                FROM (SELECT %s::pg_catalog.regclass AS oid) AS t
                """,
                (session.table_sql(read.table).as_string(self._connection),),
            ).fetchone()
        blocks, size = row or (0, 0)
        count = max(1, min(most, size // PART_BYTES, blocks))
        if count == 1:
            return [read]
        # The last one is open: whatever the table has grown by belongs to it.
        firsts = [blocks * part // count for part in range(count)]
        return [
            replace(read, blocks=ends) for ends in zip(firsts, [*firsts[1:], None], strict=True)
        ]

    def read(self, read: Read) -> Iterator[bytes]:
        """The rows as COPY text, whole rows, about `CHUNK_BYTES` at a time.

        A savepoint lies before them: broken off half-way, they can be read again.
        """
        where = f"{self._where}: {read.table}"
        with mapped(where), self._connection.transaction(), self._connection.cursor() as cursor:
            with cursor.copy(copy_query(read)):
                came, sent = yield from chunks(self._connection, CHUNK_BYTES)
            if came != sent:
                raise TryAgainError(where, f"{sent} rows were sent and {came} came", "run it again")

    def cancel(self) -> None:
        """Asks the server to end the statement that another thread waits for."""
        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=_CANCEL_SECONDS)

    def definition(self, section: str) -> str:
        """pg_dump's SQL of one section, of this very snapshot."""
        version = self._connection.info.server_version // 10000
        dsn = session.same_server(self._dsn, self._connection)
        return dump_section(dsn, section, self.snapshot(), version)

    def setup(self) -> Setup:
        """Encoding, locale, settings and extensions of the database."""
        with mapped(self._where):
            return databases.read_setup(self._connection)

    def left_out(self) -> Sequence[str]:
        """Subscriptions, logins to other servers, rows that only an extension knows of."""
        with mapped(self._where):
            found = self._connection.execute(_LEFT_OUT).fetchall()
        return [line for (line,) in found]

    def large_objects(self) -> Sequence[int]:
        """Their numbers, in order."""
        with mapped(self._where):
            found = self._connection.execute(
                "SELECT oid::bigint FROM pg_catalog.pg_largeobject_metadata ORDER BY 1"
            ).fetchall()
        return [number for (number,) in found]

    def large_object(self, number: int) -> Iterator[bytes]:
        """Its bytes, `CHUNK_BYTES` at a time."""
        at = 0
        with mapped(f"{self._where}: large object {number}"):
            while True:
                row = self._connection.execute(
                    "SELECT pg_catalog.lo_get(%s::oid, %s, %s)", (number, at, CHUNK_BYTES)
                ).fetchone()
                if row is None or not row[0]:
                    return
                yield row[0]
                at += len(row[0])
