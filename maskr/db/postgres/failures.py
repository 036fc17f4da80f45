"""PostgreSQL's errors, mapped at the edge to maskr's.

A server quotes values, even in its primary message (``invalid input syntax for type integer:
"Anna"``), so no text of a server's error about data goes any further: what is told is its
sqlstate, table, column, constraint and row number. Sqlstates: PostgreSQL manual, Appendix A.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import conninfo

from maskr.errors import (
    DataError,
    MaskrError,
    RefusedError,
    TryAgainError,
    UnavailableError,
)

#: What to do where a standby has cancelled a query whose snapshot stood in the way of replay.
SNAPSHOT_HINT = "run it again; on a standby, hot_standby_feedback = on keeps snapshots alive"

# By sqlstate, or by its class (the first two characters) where no whole one is listed.
_KINDS: dict[str, tuple[type[MaskrError], str, str]] = {
    "22": (DataError, "a value does not fit its column", "give the column a mask that fits"),
    "23": (DataError, "a constraint is violated", "check the rules of the columns it names"),
    "23502": (DataError, "a NULL where none may stand", "give the column another mask"),
    "23503": (
        DataError,
        "a foreign key does not hold",
        "both sides need one rule, and the same rows (where, rows)",
    ),
    "23505": (DataError, "two rows have one key", "give the column a mask that cannot collide"),
    "23514": (
        DataError,
        "a CHECK constraint is violated",
        "give its columns masks that satisfy it",
    ),
    "25006": (RefusedError, "the session is read-only", "name a database that may be written to"),
    "28": (UnavailableError, "the server refused the user or the password", "check the DSN"),
    "3D": (UnavailableError, "there is no such database", "check the DSN"),
    "40": (TryAgainError, "the transaction was undone by another one", "run it again"),
    # Also what a standby says whose replay cannot wait (procarray.c, standby.c).
    "40001": (TryAgainError, "a snapshot was lost to what another session wrote", SNAPSHOT_HINT),
    "42P01": (TryAgainError, "a table is gone: the schema changed under way", "run it again"),
    "42703": (TryAgainError, "a column is gone: the schema changed under way", "run it again"),
    "42501": (RefusedError, "the user may not do this", "grant it, or use another user"),
    "53": (UnavailableError, "the server ran out of disk, memory or connections", "make room"),
    "53300": (TryAgainError, "the server has no connection left", "run it again"),
    "54": (DataError, "a limit of the server is exceeded", "see the server's log"),
    "55P03": (TryAgainError, "a lock could not be had in time", "run it again when it is free"),
    "55006": (TryAgainError, "somebody else is using it", "run it again when it is free"),
    "57014": (TryAgainError, "the server cancelled the statement", "run it again"),
    "57": (TryAgainError, "the server ended the session", "run it again when it is up"),
    "58": (UnavailableError, "the server met a system error", "see the server's log"),
    "XX": (UnavailableError, "the server met an internal error", "see the server's log"),
    "72": (TryAgainError, "the snapshot is too old", "run it again"),
    "08": (TryAgainError, "the connection was lost", "run it again"),
}
_COPY_CONTEXT = re.compile(r"^COPY .*?, line (\d+)(?:, column ([^:\n]+))?", re.MULTILINE)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


@contextmanager
def mapped(where: str) -> Iterator[None]:
    """Turns a psycopg error inside the block into maskr's own, without its text.

    Raises:
        MaskrError: of the class that the sqlstate calls for.
    """
    try:
        yield
    except psycopg.Error as error:
        raise translated(error, where) from None


def translated(error: psycopg.Error, where: str) -> MaskrError:
    """maskr's error for psycopg's: sqlstate, names and row number, never a value."""
    state = error.sqlstate
    if state is None:
        if isinstance(error, psycopg.OperationalError):
            return TryAgainError(where, "the connection was lost", "run it again")
        return MaskrError(where, f"psycopg raised {type(error).__name__}", "report this")
    kind, what, hint = (
        _KINDS.get(state)
        or _KINDS.get(state[:2])
        or (
            DataError,
            "the server refused a statement",
            "see the server's log",
        )
    )
    return kind(_located(error, where), f"{what} (sqlstate {state})", hint)


def _located(error: psycopg.Error, where: str) -> str:
    diag = error.diag
    context = _COPY_CONTEXT.search(diag.context or "")
    column = diag.column_name or (context[2] if context else None)
    parts = [
        f"table {diag.schema_name}.{diag.table_name}" if diag.table_name else "",
        f"column {column}" if column else "",
        f"constraint {diag.constraint_name}" if diag.constraint_name else "",
        f"row {context[1]}" if context else "",
    ]
    told = ", ".join(part for part in parts if part)
    return f"{where}: {told}" if told else where


def describe(dsn: str) -> str:
    """What a DSN names, without its password: for messages.

    >>> describe("postgresql://ann:secret@db.example/shop")
    'host=db.example dbname=shop user=ann'
    """
    try:
        parts = conninfo.conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        return "DSN"
    # A "@" that is not encoded puts a piece of the password into the host.
    shown = {
        name: parts[name]
        for name in ("service", "host", "port", "dbname", "user")
        if parts.get(name) and "@" not in str(parts[name])
    }
    return " ".join(f"{name}={value}" for name, value in shown.items()) or "the default database"


def unreachable(error: psycopg.Error, dsn: str) -> UnavailableError:
    """The error of a connection that could not be made.

    libpq's text names host and user, never the password; what it quotes is dropped all the same.
    """
    lines = [line for line in str(error).splitlines() if line.strip()]
    reason = _QUOTED.sub("…", lines[0].rpartition("failed: ")[2]).strip() if lines else "no answer"
    return UnavailableError(describe(dsn), f"cannot connect: {reason}", "check the DSN")
