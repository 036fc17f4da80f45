"""The moment in which a new staging takes the old one's name: one transaction.

Renaming a database locks it against new sessions and waits five seconds for those in it to leave
(dbcommands.c, RenameDatabase and CountOtherDBBackends). So the sessions are ended while the rename
waits: none can come back in between, and no connection limit is left behind by a run that dies.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import psycopg
from psycopg import sql

from maskr.db.postgres import databases, session

# What a plain user sees of another one's session is who and where, but not of which kind it is:
# only those of users are joined. One of a superuser's would refuse, and end the statement.
_END_SESSIONS = """
    SELECT pg_catalog.pg_terminate_backend(a.pid)
    FROM pg_catalog.pg_stat_activity a
    JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid
    JOIN pg_catalog.pg_roles we ON we.rolname = current_user
    WHERE a.datname = ANY (%s) AND a.pid <> pg_catalog.pg_backend_pid()
      AND (we.rolsuper OR NOT r.rolsuper)
"""
_AGAIN_SECONDS = 0.05


def swap(
    connection: psycopg.Connection, dsn: str, target: str, new: str, door: databases.Door | None
) -> None:
    """Gives ``new`` the name ``target``, and the one that has it (``door``) a name of the past.

    Args:
        connection: in another database of the same server, in autocommit.
        dsn: of that other database, for a second session there.
    """
    # Sorts by its time, and is a new one every time.
    stamp = datetime.now(UTC).strftime("__%Y%m%dT%H%M%S%fZ")
    with _sessions_ended(dsn, [target, new]), connection.transaction():
        if door is not None:
            former = databases.beside(target, stamp)
            _rename(connection, target, former)
            databases.mark_previous(connection, former, target)
        _rename(connection, new, target)
        databases.mark_own(connection, target, door)


def _rename(connection: psycopg.Connection, old: str, new: str) -> None:
    statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    connection.execute(statement.format(sql.Identifier(old), sql.Identifier(new)))


@contextmanager
def _sessions_ended(dsn: str, names: list[str]) -> Iterator[None]:
    """Ends every session in these databases, again and again, until the block is left."""
    done = threading.Event()

    def work() -> None:
        # Without the right to end a session the rename fails on it, and says so.
        with suppress(psycopg.Error), session.connect(dsn, {}) as ender:
            while not done.is_set():
                ender.execute(_END_SESSIONS, (names,))
                done.wait(_AGAIN_SECONDS)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
