"""Reads constraints and unique indexes out of DDL.

Each reader gives back what is to be done, since in CREATE TABLE a constraint may come before the
columns and keys that it speaks of.
"""

from collections.abc import Callable
from dataclasses import dataclass

from maskr.model import Check, ForeignKey, Unique
from maskr.sql.cursor import Cursor
from maskr.sql.draft import Draft
from maskr.sql.drafttable import DraftTable, MeaningError
from maskr.sql.expressions import mentioned, split
from maskr.types import words

Effect = Callable[[], None]
_MARK_STARTS = words("deferrable enforced include initially match no not on using with")
_STARTS = ("constraint", "primary", "unique", "foreign", "check", "not")


@dataclass(frozen=True, slots=True)
class Marks:
    """What may follow a constraint."""

    deferrable: bool = False
    inherited: bool = True


def starts_constraint(cursor: Cursor) -> bool:
    """Whether a table's constraint comes next, not a column."""
    if cursor.peek() == "exclude":  # not reserved: a column may be called so
        return cursor.peek(1) in ("using", "(")
    return cursor.peek() in _STARTS


def read_name(cursor: Cursor) -> str:
    """Takes ``CONSTRAINT name``; empty where none comes."""
    return cursor.name() if cursor.take("constraint") else ""


def read_marks(cursor: Cursor) -> Marks:
    """Takes everything that may follow a constraint's own words."""
    deferrable = False
    inherited = True
    while cursor.peek() in _MARK_STARTS:
        if cursor.take("not", "deferrable"):
            deferrable = False
        elif cursor.take("deferrable") or cursor.take("initially", "deferred"):
            deferrable = True
        elif cursor.take("no", "inherit"):
            inherited = False
        elif not _take_mark(cursor):
            break
    return Marks(deferrable, inherited)


def _take_mark(cursor: Cursor) -> bool:
    """Takes one clause that says nothing to maskr; False where none comes."""
    if cursor.take("on", "delete") or cursor.take("on", "update"):
        if cursor.take("no", "action") or cursor.take_any("restrict", "cascade"):
            return True
        cursor.need("set")
        if not cursor.take_any("null", "default"):
            raise cursor.unreadable()
        if cursor.peek() == "(":
            cursor.group()
        return True
    if cursor.take("include") or cursor.take("with"):
        cursor.group()
        return True
    if cursor.take("using", "index", "tablespace") or cursor.take("match"):
        cursor.next()
        return True
    plain = ("initially immediate", "not valid", "not enforced", "enforced")
    return any(cursor.take(*phrase.split()) for phrase in plain)


def read_table_constraint(
    cursor: Cursor, draft: Draft, table: DraftTable, only: bool = False
) -> Effect:
    """Takes a table's constraint.

    Raises:
        UnreadableError: something else comes next.
    """
    name = read_name(cursor)
    if cursor.take("primary", "key"):
        return _key(cursor, draft, table, Unique(name, (), primary=True), only)
    if cursor.take("unique"):
        return _key(cursor, draft, table, Unique(name, ()), only)
    if cursor.take("foreign", "key"):
        columns = _columns(cursor)[0]
        return read_references(cursor, draft, table, name, columns)
    if cursor.take("check"):
        return read_check(cursor, draft, table, name)
    if cursor.take("exclude"):
        return _exclusion(cursor)
    cursor.need("not", "null")
    column = cursor.name()
    inherited = read_marks(cursor).inherited
    return lambda: draft.set_not_null(table, column, only or not inherited)


def _key(cursor: Cursor, draft: Draft, table: DraftTable, unique: Unique, only: bool) -> Effect:
    if cursor.take("using", "index"):
        index = cursor.name()
        read_marks(cursor)
        return lambda: _promote(draft, table, unique, index)
    take_nulls(cursor)
    columns, exact = _columns(cursor)
    read_marks(cursor)
    key = Unique(unique.name, columns, unique.primary, exact)
    return lambda: draft.add_unique(table, key, only=only)


def take_nulls(cursor: Cursor) -> None:
    """Takes ``NULLS [NOT] DISTINCT``, if it comes."""
    if cursor.take("nulls"):
        cursor.take("not")
        cursor.need("distinct")


def _columns(cursor: Cursor) -> tuple[tuple[str, ...], bool]:
    """Takes ``(a, b)``; False beside it for keys over a period of time (PostgreSQL 18)."""
    columns: list[str] = []
    exact = True
    for part in split(cursor.group()):
        if part.kind(1) and part.take("period"):
            exact = False
        columns.append(part.name())
        if part.take("without", "overlaps"):
            exact = False
        if not part.done:
            raise part.unreadable()
    return tuple(columns), exact


def _promote(draft: Draft, table: DraftTable, unique: Unique, index: str) -> None:
    """``PRIMARY KEY USING INDEX``: the index takes the constraint's name."""
    old = table.uniques.pop(index, None)
    if old is None:
        raise MeaningError(f"table {table.name} has no unique index {index!r}")
    table.loose.discard(index)
    draft.add_unique(table, Unique(unique.name or index, old.columns, unique.primary, old.exact))


def read_references(
    cursor: Cursor, draft: Draft, table: DraftTable, name: str, columns: tuple[str, ...]
) -> Effect:
    """Takes ``REFERENCES table [(columns)]`` and its clauses."""
    cursor.need("references")
    target = draft.find(cursor.qualified())
    referenced = _columns(cursor)[0] if cursor.peek() == "(" else ()
    deferrable = read_marks(cursor).deferrable
    key = ForeignKey(name, columns, target, referenced, deferrable)
    return lambda: draft.add_foreign_key(table, key)


def read_check(cursor: Cursor, draft: Draft, table: DraftTable, name: str) -> Effect:
    """Takes ``(expression)`` and what follows a CHECK."""
    expression = cursor.group()
    inherited = read_marks(cursor).inherited
    return lambda: draft.add_check(
        table, Check(name, mentioned(expression, table.columns)), inherited
    )


def _exclusion(cursor: Cursor) -> Effect:
    """An exclusion constraint is none of maskr's nouns: it is taken and forgotten."""
    if cursor.take("using"):
        cursor.name()
    cursor.group()
    read_marks(cursor)
    if cursor.take("where"):
        cursor.group()
        read_marks(cursor)
    return lambda: None


def read_index(cursor: Cursor, draft: Draft, unique: bool) -> None:
    """Takes what follows ``CREATE [UNIQUE] INDEX`` and carries it out."""
    cursor.take("concurrently")
    exists = cursor.take("if", "not", "exists")
    name = "" if cursor.peek() == "on" else cursor.qualified()[-1]
    cursor.need("on")
    only = cursor.take("only")
    on = draft.find(cursor.qualified())
    if on in draft.others:  # a materialised view
        return
    table = draft.table(on)
    if not unique:
        draft.others.update({type(on)(on.schema, name)} if name else ())
        return
    if exists and name in table.uniques:
        return
    if cursor.take("using"):
        cursor.name()
    elements = split(cursor.group())
    included = cursor.names() if cursor.take("include") else ()
    take_nulls(cursor)
    if cursor.take("with"):
        cursor.group()
    if cursor.take("tablespace"):
        cursor.name()
    condition = cursor.tokens[cursor.at :] if cursor.take("where") else ()
    _add_index(draft, table, name, elements, included, Cursor(condition), only)


def _add_index(
    draft: Draft,
    table: DraftTable,
    name: str,
    elements: list[Cursor],
    included: tuple[str, ...],
    condition: Cursor,
    only: bool,
) -> None:
    keys: list[str] = []
    called: list[str] = []
    others = set(mentioned(condition.tokens, table.columns))
    exact = not condition.tokens
    for element in elements:
        plain = element.kind() in ("word", "quoted") and element.peek(1) not in ("(", ".")
        if plain:
            keys.append(element.name())
            called.append(keys[-1])
        else:
            exact = False
            start = element.at
            called.append(_called(element))
            others.update(mentioned(element.tokens[start : element.at], table.columns))
    rest = tuple(column for column in table.columns if column in others - {*keys, *included})
    unique = Unique(name, (*keys, *rest), exact=exact)
    draft.add_unique(table, unique, loose=True, only=only, called=tuple(called))


def _called(element: Cursor) -> str:
    """Takes an expression of an index; what it is called in a name that PostgreSQL chooses."""
    if element.peek() == "(":
        element.group()
        return "expr"
    name = element.qualified()[-1]
    element.group()
    return name
