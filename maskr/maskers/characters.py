"""Work on single characters over a whole column: which bytes are digits, and drawing them anew.

A character beyond ASCII counts as a small letter: what cannot be told apart is masked.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from maskr.keys import Draws, scaled
from maskr.texts import Bytes, Texts

Table = npt.NDArray[np.bool_]

_CODES = np.arange(256)
#: For each of the 256 bytes: is it a digit, a capital, a small letter, part of a wide character?
DIGITS: Table = (ord("0") <= _CODES) & (ord("9") >= _CODES)
CAPITALS: Table = (ord("A") <= _CODES) & (ord("Z") >= _CODES)
SMALL: Table = (ord("a") <= _CODES) & (ord("z") >= _CODES)
WIDE: Table = _CODES >= 128
#: The bytes of a wide character behind its first (RFC 3629).
_CONTINUES: Table = (_CODES & 0xC0) == 0x80
LETTERS: Table = CAPITALS | SMALL | WIDE

_FIRST = np.zeros(256, np.uint8)
_FIRST[DIGITS], _FIRST[CAPITALS], _FIRST[SMALL | WIDE] = ord("0"), ord("A"), ord("a")
_MANY = np.ones(256, np.uint64)
_MANY[DIGITS], _MANY[LETTERS] = 10, 26


def grids(
    texts: Texts, chosen: npt.NDArray[np.bool_]
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """The rows by how many ``chosen`` bytes they have, those without any left out.

    Yields:
        The rows' numbers, and where in the buffer their chosen bytes stand: an array of shape
        (rows, chosen bytes of each).
    """
    counts = texts.rows_of(chosen)
    places = np.flatnonzero(chosen)
    starts = np.cumsum(counts) - counts
    for count in np.flatnonzero(np.bincount(counts)).tolist():
        rows = np.flatnonzero(counts == count)
        if len(rows) == len(counts) and count:
            yield rows, places.reshape(-1, count)  # most columns are this even
        elif count:
            yield rows, places[starts[rows][:, None] + np.arange(count)]


def redrawn(texts: Texts, chosen: npt.NDArray[np.bool_], draws: Draws, label: str) -> pl.Series:
    """The column with the ``chosen`` bytes drawn anew, each within its own class.

    A digit gives a digit, a capital a capital, any other letter a small one; ``chosen`` may hold
    nothing else, and of a wide character all its bytes or none.
    """
    further = chosen & _CONTINUES[texts.buffer]
    first = chosen & ~further
    old = texts.buffer[first]
    drawn = scaled(draws.stream(label, texts.rows_of(first)), _MANY[old])
    buffer: Bytes = texts.buffer.copy()
    buffer[first] = _FIRST[old] + drawn.astype(np.uint8)
    return texts.replaced(buffer[~further])
