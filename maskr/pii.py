"""What a column of personal data looks like: rules/pii.yaml, whose head states how it is read.

Judges names and kinds, and hands out what discovery needs to judge values. Looks at no row itself.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Literal

from maskr.model import Kind
from maskr.policy.tree import parse
from maskr.shipped import shipped

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_Words = re.Pattern[str]
# Of a sample; the head of rules/pii.yaml says so too.
_MOST = 0.6  # share of the values that look alike
_FEWEST = 3  # values that are not empty


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

    def is_said_by(self, values: Sequence[str]) -> bool:
        """Whether most of the values, which have no blanks at their ends, look like it."""
        return any(
            sum(self._is(value, pattern) for value in values) >= _MOST * len(values)
            for pattern in self.values
        )

    def _is(self, value: str, pattern: re.Pattern[str]) -> bool:
        if not pattern.fullmatch(value):
            return False
        return self.checksum is None or _CHECKSUMS[self.checksum](value)


def _luhn(value: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    digits = [int(char) for char in value if char in "0123456789"]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def _mod97(value: str) -> bool:
    """ISO 13616: the first four characters go to the end, letters count as two digits."""
    plain = [char for char in value if char.isascii() and char.isalnum()]
    return int("".join(str(int(char, 36)) for char in [*plain[4:], *plain[:4]])) % 97 == 1


_CHECKSUMS: Mapping[str, Callable[[str], bool]] = {"luhn": _luhn, "mod97": _mod97}


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

    def by_values(self, values: Iterable[str | None], kind: Kind) -> Entry | None:
        """The entry that a sample of a column's values fits, or None: too few say nothing."""
        said = [text for value in values if value and (text := value.strip())]
        if len(said) < _FEWEST:
            return None
        fitting = (entry for entry in self.entries if kind in entry.kinds)
        return next((entry for entry in fitting if entry.is_said_by(said)), None)

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
