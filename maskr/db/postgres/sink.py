"""Staging, filled in one transaction: until it commits nothing has happened.

The rows of a table go in before its constraints and triggers come back: a foreign key is then
checked once for the whole table, in whatever order the tables arrived, and cycles need no care.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from types import TracebackType
from typing import NamedTuple, Self

import psycopg
from psycopg import sql

from maskr.db import Counter, Identity, LargeObjects, Source
from maskr.db.postgres import catalog, guards, largeobjects, session
from maskr.db.postgres.construct import perform
from maskr.db.postgres.failures import describe, mapped
from maskr.db.postgres.loading import copied
from maskr.db.postgres.roles import Roles, refuse_missing_roles
from maskr.db.postgres.script import GRANTS, PREAMBLE, Entry, in_order, parse, wanted
from maskr.db.postgres.session import table_sql
from maskr.errors import DataError
from maskr.model import Schema, TableName, differences

_SETTINGS = {
    "lock_timeout": "30s",
    "row_security": "off",
    # Indexes and foreign keys are made behind the rows: memory spares them a sort on disk.
    "maintenance_work_mem": "256MB",
}
_OWN = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"


class _Undone(NamedTuple):
    """A statement that puts back what `prepare` took away."""

    where: str
    statement: str


_CANCEL_SECONDS = 5.0


class PostgresSink:
    """A connection that holds one writing transaction, from `prepare` to `finish`."""

    parallel = False  # one transaction is one connection
    pauses: Sequence[float] = ()  # with the connection the whole transaction is lost

    def __init__(
        self,
        dsn: str,
        roles: Roles | None = None,
        large_objects: LargeObjects = LargeObjects.REFUSE,
    ) -> None:
        """Connects; writes nothing.

        Args:
            dsn: the target.
            roles: what becomes of owners and grants, where the target is empty.
            large_objects: what becomes of them.

        Raises:
            UnavailableError: the database cannot be reached.
            RefusedError: it is a standby, or marked as production.
            TryAgainError: another run is writing to it.
        """
        self._where = f"target {describe(dsn)}"
        self._connection = session.connect(dsn, _SETTINGS)
        self._put_back: list[_Undone] = []
        self._post_data: tuple[Entry, ...] = ()
        self._roles = roles or Roles()
        self._large_objects = large_objects
        self.left_out: tuple[str, ...] = ()
        try:
            with mapped(self._where):
                self.identity: Identity = session.identity(self._connection)
                self._guard()
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
        """Ends the session: what is not committed is undone by the server."""
        with suppress(psycopg.Error):
            self._connection.close()

    def _guard(self) -> None:
        guards.refuse_standby(self._connection, self._where)
        guards.refuse_production(self._connection, self._where, self.identity.database)
        guards.lock_database(self._connection, self._where)

    def _row(self, query: str, values: tuple[object, ...] = ()) -> tuple[object, ...]:
        row = self._connection.execute(query, values).fetchone()
        assert row is not None  # noqa: S101 - every query here gives one row
        return tuple(row)

    def prepare(self, source: Source, schema: Schema, tables: Sequence[TableName]) -> None:
        """Opens the transaction; leaves ``tables`` there, empty and unguarded.

        An empty database gets production's schema; of any other the schema belongs to its own
        migrations: it is compared, and its foreign keys and triggers wait aside for `finish`.

        Raises:
            DataError: the target's schema is not production's; names what differs.
        """
        choice = self._large_objects
        largeobjects.refuse_undecided(source, f"source {source.identity.name}", choice)
        with mapped(self._where):
            self._connection.execute("BEGIN")
            self.left_out += largeobjects.bring(source, self._connection, choice)
            if self._is_empty():
                self._make_schema(source)
                return
            drift = differences(schema, catalog.read_schema(self._connection))
            if drift:
                raise DataError(
                    self._where,
                    "its schema is not the source's: " + "; ".join(drift),
                    "run its migrations, or empty it",
                )
            self._set_aside_constraints()
            self._set_aside_triggers()
            self._set_aside_row_security()
            self._truncate(tables)

    def _make_schema(self, source: Source) -> None:
        before = self._entries(source.definition("pre-data"))
        after = self._entries(source.definition("post-data"))
        refuse_missing_roles(self._connection, self._where, [*before, *after])
        self.left_out += tuple(source.left_out())
        self._connection.execute(PREAMBLE)
        self._carry_out(entry for entry in before if entry.kind not in GRANTS)
        granting = tuple(entry for entry in before if entry.kind in GRANTS)
        self._post_data = in_order((*granting, *after))

    def _entries(self, text: str) -> list[Entry]:
        return list(self._roles.applied(wanted(parse(text))))

    def _carry_out(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            with mapped(f"{self._where}: {entry.where}"):
                perform(self._connection, self._where, entry)

    def _is_empty(self) -> bool:
        (some,) = self._row(
            f"""
            SELECT EXISTS (
                SELECT FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE {_OWN} AND NOT EXISTS (
                    SELECT FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_class'::regclass
                      AND d.objid = c.oid AND d.deptype = 'e'))
            """  # noqa: S608 - a constant
        )
        return not some

    def _set_aside_constraints(self) -> None:
        """Foreign keys, and what production's own rows need not satisfy: checks not valid."""
        found = self._connection.execute(
            f"""
            SELECT n.nspname, c.relname, k.conname, pg_catalog.pg_get_constraintdef(k.oid),
                   pg_catalog.obj_description(k.oid, 'pg_constraint')
            FROM pg_catalog.pg_constraint k
            JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE {_OWN}
              AND (k.contype = 'f' AND k.conparentid = 0
                   OR k.contype = 'c' AND NOT k.convalidated AND k.coninhcount = 0)
            ORDER BY 1, 2, 3
            """  # noqa: S608 - a constant
        ).fetchall()
        for schema, table, name, definition, comment in found:
            names = {"table": sql.Identifier(schema, table), "name": sql.Identifier(name)}
            drop = sql.SQL("ALTER TABLE {table} DROP CONSTRAINT {name}").format(**names)
            self._connection.execute(drop)
            add = sql.SQL("ALTER TABLE {table} ADD CONSTRAINT {name} ").format(**names)
            where = f"table {schema}.{table}, constraint {name}"
            self._later(where, add.as_string(self._connection) + definition)
            if comment is not None:
                say = sql.SQL("COMMENT ON CONSTRAINT {name} ON {table} IS {comment}")
                text = say.format(comment=sql.Literal(comment), **names)
                self._later(where, text.as_string(self._connection))

    def _set_aside_triggers(self) -> None:
        found = self._connection.execute(
            f"""
            SELECT n.nspname, c.relname, t.tgname, t.tgenabled::text
            FROM pg_catalog.pg_trigger t
            JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND c.relkind IN ('r', 'p') AND {_OWN}
            ORDER BY 1, 2, 3
            """  # noqa: S608 - a constant
        ).fetchall()
        modes = {"O": "ENABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}
        for schema, table, name, enabled in found:
            alter = sql.SQL("ALTER TABLE ONLY {} {} TRIGGER {}")
            names = sql.Identifier(schema, table), sql.Identifier(name)
            disable = alter.format(names[0], sql.SQL("DISABLE"), names[1])
            enable = alter.format(names[0], sql.SQL(modes[enabled]), names[1])
            self._connection.execute(disable)
            self._later(f"table {schema}.{table}", enable.as_string(self._connection))

    def _set_aside_row_security(self) -> None:
        """FORCE holds for a table's owner too, who could then not fill it."""
        found = self._connection.execute(
            f"""
            SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relforcerowsecurity AND {_OWN} ORDER BY 1, 2
            """  # noqa: S608 - a constant
        ).fetchall()
        for name in found:
            alter = sql.SQL("ALTER TABLE {} {} ROW LEVEL SECURITY")
            table = sql.Identifier(*name)
            self._connection.execute(alter.format(table, sql.SQL("NO FORCE")))
            force = alter.format(table, sql.SQL("FORCE"))
            self._later(f"table {name[0]}.{name[1]}", force.as_string(self._connection))

    def _later(self, where: str, statement: str) -> None:
        self._put_back.append(_Undone(where, statement))

    def _truncate(self, tables: Sequence[TableName]) -> None:
        if tables:
            # ONLY: what inherits from a table is emptied if it is named, too.
            names = sql.SQL(", ONLY ").join(map(table_sql, tables))
            self._connection.execute(sql.SQL("TRUNCATE ONLY {}").format(names))

    def load(
        self, table: TableName, columns: Sequence[str], part: int | None = None
    ) -> AbstractContextManager[Callable[[bytes], None]]:
        """Copies rows into an empty table; a second part of it is as good, in one transaction.

        Raises:
            DataError: a row does not fit, or fewer rows arrived than were sent.
        """
        where = f"{self._where}: {table}"
        return copied(self._connection, where, table, columns)

    def cancel(self) -> None:
        """Asks the server to end what it is doing for us; from any thread."""
        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=_CANCEL_SECONDS)

    def finish(self, counters: Sequence[Counter]) -> None:
        """Sets the sequences, makes or puts back the constraints, commits, analyses.

        Raises:
            DataError: a constraint does not hold for the masked rows.
        """
        with mapped(self._where):
            for counter in counters:
                self._set(counter)
        self._carry_out(self._post_data)
        for where, statement in self._put_back:
            with mapped(f"{self._where}: {where}"):
                self._connection.execute(statement)
        with mapped(self._where):
            if not self._post_data:
                self._refresh_views()
            self._connection.execute("COMMIT")
            self._connection.execute("ANALYZE")

    def _set(self, counter: Counter) -> None:
        # setval alone cannot be undone. RESTART gives the sequence a new file, which a rollback
        # throws away together with what setval wrote into it.
        restart = sql.SQL("ALTER SEQUENCE {} RESTART").format(table_sql(counter.name))
        self._connection.execute(restart)
        name = table_sql(counter.name).as_string(self._connection)
        self._connection.execute(
            "SELECT pg_catalog.setval(%s::regclass, %s, %s)", (name, counter.last, counter.called)
        )

    def _refresh_views(self) -> None:
        found = self._connection.execute(
            f"""
            SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'm' AND c.relispopulated AND {_OWN}
            ORDER BY c.oid
            """  # noqa: S608 - a constant
        ).fetchall()
        for name in found:
            view = sql.Identifier(*name)
            self._connection.execute(sql.SQL("REFRESH MATERIALIZED VIEW {}").format(view))
