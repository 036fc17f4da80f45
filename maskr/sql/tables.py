"""Reads CREATE TABLE."""

from dataclasses import replace
from functools import partial

from maskr.model import Identity, Relation, Unique
from maskr.sql.constraints import (
    Effect,
    read_check,
    read_marks,
    read_name,
    read_references,
    read_table_constraint,
    starts_constraint,
    take_nulls,
)
from maskr.sql.cursor import Cursor, UnreadableError
from maskr.sql.draft import Draft
from maskr.sql.drafttable import DraftColumn, DraftTable, MeaningError
from maskr.sql.expressions import skip_expression, split
from maskr.sql.typenames import read_serial, read_type

_ENDS_OF_DEFAULT = (
    "constraint", "not", "null", "check", "unique", "primary", "references", "generated",
    "deferrable", "initially", "default", "collate",
)  # fmt: skip


def create_table(cursor: Cursor, draft: Draft, foreign: bool = False) -> None:
    """Takes what follows ``CREATE [FOREIGN] TABLE`` and carries it out, wholly or not at all.

    Raises:
        UnreadableError: a word is not understood.
        MeaningError: a name is not known, or known twice.
    """
    exists = cursor.take("if", "not", "exists")
    table = DraftTable(draft.new_name(cursor.qualified()))
    if exists and table.name in draft.tables:
        return
    parent = draft.table(cursor.qualified()) if cursor.take("partition", "of") else None
    body = split(cursor.group()) if cursor.peek() == "(" or parent is None else []
    if parent:
        skip_bound(cursor)
    above = _tail(cursor, draft, table)
    if foreign:
        table.relation = Relation.FOREIGN
    draft.add_table(table)
    try:
        for one in above:
            draft.inherit(table, one)
            table.inherits.append(one)
        if parent:
            draft.attach(table, parent)
        _fill(table, body, draft)
    except (UnreadableError, MeaningError):
        draft.drop(table.name)
        raise


def skip_bound(cursor: Cursor) -> None:
    """Takes a partition's bound: ``FOR VALUES …`` or DEFAULT."""
    if cursor.take("default"):
        return
    cursor.need("for", "values")
    while cursor.take_any("in", "from", "to", "with"):
        cursor.group()


def _tail(cursor: Cursor, draft: Draft, table: DraftTable) -> list[DraftTable]:
    """Takes what follows the columns; gives the tables of INHERITS."""
    above: list[DraftTable] = []
    while not cursor.done:
        if cursor.take("inherits"):
            above = [draft.table(part.qualified()) for part in split(cursor.group())]
        elif cursor.take("partition", "by"):
            cursor.name()
            cursor.group()
            table.relation = Relation.PARTITIONED
        elif cursor.take_any("with", "options"):
            cursor.group()
        elif cursor.take("on", "commit"):
            cursor.at = len(cursor.tokens)
        elif cursor.take_any("using", "tablespace", "server"):
            cursor.name()
        else:
            cursor.need("without", "oids")
    return above


def _fill(table: DraftTable, body: list[Cursor], draft: Draft) -> None:
    """Columns first, then constraints; the primary key before the other keys."""
    effects: list[tuple[Cursor, Effect]] = []
    for element in body:
        if element.done and len(body) == 1:  # a table without columns
            return
        if starts_constraint(element):
            found = [read_table_constraint(element, draft, table)]
        elif element.take("like"):
            found = _like(element, draft, table)
        else:
            found = read_column(element, draft, table)
        if not element.done:
            raise element.unreadable()
        effects += [(element, effect) for effect in found]
    for _, effect in sorted(effects, key=lambda each: not _says_primary(each[0])):
        effect()


def _says_primary(element: Cursor) -> bool:
    return any(token.value == "primary" for token in element.tokens)


def read_column(
    cursor: Cursor, draft: Draft, table: DraftTable, only: bool = False
) -> list[Effect]:
    """Takes a column's definition and adds it; gives its constraints, to be carried out later."""
    column = DraftColumn(cursor.name(), "")
    there = table.columns.get(column.name)
    words = tuple(token.text for token in cursor.tokens[cursor.at :])
    if not there and (alike := draft.alike.get(words)):
        cursor.at = len(cursor.tokens)
        draft.add_column(table, alike.named(column.name))
        return []
    if serial := read_serial(cursor):
        column = replace(column, type=serial, nullable=False, has_default=True)
    elif there and (cursor.done or cursor.take("with", "options") or starts_constraint(cursor)):
        column.type = there.type
    else:
        column.type = read_type(cursor, draft)
    effects: list[Effect] = []
    while not cursor.done:
        effect = _column_clause(cursor, draft, table, column, only)
        effects += [effect] if effect else []
    if there:
        _merge(there, column)
    else:
        draft.add_column(table, column)
        if not effects and "." not in column.type:  # a user's type may change its name
            draft.alike[words] = replace(column)
    return effects


def _merge(there: DraftColumn, own: DraftColumn) -> None:
    """An inherited column gets what the table's own definition of it adds."""
    there.type = own.type
    there.nullable = there.nullable and own.nullable
    there.has_default = there.has_default or own.has_default
    there.generated = there.generated or own.generated
    there.expression = own.expression or there.expression
    there.identity = own.identity


def _column_clause(
    cursor: Cursor, draft: Draft, table: DraftTable, column: DraftColumn, only: bool
) -> Effect | None:
    """Takes one clause of a column's definition."""
    name = read_name(cursor)
    if cursor.take("default"):
        column.has_default = read_default(cursor, draft, column.type)
    elif cursor.take("not", "null"):
        column.nullable = False
        read_marks(cursor)
    elif cursor.take("null"):
        pass
    elif cursor.take("generated"):
        read_generated(cursor, column)
    elif cursor.take("primary", "key"):
        read_marks(cursor)
        key = Unique(name, (column.name,), primary=True)
        return lambda: draft.add_unique(table, key, only=only)
    elif cursor.take("unique"):
        take_nulls(cursor)
        read_marks(cursor)
        unique = Unique(name, (column.name,))
        return lambda: _add_unless_there(draft, table, unique, only)
    elif cursor.take("check"):
        return read_check(cursor, draft, table, name)
    elif cursor.peek() == "references":
        return read_references(cursor, draft, table, name, (column.name,))
    elif cursor.take("collate"):
        cursor.qualified()
    elif cursor.take_any("compression", "storage"):
        cursor.next()
    else:
        cursor.need("options")
        cursor.group()
    return None


def _add_unless_there(draft: Draft, table: DraftTable, unique: Unique, only: bool) -> None:
    """PostgreSQL makes one index of ``PRIMARY KEY UNIQUE`` where the second has no name."""
    if unique.name or all(own.columns != unique.columns for own in table.uniques.values()):
        draft.add_unique(table, unique, only=only)


def read_default(cursor: Cursor, draft: Draft, type_text: str) -> bool:
    """Takes the expression of a DEFAULT; says whether PostgreSQL keeps it.

    It does not keep a bare NULL, unless it has to be cut to a length or checked by a domain.
    """
    start = cursor.at
    skip_expression(cursor, *_ENDS_OF_DEFAULT)
    taken = [token.value for token in cursor.tokens[start : cursor.at] if token.text not in "()"]
    user = draft.types.get(type_text)
    return taken != ["null"] or "(" in type_text or bool(user and user.base)


def read_generated(cursor: Cursor, column: DraftColumn) -> None:
    """Takes what follows GENERATED."""
    identity = Identity.ALWAYS if cursor.take("always") else Identity.BY_DEFAULT
    if identity is Identity.BY_DEFAULT:
        cursor.need("by", "default")
    cursor.need("as")
    if cursor.take("identity"):
        column.identity = identity
        column.nullable = False
        if cursor.peek() == "(":
            cursor.group()
    else:
        column.expression = cursor.group()
        cursor.take_any("stored", "virtual")
        column.generated = True


def _like(cursor: Cursor, draft: Draft, table: DraftTable) -> list[Effect]:
    """Takes ``LIKE table INCLUDING …``: columns and NOT NULL always, the rest as it says."""
    source = draft.table(cursor.qualified())
    wanted: set[str] = set()
    everything = {"defaults", "generated", "identity", "constraints", "indexes"}
    while word := cursor.take_any("including", "excluding"):
        what = cursor.name()
        named = everything if what == "all" else {what}
        wanted = wanted | named if word == "including" else wanted - named
    for column in source.columns.values():
        copy = replace(column)
        copy.has_default = column.has_default and "defaults" in wanted
        copy.generated = column.generated and "generated" in wanted
        copy.identity = column.identity if "identity" in wanted else Identity.NONE
        draft.add_column(table, copy)
    effects: list[Effect] = []
    for check in source.checks.values() if "constraints" in wanted else ():
        effects.append(partial(draft.add_check, table, check))
    for unique in source.uniques.values() if "indexes" in wanted else ():
        copied, loose = replace(unique, name=""), unique.name in source.loose
        effects.append(partial(draft.add_unique, table, copied, loose=loose))
    return effects
