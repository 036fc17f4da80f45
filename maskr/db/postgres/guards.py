"""What keeps maskr from writing where nothing may be written."""

import psycopg

from maskr.errors import RefusedError, TryAgainError

# Any two maskr runs that write into one database want the same lock: "maskr" in ASCII.
_LOCK = 0x6D61736B72
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
    row = connection.execute("SELECT pg_catalog.pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
    if row is None or not row[0]:
        raise TryAgainError(where, "another maskr is writing to it", "wait until it is done")


def is_mark(setting: str) -> bool:
    """Whether ``name=value`` is the mark of production: it never goes over to staging.

    >>> is_mark("maskr.production=on")
    True
    """
    return setting.partition("=")[0].lower() == "maskr.production"
