"""Reads a type out of DDL and spells it as PostgreSQL's format_type does."""

from maskr.sql.cursor import Cursor
from maskr.sql.draft import Draft
from maskr.types import is_builtin, spell, words

_SERIALS = {
    "serial": "integer", "serial4": "integer",
    "bigserial": "bigint", "serial8": "bigint",
    "smallserial": "smallint", "serial2": "smallint",
}  # fmt: skip
# First words of the types that are more than a name and a length.
_IN_GRAMMAR = words("interval time timestamp double national character char nchar bit")
_INTERVAL_FIELDS = ("year", "month", "day", "hour", "minute", "second")


def read_serial(cursor: Cursor) -> str:
    """Takes one of the serial types and gives the integer under it; empty where none comes."""
    serial = _SERIALS.get(cursor.peek(), "")
    if serial:
        cursor.next()
    return serial


def read_type(cursor: Cursor, draft: Draft) -> str:
    """Takes a type.

    Raises:
        UnreadableError: something else comes next.
    """
    text = _scalar(cursor, draft)
    array = cursor.take("array")
    while cursor.take("["):
        array = True
        if cursor.kind() == "number":
            cursor.next()
        cursor.need("]")
    return f"{text}[]" if array else text


def _scalar(cursor: Cursor, draft: Draft) -> str:
    if cursor.peek() in _IN_GRAMMAR and cursor.peek(1) != ".":
        if cursor.take("interval"):
            return _interval(cursor)
        if cursor.peek() in ("time", "timestamp"):
            return _time(cursor)
        if name := _long_name(cursor):
            return spell(name, _modifiers(cursor))
    quoted = cursor.kind() == "quoted"
    parts = cursor.qualified()
    modifiers = _modifiers(cursor)
    if parts[0] == "pg_catalog" and parts[1:]:
        return _from_pg_catalog(parts[1], modifiers)
    if not parts[1:]:
        if quoted and parts[0] == "char":
            return '"char"'
        if is_builtin(parts[0]) and (not quoted or " " not in parts[0]):
            return spell(parts[0], modifiers)
    text = draft.find_type(parts)
    return f"{text}({','.join(modifiers)})" if modifiers else text


def _from_pg_catalog(name: str, modifiers: list[str]) -> str:
    """``pg_catalog.char`` is the one-byte type, and has no length of one by itself."""
    if name == "char":
        return '"char"'
    return spell(name, modifiers)


def _long_name(cursor: Cursor) -> str:
    """Takes a type of one word or more that only the grammar knows; empty where none comes."""
    if cursor.take("double", "precision"):
        return "double precision"
    start = cursor.at
    national = "national " if cursor.take("national") else ""
    if word := cursor.take_any("character", "char", "nchar", "bit"):
        word = "char" if word in ("character", "nchar") else word
        return f"{word} varying" if cursor.take("varying") else word
    cursor.at = start
    if national:
        raise cursor.unreadable()
    return ""


def _time(cursor: Cursor) -> str:
    word = cursor.next().value
    modifiers = _modifiers(cursor)
    if cursor.take("with", "time", "zone"):
        word += "tz"
    else:
        cursor.take("without", "time", "zone")
    return spell(word, modifiers)


def _interval(cursor: Cursor) -> str:
    """``interval day to second(3)``, ``interval(3)``."""
    words = ["interval"]
    if field := cursor.take_any(*_INTERVAL_FIELDS):
        words.append(field)
        if cursor.take("to"):
            words += ["to", cursor.next().value]
    modifiers = _modifiers(cursor)
    return " ".join(words) + (f"({modifiers[0]})" if modifiers else "")


def _modifiers(cursor: Cursor) -> list[str]:
    """Takes ``(10,2)``, if it comes, as its parts."""
    if cursor.peek() != "(":
        return []
    return "".join(token.text for token in cursor.group()).split(",")
