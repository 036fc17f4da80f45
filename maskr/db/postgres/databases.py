"""Databases as things of a server: made, marked, given their rights and settings, dropped.

A database that maskr makes says in its comment what it is, so that the run after a dead one knows
its leftovers from a database of somebody else's.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from maskr.db import Setup
from maskr.db.postgres.guards import is_mark
from maskr.db.postgres.script import IDENTIFIER
from maskr.errors import DataError, RefusedError

Setting = tuple[str | None, str, str]  # a role or None, a name, a value

_LONGEST = 63  # bytes of a name (manual, "Identifiers and Key Words")
_NEXT, _PREVIOUS = "maskr: next of ", "maskr: previous of "
# Settings that hold a list of names, stored quoted as they must be said again (guc_tables.c,
# GUC_LIST_QUOTE).
_LISTS = {
    "search_path",
    "local_preload_libraries",
    "session_preload_libraries",
    "temp_tablespaces",
}
_LIST = re.compile(rf"{IDENTIFIER}(?:, *{IDENTIFIER})*")
_INVALID_LOCALE = ("42809", "22023", "42704")


@dataclass(frozen=True, slots=True)
class Door:
    """What of a staging database is the database's own, and outlives what is in it.

    Attributes:
        grants: role (None for PUBLIC), privilege, with grant option; None for the default ones.
        settings: of every session in it, and of single roles in it.
    """

    oid: int
    owner: str
    tablespace: str
    limit: int
    comment: str | None
    grants: tuple[tuple[str | None, str, bool], ...] | None
    settings: tuple[Setting, ...]


def find(connection: psycopg.Connection, name: str) -> Door | None:
    """The database of that name, or None."""
    row = connection.execute(
        """
        SELECT d.oid::bigint, pg_catalog.pg_get_userbyid(d.datdba), t.spcname, d.datconnlimit,
               pg_catalog.shobj_description(d.oid, 'pg_database'), d.datacl IS NULL
        FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace
        WHERE d.datname = %s
        """,
        (name,),
    ).fetchone()
    if row is None:
        return None
    oid, owner, tablespace, limit, comment, default = row
    grants = connection.execute(
        """
        SELECT r.rolname, a.privilege_type, a.is_grantable
        FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a
        LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
        WHERE d.oid = %s AND (a.grantee = 0 OR r.oid IS NOT NULL)
        """,
        (oid,),
    ).fetchall()
    return Door(
        oid,
        owner,
        tablespace,
        limit,
        comment,
        None if default else tuple(grants),
        tuple(_settings(connection, oid)),
    )


def number(connection: psycopg.Connection, name: str) -> int | None:
    """The number of the database of that name, which a rename does not change."""
    found = find(connection, name)
    return found.oid if found else None


def _settings(connection: psycopg.Connection, oid: int) -> Iterator[Setting]:
    found = connection.execute(
        """
        SELECT r.rolname, s.setconfig FROM pg_catalog.pg_db_role_setting s
        LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
        WHERE s.setdatabase = %s AND (s.setrole = 0 OR r.oid IS NOT NULL)
        """,
        (oid,),
    )
    for role, texts in found:
        yield from ((role, *_split(text)) for text in texts if not is_mark(text))


def _split(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def read_setup(connection: psycopg.Connection) -> Setup:
    """How the database of this connection was made. Reads only."""
    row = connection.execute(
        """
        SELECT pg_catalog.to_jsonb(d), pg_catalog.pg_encoding_to_char(d.encoding), d.oid::bigint,
               ARRAY(SELECT extname::text FROM pg_catalog.pg_extension ORDER BY 1)
        FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
        """
    ).fetchone()
    assert row is not None  # noqa: S101 - every session is in a database
    facts, encoding, oid, extensions = row
    own = {name: value for role, name, value in _settings(connection, oid) if role is None}
    return Setup(_clauses(facts) | {"ENCODING": encoding}, own, tuple(extensions))


def _clauses(facts: Mapping[str, str | None]) -> dict[str, str]:
    """A locale comes from libc, from ICU since 15, from PostgreSQL itself since 17."""
    locale = facts.get("datlocale") or facts.get("daticulocale")
    wanted = {"LC_COLLATE": facts["datcollate"], "LC_CTYPE": facts["datctype"]}
    match facts.get("datlocprovider"):
        case "i":
            wanted |= {"LOCALE_PROVIDER": "icu", "ICU_LOCALE": locale}
            wanted |= {"ICU_RULES": facts.get("daticurules")}
        case "b":
            wanted |= {"LOCALE_PROVIDER": "builtin", "BUILTIN_LOCALE": locale}
        case "c":
            wanted |= {"LOCALE_PROVIDER": "libc"}
    return {name: value for name, value in wanted.items() if value is not None}


def beside(name: str, suffix: str) -> str:
    """A name for a database next to ``name``, cut to what a name may hold.

    >>> beside("shop", "__next")
    'shop__next'
    """
    room = _LONGEST - len(suffix.encode())
    return name.encode()[:room].decode("utf-8", "ignore") + suffix


def create(connection: psycopg.Connection, name: str, setup: Setup, door: Door | None) -> None:
    """Makes an empty database with production's encoding and locale.

    Raises:
        DataError: the server has no such locale.
    """
    clauses = [
        sql.SQL("{} {}").format(sql.SQL(clause), sql.Literal(value))
        for clause, value in setup.clauses.items()
    ]
    if door is not None:
        clauses.append(sql.SQL("OWNER {}").format(sql.Identifier(door.owner)))
        if door.tablespace != "pg_default":  # to name it takes a right that to have it does not
            clauses.append(sql.SQL("TABLESPACE {}").format(sql.Identifier(door.tablespace)))
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0 {}")
    try:
        connection.execute(statement.format(sql.Identifier(name), sql.SQL(" ").join(clauses)))
    except psycopg.Error as error:
        if error.sqlstate not in _INVALID_LOCALE:
            raise
        wanted = ", ".join(f"{clause} {value}" for clause, value in setup.clauses.items())
        raise DataError(
            f"database {name}",
            f"the server cannot make it like production: {wanted}",
            "install that locale there, or make the staging yourself and use --load refill",
        ) from None


def mark_next(connection: psycopg.Connection, name: str, target: str) -> None:
    """Says in the comment of ``name`` that it is being built to become ``target``."""
    _comment(connection, name, _NEXT + target)


def mark_previous(connection: psycopg.Connection, name: str, target: str) -> None:
    """Says in the comment of ``name`` that it has been ``target``."""
    _comment(connection, name, _PREVIOUS + target)


def mark_own(connection: psycopg.Connection, name: str, door: Door | None) -> None:
    """Gives the database the comment of its predecessor back."""
    _comment(connection, name, door.comment if door else None)


def _comment(connection: psycopg.Connection, name: str, text: str | None) -> None:
    statement = sql.SQL("COMMENT ON DATABASE {} IS {}")
    connection.execute(statement.format(sql.Identifier(name), sql.Literal(text)))


def previous(connection: psycopg.Connection, target: str) -> list[str]:
    """The databases that have been ``target``, the latest first."""
    found = connection.execute(
        """
        SELECT datname FROM pg_catalog.pg_database
        WHERE pg_catalog.shobj_description(oid, 'pg_database') = %s ORDER BY datname DESC
        """,
        (_PREVIOUS + target,),
    )
    return [name for (name,) in found]


def clear_leftover(connection: psycopg.Connection, name: str, target: str) -> None:
    """Drops what a run that died has left under that name.

    Raises:
        RefusedError: the database of that name is not maskr's.
    """
    found = find(connection, name)
    if found is None:
        return
    # A run that died between CREATE DATABASE and the comment has put nothing into it.
    if found.comment != _NEXT + target and not _untouched(connection, name, found):
        raise RefusedError(
            f"database {name}",
            f"it stands where the next {target} would be built, and maskr did not make it",
            "rename it, or drop it",
        )
    drop(connection, name)


def _untouched(connection: psycopg.Connection, name: str, door: Door) -> bool:
    """A database without a comment, a setting or more in it than template0 has: about 8 MB."""
    row = connection.execute(
        """
        SELECT pg_catalog.pg_database_size(%s::name) <= pg_catalog.pg_database_size(oid) + 1048576
        FROM pg_catalog.pg_database WHERE datname = 'template0'
        """,
        (name,),
    ).fetchone()
    return door.comment is None and not door.settings and row is not None and bool(row[0])


def drop(connection: psycopg.Connection, name: str) -> None:
    """Ends every session in the database and drops it."""
    force = " WITH (FORCE)" if connection.info.server_version >= 130_000 else ""
    statement = sql.SQL("DROP DATABASE IF EXISTS {}" + force)
    connection.execute(statement.format(sql.Identifier(name)))


def furnish(
    connection: psycopg.Connection, name: str, setup: Setup, door: Door | None
) -> list[str]:
    """Gives a new database its rights and settings: staging's own go before production's.

    Returns:
        Production's settings that this server or this user would not have, for the report.
    """
    own = door.settings if door else ()
    if door is not None:
        _grant(connection, name, door)
    for setting in own:
        connection.execute(_set(name, setting))
    refused = []
    taken = {setting for role, setting, _ in own if role is None}
    for parameter in setup.settings.keys() - taken:
        try:
            connection.execute(_set(name, (None, parameter, setup.settings[parameter])))
        except (psycopg.errors.InsufficientPrivilege, psycopg.DataError, psycopg.ProgrammingError):
            refused.append(f"setting {parameter} of the database (the target does not take it)")
    return sorted(refused)


def _grant(connection: psycopg.Connection, name: str, door: Door) -> None:
    database = sql.Identifier(name)
    limit = sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}")
    connection.execute(limit.format(database, sql.Literal(door.limit)))
    if door.grants is None:
        return
    owner = sql.Identifier(door.owner)
    revoke = sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC, {}")
    connection.execute(revoke.format(database, owner))
    for role, privilege, grantable in door.grants:
        grantee = sql.SQL("PUBLIC") if role is None else sql.Identifier(role)
        statement = sql.SQL("GRANT {} ON DATABASE {} TO {}").format(
            sql.SQL(privilege), database, grantee
        )
        further = sql.SQL(" WITH GRANT OPTION") if grantable else sql.SQL("")
        connection.execute(statement + further)


def _set(database: str, setting: Setting) -> sql.Composed:
    role, name, value = setting
    quoted: sql.Composable = sql.Literal(value)
    if name in _LISTS and _LIST.fullmatch(value):
        quoted = sql.SQL(value)
    subject = sql.SQL("DATABASE {}").format(sql.Identifier(database))
    if role is not None:
        subject = sql.SQL("ROLE {} IN ").format(sql.Identifier(role)) + subject
    parameter = sql.Identifier(*name.split("."))
    return sql.SQL("ALTER {} SET {} TO {}").format(subject, parameter, quoted)


def missing_extensions(connection: psycopg.Connection, wanted: Iterable[str]) -> list[str]:
    """Which of these extensions the server cannot make."""
    found = connection.execute("SELECT name FROM pg_catalog.pg_available_extensions")
    return sorted(set(wanted) - {name for (name,) in found})
