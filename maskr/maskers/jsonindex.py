"""Finds the leaves of simple JSONPaths in a whole column of documents at once.

Keys are looked for as the text that they are, and where containers begin and end is worked out
with numpy over one buffer of all documents. What this cannot do (an escape anywhere in a document,
a container in the place of a leaf, a wildcard in a path) is left to the scan of
`maskr.maskers.jsonpath`, which can do all.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from maskr.maskers.jsonpath import Path
from maskr.texts import Bytes, Counts, Texts

Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]
_T = TypeVar("_T", bound=np.generic)

_QUOTE, _COLON, _OPENING = b'":{'
# "[" and "]" differ from "{" and "}" by this bit; an opening and a closing one by the other.
_SQUARE, _CLOSING = np.uint8(32), np.uint8(4)
_BLANK = np.zeros(256, np.bool_)
_BLANK[list(b" \t\n\r")] = True
_ENDS = _BLANK.copy()
_ENDS[list(b",]}\0")] = True
# What stands between two strings has one of these: without them in a key, a quote, the key and a
# quote are a string whenever they stand in a document without an escape.
_BETWEEN = frozenset('",:{}[]')
# Bytes that are worked on at a time: what numpy makes of them stays in the processor's cache
# (measured: 0.75 ns a byte beside 1.67 for 8 MB at a time, 1.1 for 128 KiB).
_BLOCK = 1 << 19
# How often all documents are looked through for one more of a key, before the few that have still
# more of them are looked through one by one.
_ROUNDS = 16


@dataclass(frozen=True, slots=True)
class KeyPath:
    """A path that is nothing but keys; ``deep`` where it may begin anywhere."""

    keys: tuple[str, ...]
    deep: bool


def key_path(path: Path) -> KeyPath | None:
    """The path as keys; None where it holds anything else, or a key that has to be scanned for."""
    deep = bool(path) and path[0][0] == "deep"
    rest = path[deep:]
    if not rest or any(what != "key" or _BETWEEN.intersection(name) for what, name in rest):
        return None
    return KeyPath(tuple(name for _, name in rest), deep)


@dataclass(frozen=True, slots=True, eq=False)
class Leaves:
    """What was found, in the order of rows and places.

    Attributes:
        rows: which document each leaf stands in.
        starts, ends: of each leaf, in bytes of its document.
        quoted: True for strings.
        paths: which path each one belongs to.
        hard: the rows that have to be scanned instead; no leaf is in them.
    """

    rows: Counts
    starts: Counts
    ends: Counts
    quoted: Flags
    paths: Counts
    hard: Counts


def find(values: pl.Series, paths: Sequence[KeyPath]) -> Leaves:
    """The leaves that ``paths`` name in valid documents without a backslash."""
    texts = Texts.of(values)
    found = _found(values, texts, paths)
    starts = np.concatenate(found)
    which = np.repeat(np.arange(len(paths)), [len(each) for each in found])
    order = np.lexsort((which, starts))
    starts, which = starts[order], which[order]
    first = np.ones(len(starts), np.bool_)  # of two paths that name a leaf, the first counts
    first[1:] = starts[1:] != starts[:-1]
    starts, which = starts[first], which[first]
    rows = np.searchsorted(texts.starts, starts, "right") - 1
    signs = texts.buffer[starts]
    hard = np.unique(rows[(signs | _SQUARE) == _OPENING])
    # A JSON scalar that begins with n is null, and null stays.
    leaf = ~np.isin(rows, hard) & (signs != ord("n"))
    rows, starts, which = rows[leaf], starts[leaf], which[leaf]
    quoted = signs[leaf] == _QUOTE
    ends = _ends(texts.buffer, starts, quoted)
    begun = texts.starts[rows]
    return Leaves(rows, starts - begun, ends - begun, quoted, which, hard)


def simple(values: pl.Series) -> pl.Series:
    """True for the documents that `find` can take, so far as is seen from outside."""
    return ~values.str.contains("\\", literal=True)


def _found(values: pl.Series, texts: Texts, paths: Sequence[KeyPath]) -> list[Counts]:
    """Where the values begin in the buffer that each path names."""
    named = {path.keys[-1] for path in paths}
    keys = {name: _Key.of(values, texts, name) for name in named}
    if not any(len(key.places) for key in keys.values()):
        return [np.empty(0, np.int64) for _ in paths]
    above = {name for path in paths for name in path.keys} - keys.keys()
    keys |= {name: _Key.of(values, texts, name) for name in above}
    anywhere = [path.deep and len(path.keys) == 1 for path in paths]
    containers = None if all(anywhere) else _Containers.of(texts)
    return [
        keys[path.keys[-1]].begins if containers is None or bare else containers.leaves(path, keys)
        for path, bare in zip(paths, anywhere, strict=True)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Key:
    """Where a key stands in the buffer, and where each one's value begins, in order."""

    places: Counts
    begins: Counts

    @classmethod
    def of(cls, values: pl.Series, texts: Texts, name: str) -> "_Key":
        word = f'"{name}"'
        places = np.sort(_occurrences(values, texts, word))
        after = _past_blanks(texts.buffer, places + len(word.encode()))
        key = _at(texts.buffer, after) == _COLON
        return cls(places[key], _past_blanks(texts.buffer, after[key] + 1))


def _occurrences(values: pl.Series, texts: Texts, word: str) -> Counts:
    """Where a text stands in the buffer, in any order.

    polars finds a first one several times as fast as anything here finds them all (70 beside
    900 ns in 1 kB); so it is asked again for what is behind, while there is any.
    """
    found = [np.empty(0, np.int64)]
    size = len(word.encode())
    left = pl.DataFrame({"text": values, "begins": texts.starts})
    for _ in range(_ROUNDS):
        once = (
            left.lazy()
            .with_columns(pl.col("text").str.find(word, literal=True).cast(pl.Int64).alias("at"))
            .drop_nulls("at")
            .select(
                pl.col("begins") + pl.col("at") + size,
                pl.col("text").cast(pl.Binary).bin.slice(pl.col("at") + size).cast(pl.String),
            )
            .with_columns(pl.col("text").str.contains(word, literal=True).alias("more"))
            .collect()
        )
        found.append(once["begins"].to_numpy() - size)
        left = once.filter("more").select("text", "begins")
        if left.is_empty():
            break
    for text, begins in left.iter_rows():
        more = [each.start() for each in re.finditer(re.escape(word.encode()), text.encode())]
        found.append(begins + np.array(more, np.int64))
    return np.concatenate(found)


@dataclass(frozen=True, slots=True, eq=False)
class _Containers:
    """Where containers begin and end.

    Attributes:
        brackets: every bracket outside of strings.
        opening: which of them begin a container.
        depths: how deep inside the containers one is behind each bracket.
    """

    brackets: Counts
    opening: Flags
    depths: Counts

    @classmethod
    def of(cls, texts: Texts) -> "_Containers":
        buffer = texts.buffer
        cuts = np.searchsorted(texts.starts, np.arange(0, len(buffer), _BLOCK))
        edges = [*dict.fromkeys(texts.starts[cuts[cuts < len(texts.starts)]].tolist()), len(buffer)]
        brackets = np.concatenate([_brackets(buffer[a:b]) + a for a, b in pairwise(edges)])
        opening = (buffer[brackets] & _CLOSING) == 0
        return cls(brackets, opening, np.cumsum(np.where(opening, 1, -1)))

    def leaves(self, path: KeyPath, keys: Mapping[str, _Key]) -> Counts:
        """Where the values begin that the path names."""
        key = keys[path.keys[-1]]
        leaves, places = key.begins, key.places
        if not path.deep:
            right = self.depths[self._before(places)] == len(path.keys)
            leaves, places = leaves[right], places[right]
        for name in reversed(path.keys[:-1]):
            inside, key = self._innermost(places), keys[name]
            above = np.searchsorted(key.begins, inside)
            right = _at(np.append(key.begins, -1), above) == inside
            leaves, places = leaves[right], key.places[above[right]]
        return leaves

    def _before(self, places: Counts) -> Counts:
        """Which bracket is the last one before each place, which has to be inside a container."""
        return np.searchsorted(self.brackets, places) - 1

    def _innermost(self, places: Counts) -> Counts:
        """Where the innermost container around each place begins."""
        nearest = self._before(places)
        behind = np.flatnonzero(~self.opening[nearest])  # another container, that ends before
        if len(behind):
            # The last one that began at this depth: in order of depth, then place.
            size = len(self.brackets)
            begun = np.sort(self.depths[self.opening] * size + np.flatnonzero(self.opening))
            sought = self.depths[nearest[behind]] * size + nearest[behind]
            nearest[behind] = begun[np.searchsorted(begun, sought) - 1] % size
        return self.brackets[nearest]


def _brackets(block: Bytes) -> Counts:
    """The brackets outside of strings in whole documents.

    Which bytes are inside of strings is worked out 64 at a time, a bit a byte: a bit of the prefix
    sum modulo 2 of the quotes (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", 2019).
    """
    folded = block | _SQUARE
    inside = _bits(folded == _QUOTE)
    for step in (1, 2, 4, 8, 16, 32):
        inside = inside ^ (inside << np.uint64(step))
    odd = np.bitwise_xor.accumulate(inside >> np.uint64(63))
    inside[1:] ^= np.uint64(0) - odd[:-1]
    folded -= np.uint8(_OPENING)  # an opening bracket becomes 0, a closing one 2
    folded &= np.uint8(0xFD)
    folded |= np.unpackbits(inside.view(np.uint8), count=len(block), bitorder="little")
    return np.flatnonzero(folded == 0)


def _ends(buffer: Bytes, starts: Counts, quoted: Flags) -> Counts:
    """Behind the last character of the scalars that begin there."""
    ends = starts.copy()
    ends[quoted] = _next_quote(buffer, starts[quoted] + 1) + 1
    moving = np.flatnonzero(~quoted)
    while len(moving):
        moving = moving[~_ENDS[_at(buffer, ends[moving])] & (ends[moving] < len(buffer))]
        ends[moving] += 1
    return ends


def _next_quote(buffer: Bytes, places: Counts) -> Counts:
    """The first quote at each place or behind it; there has to be one."""
    words = _bits(buffer == _QUOTE)
    at = places >> 6
    word = words[at] & (~np.uint64(0) << (places & 63).astype(np.uint64))
    moving = np.flatnonzero(word == 0)
    while len(moving):
        at[moving] += 1
        word[moving] = words[at[moving]]
        moving = moving[word[moving] == 0]
    below = ~word & (word - np.uint64(1))  # a bit for each place before the lowest that is set
    found: Counts = (at << 6) + np.bitwise_count(below)
    return found


def _bits(flags: Flags) -> Words:
    """64 flags a word, the first one lowest."""
    packed = np.packbits(flags, bitorder="little")
    return np.append(packed, np.zeros(-len(packed) % 8, np.uint8)).view("<u8")


def _past_blanks(buffer: Bytes, places: Counts) -> Counts:
    """The next place each that holds no blank."""
    moving = np.flatnonzero(_BLANK[_at(buffer, places)])
    places = places.copy() if len(moving) else places
    while len(moving):
        places[moving] += 1
        moving = moving[_BLANK[_at(buffer, places[moving])] & (places[moving] < len(buffer))]
    return places


def _at(array: npt.NDArray[_T], places: Counts) -> npt.NDArray[_T]:
    """What stands there; behind the end, the last once more."""
    return array.take(places, mode="clip")
