"""Reads ALTER TABLE."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from maskr.model import Check, ForeignKey, Identity, TableName, Unique
from maskr.sql.constraints import read_marks, read_table_constraint, starts_constraint
from maskr.sql.cursor import Cursor
from maskr.sql.draft import Draft
from maskr.sql.drafttable import DraftColumn, DraftTable, MeaningError
from maskr.sql.expressions import mentioned, split
from maskr.sql.tables import read_column, read_default, read_generated, skip_bound
from maskr.sql.typenames import read_type

_Constraint = TypeVar("_Constraint", Unique, ForeignKey, Check)

# Actions that change nothing that maskr's nouns say.
_HARMLESS = (
    "owner", "enable", "disable", "force", "no force", "cluster", "reset", "replica", "validate",
    "options", "set (", "set logged", "set unlogged", "set tablespace", "set without",
    "set access", "set statistics",
)  # fmt: skip
_HARMLESS_ON_COLUMN = (
    "set statistics", "set storage", "set compression", "set (", "reset", "options", "restart",
    "set increment", "set start", "set minvalue", "set maxvalue", "set cache", "set no",
    "set cycle", "set restart",
)  # fmt: skip


def alter_table(cursor: Cursor, draft: Draft) -> None:
    """Takes what follows ``ALTER [FOREIGN] TABLE`` and carries it out.

    Raises:
        UnreadableError: a word is not understood.
        MeaningError: a name is not known.
    """
    exists = cursor.take("if", "exists")
    only = cursor.take("only")
    name = draft.find(cursor.qualified())
    if exists and name not in draft.tables:
        return
    cursor.take("*")
    for action in split(cursor.tokens[cursor.at :]):
        # pg_dump says ALTER TABLE of views and sequences too.
        if _comes(action, _HARMLESS) or (name in draft.others and action.peek() != "set"):
            continue
        if action.peek() == "rename" or (action.peek(), action.peek(1)) == ("set", "schema"):
            _rename(action, draft, name)
        elif name not in draft.others:
            _act(action, draft, draft.table(name), only)
        if not action.done:
            raise action.unreadable()


def _comes(cursor: Cursor, phrases: Iterable[str]) -> bool:
    """Whether one of ``phrases`` comes next; takes nothing."""
    coming = (cursor.peek(), cursor.peek(1))
    return any(tuple(phrase.split()) == coming[: phrase.count(" ") + 1] for phrase in phrases)


def _act(cursor: Cursor, draft: Draft, table: DraftTable, only: bool) -> None:
    word = cursor.take_any(*_ACTIONS)
    if not word:
        raise cursor.unreadable()
    _ACTIONS[word](cursor, draft, table, only)


def _add(cursor: Cursor, draft: Draft, table: DraftTable, only: bool) -> None:
    if starts_constraint(cursor):
        read_table_constraint(cursor, draft, table, only)()
        return
    cursor.take("column")
    exists = cursor.take("if", "not", "exists")
    start = cursor.at
    if cursor.name() in table.columns:
        if not exists:
            raise MeaningError(f"table {table.name} has that column already")
        cursor.at = len(cursor.tokens)
        return
    cursor.at = start
    for effect in read_column(cursor, draft, table, only):
        effect()


def _drop(cursor: Cursor, draft: Draft, table: DraftTable, only: bool) -> None:
    constraint = cursor.take("constraint")
    if not constraint:
        cursor.take("column")
    exists = cursor.take("if", "exists")
    name = cursor.name()
    cursor.take_any("cascade", "restrict")
    if constraint:
        found = _drop_constraint(table, name)
    else:
        found = name in table.columns
        _drop_column(draft, table, name)
    if not found and not exists:
        raise MeaningError(f"table {table.name} has no {name!r} to drop")


def _drop_constraint(table: DraftTable, name: str) -> bool:
    dropped = table.uniques.pop(name, None)
    found = dropped is not None
    found |= table.checks.pop(name, None) is not None
    found |= table.foreign_keys.pop(name, None) is not None
    for child in table.below:
        for own in list(child.uniques.values()):
            if dropped and replace(own, name="") == replace(dropped, name=""):
                del child.uniques[own.name]
        _drop_constraint(child, name)
    return found


def _drop_column(draft: Draft, table: DraftTable, name: str) -> None:
    table.columns.pop(name, None)
    for column in list(table.columns.values()):
        if mentioned(column.expression, (name,)):  # generated from it: CASCADE takes it along
            _drop_column(draft, table, column.name)
    table.uniques = _without(table.uniques, name)
    table.foreign_keys = _without(table.foreign_keys, name)
    table.checks = _without(table.checks, name)
    for other in draft.tables.values():
        for key in list(other.foreign_keys.values()):
            if key.references == table.name and name in key.referenced:
                del other.foreign_keys[key.name]
    for child in table.below:
        _drop_column(draft, child, name)


def _without(constraints: Mapping[str, _Constraint], column: str) -> dict[str, _Constraint]:
    return {name: each for name, each in constraints.items() if column not in each.columns}


def _alter(cursor: Cursor, draft: Draft, table: DraftTable, only: bool) -> None:
    if cursor.take("constraint"):
        name = cursor.name()
        deferrable = read_marks(cursor).deferrable
        key = table.foreign_keys.get(name)
        if key is None:
            raise MeaningError(f"table {table.name} has no foreign key {name!r}")
        table.foreign_keys[name] = replace(key, deferrable=deferrable)
        return
    cursor.take("column")
    name = cursor.name()
    if _comes(cursor, _HARMLESS_ON_COLUMN):
        cursor.at = len(cursor.tokens)
    elif cursor.take("set", "not", "null"):
        draft.set_not_null(table, name, only)
    elif cursor.take("add", "generated"):
        read_generated(cursor, table.column(name))
    elif cursor.take("set", "default"):
        kept = read_default(cursor, draft, table.column(name).type)
        for column in [table.column(name)] if only else table.each(name):
            column.has_default = kept
    else:
        change = _column_change(cursor, draft)
        for column in [table.column(name)] if only else table.each(name):
            change(column)


def _column_change(cursor: Cursor, draft: Draft) -> Callable[[DraftColumn], None]:
    """Takes an action on a column; gives what it does to it, and to those below."""
    if cursor.take("drop", "not", "null"):
        return _setter(nullable=True)
    if cursor.take("drop", "default"):
        return _setter(has_default=False)
    if cursor.take("drop", "identity") or cursor.take("drop", "expression"):
        cursor.take("if", "exists")
        return _setter(identity=Identity.NONE, generated=False)
    if cursor.take("set", "expression") or cursor.take("set", "generated"):
        by_default = cursor.take("by", "default")
        always = cursor.take("always")
        cursor.at = len(cursor.tokens)
        if by_default or always:
            return _setter(identity=Identity.BY_DEFAULT if by_default else Identity.ALWAYS)
        return _setter()
    cursor.take("set", "data")
    cursor.need("type")
    text = read_type(cursor, draft)
    cursor.at = len(cursor.tokens)  # COLLATE and USING
    return _setter(type=text)


def _setter(**values: object) -> Callable[[DraftColumn], None]:
    def change(column: DraftColumn) -> None:
        for name, value in values.items():
            setattr(column, name, value)

    return change


def _attach(cursor: Cursor, draft: Draft, table: DraftTable, only: bool) -> None:
    cursor.need("partition")
    child = draft.table(cursor.qualified())
    skip_bound(cursor)
    draft.attach(child, table)


def _detach(cursor: Cursor, draft: Draft, table: DraftTable, only: bool) -> None:
    cursor.need("partition")
    child = draft.table(cursor.qualified())
    cursor.take_any("concurrently", "finalize")
    if child.parent is table:
        table.below.remove(child)
        child.parent = None


def _inherit(cursor: Cursor, draft: Draft, table: DraftTable, only: bool) -> None:
    parent = draft.table(cursor.qualified())
    draft.inherit(table, parent)
    table.inherits.append(parent)


def _disinherit(cursor: Cursor, draft: Draft, table: DraftTable, only: bool) -> None:
    cursor.need("inherit")
    parent = draft.table(cursor.qualified())
    if parent not in table.inherits:
        raise MeaningError(f"table {table.name} does not inherit from {parent.name}")
    table.inherits.remove(parent)
    parent.below.remove(table)


_ACTIONS: Mapping[str, Callable[[Cursor, Draft, DraftTable, bool], None]] = {
    "add": _add,
    "drop": _drop,
    "alter": _alter,
    "attach": _attach,
    "detach": _detach,
    "inherit": _inherit,
    "no": _disinherit,
}


def _rename(cursor: Cursor, draft: Draft, name: TableName) -> None:
    """``RENAME TO``, ``SET SCHEMA``, and the renaming of a column or constraint."""
    if cursor.take("set", "schema"):
        draft.move(name, TableName(cursor.name(), name.table))
    elif cursor.take("rename", "to"):
        draft.move(name, TableName(name.schema, cursor.name()))
    elif cursor.take("rename", "constraint"):
        old = cursor.name()
        cursor.need("to")
        rename_constraint(draft.table(name), old, cursor.name())
    else:
        cursor.need("rename")
        cursor.take("column")
        old = cursor.name()
        cursor.need("to")
        _rename_column(draft, draft.table(name), old, cursor.name())


def rename_constraint(table: DraftTable, old: str, new: str) -> None:
    """Gives a constraint or unique index another name; a check's children follow."""
    if old in table.uniques:
        table.uniques[new] = replace(table.uniques.pop(old), name=new)
        if old in table.loose:
            table.loose = table.loose - {old} | {new}
    elif old in table.foreign_keys:
        table.foreign_keys[new] = replace(table.foreign_keys.pop(old), name=new)
    elif old in table.checks:
        for each in (table, *table.below):
            if old in each.checks:
                each.checks[new] = replace(each.checks.pop(old), name=new)
    else:
        raise MeaningError(f"table {table.name} has no constraint {old!r}")


def _rename_column(draft: Draft, table: DraftTable, old: str, new: str) -> None:
    table.column(old)

    def renamed(columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new if column == old else column for column in columns)

    def followed(key: ForeignKey) -> ForeignKey:
        if key.references == table.name:
            return replace(key, referenced=renamed(key.referenced))
        return key

    table.columns = {
        (new if name == old else name): (replace(column, name=new) if name == old else column)
        for name, column in table.columns.items()
    }
    table.uniques = _with(table.uniques, renamed)
    table.foreign_keys = _with(table.foreign_keys, renamed)
    table.checks = _with(table.checks, renamed)
    draft.map_keys(followed)
    for child in table.below:
        _rename_column(draft, child, old, new)


def _with(
    constraints: Mapping[str, _Constraint], change: Callable[[tuple[str, ...]], tuple[str, ...]]
) -> dict[str, _Constraint]:
    return {name: replace(each, columns=change(each.columns)) for name, each in constraints.items()}
