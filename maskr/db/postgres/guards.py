"""What keeps maskr from writing where it may not, and from reading what is not there."""

import time
import zlib
from collections.abc import Iterable
from typing import LiteralString

import psycopg

from maskr.errors import RefusedError, TryAgainError, UnavailableError
from maskr.model import TableName

# Any two maskr runs that write into one database want the same lock: "maskr" in ASCII.
_LOCK = 0x6D61736B72
# And two that build one database beside it, wherever they stand: "mskr", with its name.
_BUILD_LOCK = 0x6D736B72
# The server takes a moment to notice that the run before this one has ended.
_TRIES, _TRY_SECONDS = 20, 0.1
_MARK = "maskr: production"
_ON = ("on", "true", "yes", "1")


def refuse_standby(connection: psycopg.Connection, where: str) -> None:
    """Refuses a server in recovery.

    Raises:
        RefusedError: it is a standby.
    """
    row = connection.execute("SELECT pg_catalog.pg_is_in_recovery()").fetchone()
    if row is not None and row[0]:
        raise RefusedError(where, "this is a standby", "name its primary as the target")


def refuse_unlogged(
    connection: psycopg.Connection, where: str, tables: Iterable[TableName]
) -> None:
    """Refuses to read from a standby what is not replicated to it.

    Raises:
        UnavailableError: it is a standby, and some of ``tables`` are unlogged.
    """
    found = connection.execute(
        """
        SELECT n.nspname, c.relname
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery()
        ORDER BY 1, 2
        """
    ).fetchall()
    wanted = set(tables)
    unlogged = [str(name) for row in found if (name := TableName(*row)) in wanted]
    if unlogged:
        raise UnavailableError(
            where,
            f"a standby has no rows of unlogged tables: {', '.join(unlogged)}",
            "say `rows: none` of them in the policy, or read from the primary",
        )


def refuse_production(connection: psycopg.Connection, where: str, database: int) -> None:
    """Refuses a database that bears the mark of production, for ever.

    The mark is ``maskr: production`` in the comment of the database, or the setting
    ``maskr.production = on`` of the server, the role or the database.

    Raises:
        RefusedError: it is marked.
    """
    row = connection.execute(
        """
        SELECT pg_catalog.shobj_description(%s::oid, 'pg_database'),
               pg_catalog.current_setting('maskr.production', true),
               ARRAY(SELECT s FROM pg_catalog.pg_db_role_setting,
                                   pg_catalog.unnest(setconfig) AS s
                     WHERE setdatabase = %s::oid)
        """,
        (database, database),
    ).fetchone()
    assert row is not None  # noqa: S101 - a SELECT without FROM gives one row
    comment, setting, others = row
    values = [setting or "", *(text.partition("=")[2] for text in others if is_mark(text))]
    if _MARK in (comment or "").lower() or any(value.lower() in _ON for value in values):
        raise RefusedError(
            where,
            "it is marked as production",
            "name a staging database; the mark is its comment or its setting maskr.production",
        )


def lock_database(connection: psycopg.Connection, where: str) -> None:
    """Keeps other runs out of this connection's database while the connection lives.

    Raises:
        TryAgainError: another run has it.
    """
    _lock(connection, where, "SELECT pg_catalog.pg_try_advisory_lock(%s)", _LOCK)


def lock_name(connection: psycopg.Connection, where: str, name: str) -> None:
    """Keeps other runs from building the database ``name`` while the connection lives.

    Raises:
        TryAgainError: another run does.
    """
    number = zlib.crc32(name.encode()) - (1 << 31)  # an int4
    query: LiteralString = "SELECT pg_catalog.pg_try_advisory_lock(%s, %s)"
    _lock(connection, where, query, _BUILD_LOCK, number)


def _lock(connection: psycopg.Connection, where: str, query: LiteralString, *numbers: int) -> None:
    for _ in range(_TRIES):
        row = connection.execute(query, numbers).fetchone()
        if row is not None and row[0]:
            return
        time.sleep(_TRY_SECONDS)
    raise TryAgainError(where, "another maskr is writing to it", "wait until it is done")


def is_mark(setting: str) -> bool:
    """Whether ``name=value`` is the mark of production: it never goes over to staging.

    >>> is_mark("maskr.production=on")
    True
    """
    return setting.partition("=")[0].lower() == "maskr.production"
