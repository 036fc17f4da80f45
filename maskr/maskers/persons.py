"""The persons of a file, found in free text: whole words, in capitals or not.

Knows what they are called, not what becomes of them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from maskr.maskers import UnusableError

_WORD = re.compile(r"\w+")
_SHORTEST = 2  # characters: an initial stands in every other word


class Called(NamedTuple):
    """How somebody is called: as it is looked for, as the file has it, and in which column."""

    lower: str
    spelt: str
    column: int


class Found(NamedTuple):
    """Where somebody is named in a text (characters), and as whom."""

    start: int
    end: int
    called: Called


@dataclass(frozen=True, slots=True)
class Persons:
    """What persons are called, by the first word of it, the longest first."""

    _by_word: Mapping[str, Sequence[Called]]

    @classmethod
    def read(cls, file: str, columns: Sequence[str]) -> "Persons":
        """Reads a CSV file with a header.

        Args:
            file: its path.
            columns: those whose cells are names.

        Raises:
            UnusableError: it cannot be read, or has no such column.
        """
        try:
            frame = pl.read_csv(file, infer_schema=False)
        except OSError:
            raise UnusableError(f"there is no file {file!r} to read", "correct the path") from None
        except pl.exceptions.PolarsError:
            raise UnusableError(f"{file!r} is no CSV file", "write a header, UTF-8") from None
        if missing := [name for name in columns if name not in frame.columns]:
            what = f"{file!r} has no column {missing[0]!r}"
            raise UnusableError(what, f"it has {', '.join(frame.columns)}")
        found: dict[str, set[Called]] = {}
        for place, name in enumerate(columns):
            for cell in frame[name].drop_nulls().str.strip_chars().unique():
                word = _WORD.search(cell.lower())
                if word is not None and len(cell) >= _SHORTEST:
                    called = Called(cell.lower(), cell, place)
                    found.setdefault(word[0], set()).add(called)
        return cls({word: sorted(all_, key=_longest_first) for word, all_ in found.items()})

    def named_in(self, text: str) -> Iterator[Found]:
        """Who is named in the text, from left to right, none within another."""
        at = 0
        for word in _WORD.finditer(text):
            start = word.start()
            for called in self._by_word.get(word[0].lower(), ()) if start >= at else ():
                end = start + len(called.lower)
                whole = end >= len(text) or _WORD.match(text, end) is None
                if whole and text[start:end].lower() == called.lower:
                    yield Found(start, end, called)
                    at = end
                    break


def _longest_first(called: Called) -> tuple[int, Called]:
    return -len(called.lower), called
