"""The schema as SQL, by pg_dump: nothing else knows every kind of object a database may hold."""

import os
import re
import subprocess

from psycopg import conninfo

from maskr.db.postgres.failures import SNAPSHOT_HINT, describe
from maskr.db.postgres.programs import find_program
from maskr.errors import TryAgainError, UnavailableError

# psql's own commands, which fence a dump since the fix of CVE-2025-8714; we speak to the server
# without psql, and both lines carry one random token.
_FENCE = re.compile(r"^\\restrict (\w+)\n(.*)^\\unrestrict \1\n", re.DOTALL | re.MULTILINE)

# The session that had exported it is gone, or our own, or the server, or a standby's replay could
# not wait for it.
_LOST = (
    "invalid snapshot",
    "SET TRANSACTION SNAPSHOT",  # the query that failed: since 18 such a snapshot "does not exist"
    "terminating connection",
    "server closed the connection",
    "the database system is",  # starting up, shutting down, in recovery mode
    "conflict with recovery",
)

# Subscriptions would begin to replicate production into staging.
_LEFT_OUT = ("--no-subscriptions",)


def dump_section(dsn: str, section: str, snapshot: str, version: int) -> str:
    """What ``pg_dump --section`` prints of an exported snapshot, ready for a server.

    Args:
        dsn: the database.
        section: ``pre-data`` (tables, types, functions) or ``post-data`` (indexes, constraints).
        snapshot: as another session exported it; that session must still be open.
        version: the server's major version.

    Raises:
        UnavailableError: no pg_dump serves this version, or it failed.
        TryAgainError: a lock could not be had.
    """
    parts = conninfo.conninfo_to_dict(dsn)
    # A program's arguments can be seen by every user of the machine, its environment cannot.
    secret = {"PGPASSWORD": str(parts.pop("password"))} if parts.get("password") else {}
    command = [
        str(find_program("pg_dump", version)),
        f"--section={section}",
        f"--snapshot={snapshot}",
        "--lock-wait-timeout=30s",
        "--no-password",
        "--encoding=UTF8",
        *_LEFT_OUT,
        f"--dbname={conninfo.make_conninfo('', **parts)}",
    ]
    # Its messages are looked into: in English, whatever the user reads.
    environment = os.environ | secret | {"LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, env=environment)
    printed = done.stderr.decode("utf-8", "replace")
    if done.returncode != 0 or "warning:" in printed:  # a warning: something is not in the dump
        raise _failed(printed, dsn)
    text = done.stdout.decode("utf-8")
    return _FENCE.sub(r"\2", text, count=1)


def _failed(printed: str, dsn: str) -> UnavailableError | TryAgainError:
    where = f"pg_dump of {describe(dsn)}"
    if "lock timeout" in printed or ("LOCK TABLE" in printed and "timeout" in printed):
        return TryAgainError(where, "a lock could not be had in time", "run it again")
    if any(sign in printed for sign in _LOST):
        return TryAgainError(where, "the snapshot was lost", SNAPSHOT_HINT)
    if "permission denied" in printed:
        return UnavailableError(
            where, "the user may not read the whole schema", "grant pg_read_all_data"
        )
    # A schema holds no rows, but a definition may hold literals: only the first line is told.
    first = printed.strip().partition("\n")[0].removeprefix("pg_dump: ")
    return UnavailableError(where, f"it failed: {first}", "run it by hand")
