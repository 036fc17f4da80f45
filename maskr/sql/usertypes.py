"""Reads CREATE and ALTER of types and domains."""

from collections.abc import Sequence
from dataclasses import replace

from maskr.model import Kind
from maskr.sql.constraints import read_marks, read_name
from maskr.sql.cursor import Cursor
from maskr.sql.draft import Draft, spelt
from maskr.sql.drafttable import MeaningError
from maskr.sql.expressions import skip_expression, split
from maskr.sql.lexer import tokens
from maskr.sql.naming import choose
from maskr.sql.typenames import read_type
from maskr.types import UserType

_ENDS_OF_DEFAULT = ("constraint", "not", "null", "check", "default", "collate")


def create_type(cursor: Cursor, draft: Draft) -> None:
    """Takes what follows CREATE TYPE: an enum, a row type, a range, or one of C functions."""
    name = draft.new_name(cursor.qualified())
    user = UserType(Kind.OTHER)
    if cursor.take("as", "enum"):
        user = UserType(Kind.ENUM, labels=tuple(_labels(cursor)))
    elif cursor.take("as", "range"):
        user = UserType(Kind.RANGE)
        multirange = _multirange(cursor, name.table)
        draft.types[spelt(*draft.new_name((name.schema, *multirange[-1:])))] = user
    elif cursor.take("as"):
        cursor.group()
        user = UserType(Kind.COMPOSITE)
    elif cursor.peek() == "(":
        cursor.group()
    if not cursor.done:
        raise cursor.unreadable()
    draft.types[spelt(*name)] = user


def _labels(cursor: Cursor) -> list[str]:
    return [part.next().value for part in split(cursor.group()) if not part.done]


def _multirange(cursor: Cursor, name: str) -> tuple[str, ...]:
    """The name of a range's multirange: as given, or as PostgreSQL's makeMultirangeTypeName."""
    for part in split(cursor.group()):
        if part.take("multirange_type_name", "="):
            return part.qualified()
    before, found, after = name.partition("range")
    return (f"{before}multirange{after}" if found else f"{name}_multirange",)


def create_domain(cursor: Cursor, draft: Draft) -> None:
    """Takes what follows CREATE DOMAIN."""
    name = draft.new_name(cursor.qualified())
    cursor.take("as")
    base = read_type(cursor, draft)
    not_null = False
    checks: list[str] = []
    while not cursor.done:
        given = read_name(cursor)
        if cursor.take("not", "null"):
            not_null = True
        elif cursor.take("check"):
            cursor.group()
            checks.append(given or _name_of_check(name.table, checks))
        elif cursor.take("default"):
            skip_expression(cursor, *_ENDS_OF_DEFAULT)
        elif cursor.take("collate"):
            cursor.qualified()
        else:
            cursor.need("null")
        read_marks(cursor)
    draft.types[spelt(*name)] = UserType(Kind.OTHER, base, not_null, checks=tuple(checks))


def _name_of_check(domain: str, others: Sequence[str]) -> str:
    return choose(domain, (), "check", others.__contains__)


def alter_domain(cursor: Cursor, draft: Draft) -> None:
    """Takes what follows ALTER DOMAIN: its NOT NULL, its checks, its name."""
    text = draft.find_type(cursor.qualified())
    if text not in draft.types:
        raise MeaningError(f"domain {text} is not defined above")
    if cursor.take("set", "not", "null"):
        draft.types[text] = replace(draft.types[text], not_null=True)
    elif cursor.take("drop", "not", "null"):
        draft.types[text] = replace(draft.types[text], not_null=False)
    elif cursor.take("add"):
        given = read_name(cursor)
        if cursor.take("not", "null"):
            draft.types[text] = replace(draft.types[text], not_null=True)
        elif cursor.take("check"):
            others = draft.types[text].checks
            domain = Cursor(list(tokens(text))).qualified()[-1]
            checks = (*others, given or _name_of_check(domain, others))
            draft.types[text] = replace(draft.types[text], checks=checks)
    elif cursor.take("drop", "constraint"):
        cursor.take("if", "exists")
        _rename_check(draft, text, cursor.name(), ())
    elif cursor.take("rename", "constraint"):
        old = cursor.name()
        cursor.need("to")
        _rename_check(draft, text, old, (cursor.name(),))
    else:
        _rename(cursor, draft, text)


def _rename_check(draft: Draft, text: str, old: str, new: tuple[str, ...]) -> None:
    """Gives a domain's check another name, or none: then it is gone."""
    checks = draft.types[text].checks
    if old in checks:
        kept = (name for name in checks if name != old)
        draft.types[text] = replace(draft.types[text], checks=(*kept, *new))


def alter_type(cursor: Cursor, draft: Draft) -> None:
    """Takes what follows ALTER TYPE: an enum's labels, the type's name."""
    text = draft.find_type(cursor.qualified())
    if cursor.peek() not in ("add", "rename", "set") or cursor.peek(1) == "attribute":
        return
    if text not in draft.types:
        raise MeaningError(f"type {text} is not defined above")
    labels = list(draft.types[text].labels)
    if cursor.take("add", "value"):
        exists = cursor.take("if", "not", "exists")
        label = cursor.next().value
        if not (exists and label in labels):
            labels.insert(_position(cursor, labels), label)
    elif cursor.take("rename", "value"):
        old = _known(cursor.next().value, labels)
        cursor.need("to")
        labels[old] = cursor.next().value
    else:
        _rename(cursor, draft, text)
        return
    draft.types[text] = replace(draft.types[text], labels=tuple(labels))


def _position(cursor: Cursor, labels: list[str]) -> int:
    where = cursor.take_any("before", "after")
    if not where:
        return len(labels)
    return _known(cursor.next().value, labels) + (where == "after")


def _known(label: str, labels: list[str]) -> int:
    if label not in labels:
        raise MeaningError("a label that it names is not defined above")
    return labels.index(label)


def _rename(cursor: Cursor, draft: Draft, old: str) -> None:
    """``RENAME TO`` and ``SET SCHEMA``; columns of the type follow. Anything else is no matter."""
    schema, name = Cursor(list(tokens(old))).qualified()
    if cursor.take("rename", "to"):
        new = spelt(schema, cursor.name())
    elif cursor.take("set", "schema"):
        new = spelt(cursor.name(), name)
    else:
        return

    def renamed(text: str) -> str:
        return new + text.removeprefix(old) if text in (old, f"{old}[]") else text

    draft.types[new] = draft.types.pop(old)
    for text, user in draft.types.items():
        draft.types[text] = replace(user, base=renamed(user.base))
    for table in draft.tables.values():
        for column in table.columns.values():
            column.type = renamed(column.type)
