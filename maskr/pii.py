"""What a column of personal data looks like: rules/pii.yaml, whose head states how it is read.

Judges names and kinds, and hands out what discovery needs to judge values. Looks at no row itself.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Literal

from maskr.model import Kind
from maskr.policy.tree import parse
from maskr.shipped import shipped

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_Words = re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One sort of personal data.

    Attributes:
        name: kebab-case; it stands in findings.
        columns: finds the names that its columns have (in snake case).
        kinds: the kinds of value that it comes in.
        mask: the rule to propose, as a policy writes it.
        why: one line for the reader of a proposal.
        check: False where it is too broad to stop a pull request.
        tables, tables_not: find the names of the only tables, of the tables it is never in.
        values: each to match a whole value.
        checksum: what a matching value must pass besides.
    """

    name: str
    columns: _Words
    kinds: frozenset[Kind]
    mask: object
    why: str
    check: bool = True
    tables: _Words | None = None
    tables_not: _Words | None = None
    values: tuple[re.Pattern[str], ...] = ()
    checksum: Literal["luhn", "mod97"] | None = None

    def is_in(self, table: str) -> bool:
        """Whether it may stand in a table of that name (in snake case)."""
        if self.tables is not None and not self.tables.search(table):
            return False
        return self.tables_not is None or not self.tables_not.search(table)


@dataclass(frozen=True)
class Catalogue:
    """All that is known; ``unique`` is the rule to propose where an entry's mask could collide."""

    entries: tuple[Entry, ...]
    never: _Words
    unique: object
    _by_column: dict[tuple[str, Kind], tuple[Entry, ...]] = field(default_factory=dict, repr=False)

    def by_name(self, table: str, column: str, kind: Kind) -> Entry | None:
        """The entry that a column's name fits, or None; of an array give its elements' kind."""
        known = self._by_column.get((column, kind))
        if known is None:  # the same names come back in table after table
            known = self._by_column[column, kind] = self._named(snake(column), kind)
        if not known:
            return None
        spelt = snake(table)
        return next((entry for entry in known if entry.is_in(spelt)), None)

    def _named(self, column: str, kind: Kind) -> tuple[Entry, ...]:
        if self.never.search(column):
            return ()
        return tuple(
            entry for entry in self.entries if kind in entry.kinds and entry.columns.search(column)
        )


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """A name in snake case, without accents and without digits at its end.

    >>> snake("CustomerEMail"), snake("E-Mail 2"), snake("Straße")
    ('customer_e_mail', 'e_mail', 'strasse')
    """
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    words = re.sub(r"[^A-Za-z0-9]+", "_", _HUMP.sub("_", bare)).lower().strip("_")
    return re.sub(r"_?\d+$", "", words) or words


@cache
def catalogue() -> Catalogue:
    """The catalogue that ships with maskr.

    Raises:
        FileNotFoundError: the installation is broken.
    """
    path = shipped("rules/pii.yaml")
    tree, _ = parse(path.read_text("utf-8"), str(path))
    if tree is None:
        raise FileNotFoundError(str(path))
    data: Any = tree.data
    lists = {name: data[name] for name in ("persons", "things")}
    return Catalogue(
        entries=tuple(_entry(said, lists) for said in data["entries"]),
        never=_words(data["never"], lists),
        unique=data["unique"],
    )


def _entry(said: Mapping[str, Any], lists: Mapping[str, Sequence[str]]) -> Entry:
    return Entry(
        name=said["name"],
        columns=_words(said["columns"], lists),
        kinds=frozenset(Kind(kind) for kind in said.get("kinds", [Kind.TEXT])),
        mask=said["mask"],
        why=said["why"],
        check=said.get("check", True),
        tables=_words(said["tables"], lists) if "tables" in said else None,
        tables_not=_words(said["tables_not"], lists) if "tables_not" in said else None,
        values=tuple(re.compile(value, re.IGNORECASE) for value in said.get("values", ())),
        checksum=said.get("checksum"),
    )


def _words(patterns: Iterable[str], lists: Mapping[str, Sequence[str]]) -> _Words:
    """One expression for patterns over whole words; a list's name stands for the list."""
    each = [one for pattern in patterns for one in lists.get(pattern, (pattern,))]
    return re.compile("|".join(f"(?:^|_)(?:{pattern})(?:_|$)" for pattern in each))
