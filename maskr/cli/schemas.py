"""Where the schema comes from that a policy is held against: a live database, or DDL in a file."""

import os
from dataclasses import dataclass
from pathlib import Path

from maskr.errors import Finding, UsageError
from maskr.model import Schema
from maskr.sql import read_ddl


@dataclass(frozen=True, slots=True)
class Given:
    """A schema, what its reader had to say, and the text that points into (by file)."""

    schema: Schema
    findings: tuple[Finding, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()


def given_schema(source: str | None, file: Path | None) -> Given | None:
    """Reads the schema; None where neither is given. A ``--schema`` goes before MASKR_SOURCE.

    Raises:
        UsageError: both are given, or the file cannot be read.
        MaskrError: the database cannot be reached.
    """
    if file is not None:
        if source is not None and source != os.environ.get("MASKR_SOURCE"):
            raise UsageError("--schema", "--source is given too", "give one of the two")
        text = _read(file)
        schema, findings = read_ddl(text, str(file))
        return Given(schema, findings, ((str(file), text),))
    if source is None:
        return None
    from maskr.db.postgres.source import PostgresSource  # psycopg is not needed for a file

    with PostgresSource(source) as database:
        return Given(database.schema())


def _read(file: Path) -> str:
    where = f"--schema {file}"
    try:
        return file.read_text("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or "no such path").lower()
        raise UsageError(where, f"cannot be read: {reason}", "check the path") from None
    except UnicodeDecodeError:
        raise UsageError(where, "is not UTF-8", "dump it with --encoding=UTF8") from None
