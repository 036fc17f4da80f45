"""Staging built anew beside the old one, which stays as it is until the very end.

`prepare` makes a database ``<target>__next``, `load` fills its tables in a transaction each,
`finish` makes indexes and constraints, looks whether all is there, and swaps the names in one
transaction. A run that dies before that leaves the old staging untouched; the next run clears away
what it left.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

import psycopg
from psycopg import conninfo

from maskr.db import Counter, Identity, LargeObjects, Source
from maskr.db.postgres import construct, databases, guards, largeobjects, session
from maskr.db.postgres.failures import describe, mapped, unreachable
from maskr.db.postgres.loading import Loads
from maskr.db.postgres.roles import Roles, refuse_missing_roles
from maskr.db.postgres.script import GRANTS, PREAMBLE, Entry, parse, wanted
from maskr.db.postgres.sessions import PAUSES, Sessions
from maskr.db.postgres.swap import swap
from maskr.errors import DataError, RefusedError, TryAgainError, UnavailableError
from maskr.model import Schema, TableName

_REFILL = "or use --load refill, which fills the database that is there"
_HOMES = ("postgres", "template1")  # where a session stands while databases are renamed
# Commits are waited for: a staging that crashes must not forget a table that counts as loaded.
_BUILDING = {
    "maintenance_work_mem": "256MB",  # sorts of the indexes in memory
    "synchronous_commit": "on",
}


@dataclass(frozen=True, slots=True)
class Rebuild:
    """How to build.

    Attributes:
        keep_previous: how many former stagings are kept, under names with their time.
        jobs: indexes and constraints that are made at a time.
    """

    keep_previous: int = 0
    roles: Roles = field(default_factory=Roles)
    large_objects: LargeObjects = LargeObjects.REFUSE
    jobs: int = 4


class RebuildSink:
    """A new staging, from its first table to its name."""

    parallel = True
    pauses: Sequence[float] = PAUSES

    def __init__(self, dsn: str, how: Rebuild | None = None) -> None:
        """Connects to the server; writes nothing.

        Raises:
            UnavailableError: the server cannot be reached.
            RefusedError: it is a standby, the target is marked as production, or the user may not
                make and rename databases.
            TryAgainError: another run is writing to the target.
        """
        self._how = how or Rebuild()
        self._dsn = dsn
        self._where = f"target {describe(dsn)}"
        self._target = _database_name(dsn)
        self._next = databases.beside(self._target, "__next")
        self._server = _home(dsn, self._target, self._where)
        self._home = session.same_server(dsn, self._server)
        self._servers = Sessions(self._home, {}, "")
        self._guest: psycopg.Connection | None = None
        self._sessions: Sessions | None = None
        self._loads = Loads()
        self.left_out: tuple[str, ...] = ()
        try:
            with mapped(self._where):
                self._door = databases.find(self._server, self._target)
                self.identity = Identity(
                    session.identity(self._server).system,
                    self._door.oid if self._door else 0,
                    self._target,
                )
                self._guard()
        except BaseException:
            self._close()
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
        """Ends its sessions, and drops what has not become the new staging."""
        if self._sessions is not None:
            self._sessions.close()
            # What cannot be dropped now (the server may be gone) the next run clears away.
            with suppress(psycopg.Error, UnavailableError), self._servers.one() as server:
                databases.drop(server, self._next)
        self._close()

    def _close(self) -> None:
        self._servers.close()
        for connection in (self._guest, self._server):
            if connection is not None:
                with suppress(psycopg.Error):
                    connection.close()

    def _guard(self) -> None:
        guards.refuse_standby(self._server, self._where)
        self._refuse_powerless()
        guards.lock_name(self._server, self._where, self._target)
        if self._door is not None:
            guards.refuse_production(self._server, self._where, self._door.oid)
            # A refill locks inside of the database itself.
            self._guest = session.connect(self._dsn, {})
            guards.lock_database(self._guest, self._where)

    def _refuse_powerless(self) -> None:
        row = self._server.execute(
            """
            SELECT rolsuper OR rolcreatedb,
                   NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = %s
                               AND NOT pg_catalog.pg_has_role(datdba, 'USAGE'))
            FROM pg_catalog.pg_roles WHERE rolname = current_user
            """,
            (self._target,),
        ).fetchone()
        creates, owns = row or (False, False)
        if not creates:
            raise RefusedError(
                self._where, "the user may not make databases", f"ALTER ROLE … CREATEDB, {_REFILL}"
            )
        if not owns:
            raise RefusedError(
                self._where,
                "the database belongs to somebody else, so it cannot be renamed",
                f"ALTER DATABASE … OWNER TO the user, {_REFILL}",
            )

    def prepare(self, source: Source, schema: Schema, tables: Sequence[TableName]) -> None:
        """Makes the new database, with every table of production in it, empty.

        Raises:
            RefusedError: a role is missing, or large objects are undecided.
            DataError: an extension or the locale is missing.
        """
        self._refuse_source(source.identity)
        largeobjects.refuse_undecided(
            source, f"source {source.identity.name}", self._how.large_objects
        )
        self._setup = source.setup()
        before = self._entries(source.definition("pre-data"))
        after = self._entries(source.definition("post-data"))
        self._schema = schema
        self.left_out = tuple(source.left_out())
        with mapped(self._where):
            refuse_missing_roles(self._server, self._where, [*before, *after])
            self._refuse_missing_extensions()
            granting = [entry for entry in before if entry.kind in GRANTS]
            self._after = list(self._placed([*granting, *after]))
            first = list(self._placed(entry for entry in before if entry.kind not in GRANTS))
            databases.clear_leftover(self._server, self._next, self._target)
            self._create()
        construct.make_first(self._new, self._where, first)
        with mapped(self._where), self._new.one() as connection, connection.transaction():
            self.left_out += largeobjects.bring(source, connection, self._how.large_objects)

    @property
    def _new(self) -> Sessions:
        assert self._sessions is not None  # noqa: S101 - prepare comes first
        return self._sessions

    def _refuse_source(self, source: Identity) -> None:
        """The names that are ours to drop must not be production's."""
        if source.system == self.identity.system and source.name == self._next:
            raise RefusedError(
                self._where,
                f"the source stands where the new staging would be built: {self._next}",
                "name another --target",
            )

    def _entries(self, text: str) -> list[Entry]:
        return list(self._how.roles.applied(wanted(parse(text))))

    def _refuse_missing_extensions(self) -> None:
        missing = databases.missing_extensions(self._server, self._setup.extensions)
        if missing:
            raise DataError(
                self._where,
                f"its server cannot make the extension{'s' if missing[1:] else ''} "
                + ", ".join(missing),
                "install what provides them on staging's server",
            )

    def _create(self) -> None:
        databases.create(self._server, self._next, self._setup, self._door)
        dsn = session.same_server(self._dsn, self._server, self._next)
        self._sessions = Sessions(dsn, _BUILDING, PREAMBLE)
        databases.mark_next(self._server, self._next, self._target)
        self._number = databases.number(self._server, self._next)

    def _placed(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The entries, without the tablespaces that this server does not have."""
        found = self._server.execute("SELECT pg_catalog.quote_ident(spcname) FROM pg_tablespace")
        known = {f"SET default_tablespace = {name};" for (name,) in found}
        known.add("SET default_tablespace = '';")
        for entry in entries:
            lines = entry.settings.splitlines()
            lost = [line for line in lines if "_tablespace" in line and line not in known]
            for line in lost:
                said = f"tablespace {line[len('SET default_tablespace = ') : -1]}"
                if said not in self.left_out:
                    self.left_out += (said,)
            kept = "".join(f"{line}\n" for line in lines if line not in lost)
            yield replace(entry, settings=kept) if lost else entry

    def load(
        self, table: TableName, columns: Sequence[str], part: int | None = None
    ) -> AbstractContextManager[Callable[[bytes], None]]:
        """Fills a table, or a part of it, in a transaction of its own.

        Raises:
            DataError: a row does not fit, or fewer rows arrived than were sent.
            TargetLostError: the connection is gone; the same rows may be loaded anew.
        """
        return self._loads.load(self._new, f"{self._where}: {table}", table, columns, part)

    def cancel(self) -> None:
        """Breaks off every statement, and lets nothing be tried again; from any thread."""
        if self._sessions is not None:
            self._sessions.cancel()

    def finish(self, counters: Sequence[Counter]) -> None:
        """Makes what comes after the rows, looks whether all is there, and swaps the names.

        Raises:
            DataError: a constraint does not hold for the masked rows, or something is missing.
            TryAgainError: somebody's session could not be ended, or the server was lost for long.
        """
        construct.set_counters(self._new, self._where, counters)
        construct.make_rest(self._new, self._where, self._after, self._how.jobs)
        construct.analyse(self._new, self._where, self._how.jobs)
        construct.refuse_missing_rows(self._new, self._where, self._loads.rows(), self._how.jobs)
        construct.refuse_other_schema(self._new, self._where, self._schema)
        self._new.close()
        self._swap()
        self._sessions = None  # there is nothing to drop any more
        self._tidy()

    def _swap(self) -> None:
        """Furnishes the new database and gives it its name, on a new session if need be."""
        if self._guest is not None:
            self._guest.close()

        def do(server: psycopg.Connection, again: bool) -> None:
            if again and databases.number(server, self._target) == self._number:
                return  # the first try was one, only its answer was lost
            if databases.number(server, self._next) != self._number:
                raise TryAgainError(self._where, "another maskr has begun anew", "wait for it")
            refused = databases.furnish(server, self._next, self._setup, self._door)
            swap(server, self._home, self._target, self._next, self._door)
            self.left_out += tuple(refused)

        with mapped(self._where):
            self._servers.patiently(do)

    def _tidy(self) -> None:
        """Drops former stagings beyond those to keep; staging is the new one by now."""
        name = ""
        try:
            with self._servers.one() as server:
                former = databases.previous(server, self._target)
                for name in former[self._how.keep_previous :]:
                    databases.drop(server, name)
        except (psycopg.Error, UnavailableError):
            self.left_out += (f"dropping the former staging {name}: the next run tries again",)


def _database_name(dsn: str) -> str:
    """The target's name: as the DSN gives it, else as libpq finds it in a service or PG* variables.

    It need not be there yet: a connection is only begun for it, which settles all parameters.

    Raises:
        UsageError: the DSN cannot be read.
        UnavailableError: it names a service that is not there.
    """
    name = session.parts(dsn).get("dbname")
    if name:
        return str(name)
    begun = psycopg.pq.PGconn.connect_start(dsn.encode())
    try:
        settled = next((each.val for each in begun.info if each.keyword == b"dbname"), None)
        if not settled:
            raise unreachable(psycopg.OperationalError(begun.get_error_message()), dsn)
        return settled.decode()
    finally:
        begun.finish()


def _home(dsn: str, target: str, where: str) -> psycopg.Connection:
    """A session on the target's server, in none of the databases that will be renamed."""
    failure: UnavailableError | None = None
    for home in _HOMES:
        if home == target:
            continue
        try:
            return session.connect(conninfo.make_conninfo(dsn, dbname=home), {})
        except UnavailableError as error:
            failure = failure or error
    with suppress(UnavailableError), session.connect(dsn, {}):
        raise RefusedError(
            where,
            f"the user may not connect to {' or '.join(_HOMES)}, from where a database is renamed",
            f"GRANT CONNECT there, {_REFILL}",
        )
    assert failure is not None  # noqa: S101 - at least one home is not the target
    raise failure
