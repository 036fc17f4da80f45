"""Reads DDL (a ``pg_dump --schema-only``, or hand-written) into the Schema it would make.

A reader over PostgreSQL's own tokens: sqlglot needs 5.8 s for 1,000 tables of 20 columns, gives up
on ATTACH PARTITION, ADD GENERATED, CREATE DOMAIN, EXCLUDE. What has no bearing on tables is
passed over by name; whatever else is not understood becomes a finding, never a silence.
"""

import re
from collections.abc import Callable, Mapping

from maskr.errors import Finding, Place
from maskr.model import Schema, TableName
from maskr.sql.alter import alter_table
from maskr.sql.constraints import read_index
from maskr.sql.cursor import Cursor, UnreadableError
from maskr.sql.draft import TEMPORARY, Draft
from maskr.sql.drafttable import MeaningError
from maskr.sql.drops import alter_index, drop
from maskr.sql.lexer import Token, statements
from maskr.sql.tables import create_table
from maskr.sql.usertypes import alter_domain, alter_type, create_domain, create_type
from maskr.types import words

Reader = Callable[[Cursor, Draft], None]

_PASSED_OVER = words("""
    abort analyze begin call checkpoint close cluster comment commit copy deallocate declare delete
    discard end execute explain fetch grant insert listen load lock merge move notify prepare
    reassign refresh reindex release return revoke rollback savepoint security show start
    truncate unlisten update vacuum values with
    """)
_OBJECTS_PASSED_OVER = words("""
    access aggregate cast collation conversion database default event extension function group
    language large operator policy procedural procedure publication role routine rule schema server
    statistics subscription system tablespace text transform trigger trusted user
    """)
_CHANGES_TABLES = re.compile(r"\b(?:create|alter|drop)\b[^;]*\btable\b", re.IGNORECASE)


def read_ddl(text: str, file: str = "schema.sql") -> tuple[Schema, tuple[Finding, ...]]:
    """The tables that ``text`` makes, and a finding ``unparsed-ddl`` for each unread statement.

    A table whose statement is not understood is not in the schema. Temporary tables are left out.
    """
    draft = Draft()
    findings: list[Finding] = []
    for statement in statements(text):
        try:
            _read(Cursor(statement), draft)
        except UnreadableError as error:
            near = f"near {error.near!r}" if error.near else "at its end"
            what = f"this {_title(statement)} is not understood {near}"
            # An element without any token (two commas in a row) stands nowhere by itself.
            start = max(error.start, statement[0].start)
            findings.append(_finding(what, file, text, start))
        except MeaningError as error:
            what = f"this {_title(statement)} cannot be: {error}"
            findings.append(_finding(what, file, text, statement[0].start))
    return draft.finish(), tuple(findings)


def _finding(what: str, file: str, text: str, start: int) -> Finding:
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    hint = "check against the database itself (--source), or take the statement out"
    return Finding("unparsed-ddl", what, hint, Place(file, line, column))


def _title(statement: list[Token]) -> str:
    leading = [token.text.upper() for token in statement[:2] if token.kind == "word"]
    return " ".join(leading) or "statement"


def _read(cursor: Cursor, draft: Draft) -> None:
    word = cursor.next().value
    if word in _PASSED_OVER:
        return
    if word not in _STATEMENTS:
        cursor.at -= 1
        raise cursor.unreadable()
    _STATEMENTS[word](cursor, draft)


def _create(cursor: Cursor, draft: Draft) -> None:
    cursor.take("or", "replace")
    temporary = bool(cursor.take_any("global", "local")) | bool(
        cursor.take_any("temp", "temporary")
    )
    cursor.take("unlogged")
    cursor.take_any("recursive", "constraint")
    if cursor.take("foreign", "data", "wrapper"):
        return
    word = cursor.peek()
    if word in _CREATIONS:
        cursor.next()
        if temporary:
            cursor.take("view")
            cursor.take("if", "not", "exists")
            draft.others.add(TableName(TEMPORARY, cursor.qualified()[-1]))
        else:
            _CREATIONS[word](cursor, draft)
    elif word == "schema" and any(token.value == "create" for token in cursor.tokens[1:]):
        raise cursor.unreadable()  # tables may be made within it
    elif word not in _OBJECTS_PASSED_OVER:
        raise cursor.unreadable()


def _create_foreign(cursor: Cursor, draft: Draft) -> None:
    cursor.need("table")
    create_table(cursor, draft, foreign=True)


def _create_unique_index(cursor: Cursor, draft: Draft) -> None:
    cursor.need("index")
    read_index(cursor, draft, unique=True)


def _create_other(cursor: Cursor, draft: Draft) -> None:
    """A view or sequence: only its name is kept, since ALTER TABLE may speak of it."""
    cursor.take("view")
    cursor.take("if", "not", "exists")
    draft.others.add(draft.new_name(cursor.qualified()))


def _alter(cursor: Cursor, draft: Draft) -> None:
    if cursor.take("foreign", "data", "wrapper"):
        return
    cursor.take("foreign")
    word = cursor.peek()
    if word in _ALTERATIONS:
        cursor.next()
        _ALTERATIONS[word](cursor, draft)
    elif word not in _OBJECTS_PASSED_OVER | {"sequence", "view", "materialized"}:
        raise cursor.unreadable()


def _set(cursor: Cursor, draft: Draft) -> None:
    """``SET search_path``; any other setting is passed over."""
    cursor.take_any("session", "local")
    if cursor.take("search_path"):
        if not cursor.take("="):
            cursor.need("to")
        _set_search_path(draft, [token.value for token in cursor.tokens[cursor.at :]])


def _select(cursor: Cursor, draft: Draft) -> None:
    """``set_config('search_path', …)`` as pg_dump writes it; SELECT INTO makes a table."""
    cursor.take("pg_catalog", ".")
    if cursor.take("set_config", "(", "'search_path'", ","):
        _set_search_path(draft, cursor.next().value.split(","))
    elif any(token.kind == "word" and token.value == "into" for token in cursor.tokens):
        raise cursor.unreadable()


def _do(cursor: Cursor, draft: Draft) -> None:
    """A block of code is not run: one that may change tables is not understood."""
    if any(_CHANGES_TABLES.search(token.text) for token in cursor.tokens):
        raise cursor.unreadable()


def _set_search_path(draft: Draft, names: list[str]) -> None:
    stripped = (name.strip().strip('"') for name in names)
    passed = ("", ",", "$user", "pg_catalog")
    draft.search_path = tuple(name for name in stripped if name not in passed)


_CREATIONS: Mapping[str, Reader] = {
    "table": create_table,
    "foreign": _create_foreign,
    "index": lambda cursor, draft: read_index(cursor, draft, unique=False),
    "unique": _create_unique_index,
    "type": create_type,
    "domain": create_domain,
    "view": _create_other,
    "materialized": _create_other,
    "sequence": _create_other,
}
_ALTERATIONS: Mapping[str, Reader] = {
    "table": alter_table,
    "index": alter_index,
    "type": alter_type,
    "domain": alter_domain,
}
_STATEMENTS: Mapping[str, Reader] = {
    "create": _create,
    "alter": _alter,
    "do": _do,
    "drop": drop,
    "set": _set,
    "reset": lambda _cursor, _draft: None,
    "select": _select,
}
