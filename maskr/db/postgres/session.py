"""Connections to PostgreSQL, pinned so that both ends write a value the same way."""

import logging
from typing import Any

import psycopg
from psycopg import conninfo, sql

from maskr.db import Identity
from maskr.db.postgres.failures import describe, mapped, unreachable
from maskr.errors import UnavailableError, UsageError
from maskr.model import TableName

# It would tell, past our own messages, of errors that closing a lost connection meets.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

# The text of a date, a float or a bytea depends on these; a search_path that a role or a database
# has set could bend what a name means (CVE-2018-1058), so there is none.
_PINNED = {
    "client_encoding": "UTF8",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "search_path": "pg_catalog, pg_temp",
    "xmloption": "content",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
# Each is known from some version on: a session that waits for its turn must not be ended for it.
_NO_LIMITS = """
    SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings
    WHERE name IN ('idle_session_timeout', 'transaction_timeout')
"""
_OLDEST_SERVER = 120000


def connect(dsn: str, settings: dict[str, str]) -> psycopg.Connection:
    """A connection with pinned settings and ``settings`` on top; no transaction is open yet.

    Args:
        dsn: libpq's: a URI, ``key=value``, ``service=``; PG* variables and files are honoured.
        settings: names and values of further server settings.

    Raises:
        UsageError: the DSN cannot be read.
        UnavailableError: no such server, user, password or database, or the server is too old.
    """
    given = parts(dsn)
    ours = {"application_name": "maskr", "connect_timeout": "10"}
    missing = {name: value for name, value in ours.items() if name not in given}
    try:
        connection = psycopg.connect(conninfo.make_conninfo(dsn, **missing), autocommit=True)
    except psycopg.Error as error:
        raise unreachable(error, dsn) from None
    with mapped(describe(dsn)):
        if connection.info.server_version < _OLDEST_SERVER:
            version = connection.info.server_version // 10000
            connection.close()
            raise UnavailableError(
                describe(dsn), f"PostgreSQL {version} is too old", "12 is the oldest supported"
            )
        for name, value in (_PINNED | settings).items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        connection.execute(_NO_LIMITS)
    connection.prepare_threshold = None
    return connection


def parts(dsn: str) -> dict[str, Any]:
    """What a DSN says, by libpq's parameter names.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return conninfo.conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        # libpq quotes the piece that it cannot read: perhaps the password.
        raise UsageError("DSN", "this is no connection string", "see libpq's manual") from None


def same_server(dsn: str, connection: psycopg.Connection, dbname: str | None = None) -> str:
    """``dsn`` narrowed to the very server that ``connection`` has found, and to a database there.

    A DSN may name several hosts, and a host's name several addresses.
    """
    info = connection.info
    address = {"hostaddr": info.hostaddr} if info.hostaddr else {}
    return conninfo.make_conninfo(
        dsn, host=info.host, port=info.port, dbname=dbname or info.dbname, **address
    )


def identity(connection: psycopg.Connection) -> Identity:
    """Which database the connection leads to."""
    row = connection.execute(
        """
        SELECT system_identifier, d.oid::bigint, d.datname
        FROM pg_catalog.pg_control_system(), pg_catalog.pg_database d
        WHERE d.datname = pg_catalog.current_database()
        """
    ).fetchone()
    assert row is not None  # noqa: S101 - the current database is in pg_database
    return Identity(*row)


def table_sql(name: TableName) -> sql.Identifier:
    """The table's name as SQL, quoted."""
    return sql.Identifier(*name)


def columns_sql(names: tuple[str, ...] | list[str]) -> sql.Composed:
    """Column names as SQL, quoted, with commas."""
    return sql.SQL(", ").join(map(sql.Identifier, names))
