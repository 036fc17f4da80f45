"""Names and globs as a policy writes them: ``schema.table``, ``*.email``, ``"Odd.Name".t``.

``*`` stands for any characters and ``?`` for one, within one part: the dot is never matched. Double
quotes hold a part together and take ``*`` and ``?`` for themselves; ``""`` is a quote in quotes.
Names are taken as they are written, never folded to lower case.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from maskr.model import TableName

_PART = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')
_WILD = re.compile(r"[*?]")

# The same for editors, who complete and refuse by JSON Schema: regular expressions of ECMA 262.
_ANY = r'("([^"]|"")+"|[^".]+)'
_NAME = r'("([^"]|"")+"|[^".*?]+)'
TABLE_PATTERN = rf"^{_ANY}(\.{_ANY})?$"
SHARED_PATTERN = rf"^{_ANY}(\.{_ANY}){{1,2}}$"
_SIDE = rf"\s*{_NAME}(\.{_NAME}){{1,2}}\s*"
REFERENCE_PATTERN = rf"^{_SIDE}->{_SIDE}$"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a dotted name: a literal name, or a glob."""

    text: str
    exact: bool

    @property
    def weight(self) -> int:
        """How many characters it states: of two globs the one that states more wins."""
        return len(self.text) if self.exact else len(_WILD.sub("", self.text))

    def matcher(self) -> Callable[[str], object]:
        """A function that is truthy for the names this part stands for."""
        if self.exact:
            return self.text.__eq__
        if self.text == "*":
            return _always
        pieces = (_GLOB.get(char) or re.escape(char) for char in self.text)
        return re.compile("".join(pieces), re.DOTALL).fullmatch

    def __str__(self) -> str:
        """As a policy writes it, quoted only where it must be."""
        if self.exact and re.search(r'[".*?]', self.text):
            return '"' + self.text.replace('"', '""') + '"'
        return self.text


_GLOB = {"*": ".*", "?": "."}


def _always(_: str) -> bool:
    return True


def split(text: str) -> tuple[Part, ...]:
    """The parts of a dotted name.

    >>> [part.text for part in split('public."a.b".c*')]
    ['public', 'a.b', 'c*']

    Raises:
        ValueError: a part is empty or a quote stays open.
    """
    parts: list[Part] = []
    at = 0
    while match := _PART.match(text, at):
        quoted, bare = match.groups()
        if bare is None:
            parts.append(Part(quoted.replace('""', '"'), exact=True))
        else:
            parts.append(Part(bare, exact=not _WILD.search(bare)))
        at = match.end() + 1
        if text[match.end() : at] != ".":
            break
    if not parts or at <= len(text):
        raise ValueError(text)
    return tuple(parts)


def join(parts: Iterable[Part]) -> str:
    """The one spelling of a name: two patterns that mean the same are equal text."""
    return ".".join(map(str, parts))


@lru_cache(maxsize=4096)  # each check asks again for each table
def table_parts(text: str) -> tuple[Part, Part]:
    """Schema and table of a key under ``tables``; the schema is ``public`` unless it is said.

    Raises:
        ValueError: it is not ``table`` or ``schema.table``.
    """
    parts = split(text)
    if len(parts) == 1:
        return Part("public", exact=True), parts[0]
    if len(parts) == 2:
        return parts[0], parts[1]
    raise ValueError(text)


def table_name(pattern: str) -> TableName | None:
    """The one table that a `TableRules` pattern names; None where it is a glob.

    >>> table_name('public."a.b"')
    TableName(schema='public', table='a.b')
    """
    schema, table = table_parts(pattern)
    return TableName(schema.text, table.text) if schema.exact and table.exact else None


def shared_parts(text: str) -> tuple[Part, Part, Part]:
    """Schema, table and column of a key under ``columns``; the schema is any unless it is said.

    Raises:
        ValueError: it is not ``table.column`` or ``schema.table.column``.
    """
    match split(text):
        case (table, column):
            return Part("*", exact=False), table, column
        case (schema, table, column):
            return schema, table, column
        case _:
            raise ValueError(text)


@lru_cache(maxsize=4096)  # the same few names come back in table after table
def column_part(text: str) -> Part:
    """The column of a key under a table's ``columns``: a dot is a part of the name here."""
    if len(text) > 2 and text[0] == text[-1] == '"':
        return Part(text[1:-1].replace('""', '"'), exact=True)
    return Part(text, exact=not _WILD.search(text))


@lru_cache(maxsize=4096)
def column_key(text: str) -> str:
    """The one spelling of such a key.

    >>> column_key('"a.b"'), column_key('"*"'), column_key('"plain"')
    ('"a.b"', '"*"', 'plain')
    """
    return str(column_part(text))


def column_name(pattern: str) -> str | None:
    """The one column that an `Entry` pattern of a table names; None where it is a glob."""
    part = column_part(pattern)
    return part.text if part.exact else None


def reference(text: str) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    """Both sides of ``table.column -> table.column``.

    Raises:
        ValueError: it is not that, or a name in it is a glob.
    """
    source, target = text.split("->")
    return _side(source.strip()), _side(target.strip())


def _side(text: str) -> tuple[str, str, str]:
    parts = split(text)
    if not all(part.exact for part in parts):
        raise ValueError(text)
    match [part.text for part in parts]:
        case [table, column]:
            return "public", table, column
        case [schema, table, column]:
            return schema, table, column
        case _:
            raise ValueError(text)
