"""Finds the leaves of simple JSONPaths in a whole column of documents at once, with numpy.

Where strings and containers begin and end is worked out over one buffer of all documents; only
what a path's last key could mean is looked at closer. What this cannot do (an escape anywhere in a
document, a container in the place of a leaf, a wildcard in a path) is left to the scan of
`maskr.maskers.jsonpath`, which can do all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from maskr.maskers.jsonpath import Path
from maskr.texts import Bytes, Counts, Texts

Flags = npt.NDArray[np.bool_]

_QUOTE, _COLON, _OPENING, _CLOSING = b'":{}'
_LOWER = 32  # "[" and "]" differ from "{" and "}" by this bit
_BLANK = np.zeros(256, np.bool_)
_BLANK[list(b" \t\n\r")] = True
_ENDS = _BLANK.copy()
_ENDS[list(b",]}\0")] = True


@dataclass(frozen=True, slots=True)
class KeyPath:
    """A path that is nothing but keys; ``deep`` where it may begin anywhere."""

    keys: tuple[bytes, ...]
    deep: bool


def key_path(path: Path) -> KeyPath | None:
    """The path as keys; None where it holds anything else."""
    deep = bool(path) and path[0][0] == "deep"
    rest = path[deep:]
    if not rest or any(what != "key" for what, _ in rest):
        return None
    return KeyPath(tuple(name.encode() for _, name in rest), deep)


@dataclass(frozen=True, slots=True, eq=False)
class Leaves:
    """What was found, in the order of the buffer.

    Attributes:
        starts, ends: of each leaf, in bytes of the buffer.
        paths: which path each one belongs to.
        hard: the rows that have to be scanned instead.
    """

    starts: Counts
    ends: Counts
    paths: Counts
    hard: Counts


def find(texts: Texts, paths: Sequence[KeyPath]) -> Leaves:
    """The leaves that ``paths`` name in valid documents without a backslash."""
    index = _Index.of(texts.buffer)
    found = [index.leaves(path) for path in paths]
    starts = np.concatenate(found)
    which = np.repeat(np.arange(len(paths)), [len(each) for each in found])
    order = np.lexsort((which, starts))
    starts, which = starts[order], which[order]
    first = np.ones(len(starts), np.bool_)  # of two paths that name a leaf, the first counts
    first[1:] = starts[1:] != starts[:-1]
    starts, which = starts[first], which[first]
    signs = texts.buffer[starts]
    container = (signs | _LOWER) == _OPENING
    hard = np.unique(np.searchsorted(texts.starts, starts[container], "right") - 1)
    rows = np.searchsorted(texts.starts, starts, "right") - 1
    # A JSON scalar that begins with n is null, and null stays.
    leaf = ~np.isin(rows, hard) & (signs != ord("n"))
    starts, which = starts[leaf], which[leaf]
    return Leaves(starts, index.ends(starts), which, hard)


@dataclass(frozen=True, slots=True, eq=False)
class _Index:
    """Where things stand in the buffer.

    Attributes:
        opens, closes: the quotes of each string.
        values: where the value of each string begins that is a key; -1 of the others.
        brackets: every bracket outside of strings.
        depths: how deep inside the containers one is behind each bracket.
        begun: the opening brackets, ordered by their depth, then their place: depth * size + place.
    """

    buffer: Bytes
    opens: Counts
    closes: Counts
    values: Counts
    brackets: Counts
    depths: Counts
    begun: Counts

    @classmethod
    def of(cls, buffer: Bytes) -> "_Index":
        buffer = np.append(buffer, np.uint8(0))  # so that looking ahead never leaves it
        quotes = np.flatnonzero(buffer == _QUOTE)
        opens, closes = quotes[0::2], quotes[1::2]
        folded = buffer | np.uint8(_LOWER)
        brackets = np.flatnonzero((folded == _OPENING) | (folded == _CLOSING))
        brackets = brackets[np.searchsorted(quotes, brackets) % 2 == 0]
        opening = folded[brackets] == _OPENING
        depths = np.cumsum(np.where(opening, 1, -1))
        begun = np.sort(depths[opening] * (len(brackets) + 1) + np.flatnonzero(opening))
        after = _past_blanks(buffer, closes + 1)
        values = np.full(len(opens), -1, np.int64)
        key = np.flatnonzero(buffer[after] == _COLON)
        values[key] = _past_blanks(buffer, after[key] + 1)
        return cls(buffer, opens, closes, values, brackets, depths, begun)

    def leaves(self, path: KeyPath) -> Counts:
        """Where the values begin that the path names."""
        keys = self._called(np.flatnonzero(self.values >= 0), path.keys[-1])
        leaves = self.values[keys]
        inside, depth = self._container(self.opens[keys])
        if not path.deep:
            right = depth == len(path.keys)
            leaves, inside = leaves[right], inside[right]
        for name in reversed(path.keys[:-1]):
            # The key of a container is the last string before it, if its value is the container.
            above = np.searchsorted(self.opens, inside) - 1
            own = (above >= 0) & (self.values[above] == inside)
            right = own & np.isin(above, self._called(np.unique(above[own]), name))
            leaves, above = leaves[right], above[right]
            inside, _ = self._container(self.opens[above])
        return leaves

    def _called(self, strings: Counts, name: bytes) -> Counts:
        """Those of the strings that read ``name``."""
        size = self.closes[strings] - self.opens[strings] - 1
        strings = strings[size == len(name)]
        for place, sign in enumerate(name, 1):
            strings = strings[self.buffer[self.opens[strings] + place] == sign]
        return strings

    def _container(self, places: Counts) -> tuple[Counts, Counts]:
        """Where the innermost container around each place begins, and how deep that is."""
        before = np.searchsorted(self.brackets, places) - 1
        depth = self.depths[before]
        size = len(self.brackets) + 1
        nearest = self.begun[np.searchsorted(self.begun, depth * size + before, "right") - 1]
        return self.brackets[nearest % size], depth

    def ends(self, starts: Counts) -> Counts:
        """Behind the last character of the scalars that begin there."""
        ends = starts.copy()
        text = self.buffer[starts] == _QUOTE
        ends[text] = self.closes[np.searchsorted(self.opens, starts[text])] + 1
        moving = np.flatnonzero(~text)
        while len(moving):
            moving = moving[~_ENDS[self.buffer[ends[moving]]]]
            ends[moving] += 1
        return ends


def _past_blanks(buffer: Bytes, places: Counts) -> Counts:
    """The next place each that holds no blank; the buffer ends with a NUL, which is none."""
    moving = np.flatnonzero(_BLANK[buffer[places]])
    places = places.copy() if len(moving) else places
    while len(moving):
        places[moving] += 1
        moving = moving[_BLANK[buffer[places[moving]]]]
    return places


def simple(values: pl.Series) -> pl.Series:
    """True for the documents that `find` can take, so far as is seen from outside."""
    return ~values.str.contains("\\", literal=True)
