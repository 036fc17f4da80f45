"""Numbers with a structure: what is free is drawn, what must follow from it is worked out.

Of a value only letters and digits count; everything between them stays where it is. A value that
has none of the shapes cannot be read, and its mask is NULL.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from maskr.keys import Draws
from maskr.maskers import Mask
from maskr.maskers.characters import CAPITALS, DIGITS, SMALL, grids
from maskr.texts import Texts

#: The letters and digits of several values of one shape, an array of shape (rows, characters):
#: 0 to 9 for digits, 10 to 35 for letters, as ISO 13616 counts them.
Grid = npt.NDArray[np.int32]
#: Makes drawn characters a number of its kind, in place. What it gives back says which rows came
#: out right (None: all); the others are drawn again.
Finish = Callable[[Grid, Grid], npt.NDArray[np.bool_] | None]

_COUNTED = DIGITS | CAPITALS | SMALL
_WORTH = np.zeros(256, np.int32)
_WORTH[DIGITS] = np.arange(10)
_WORTH[CAPITALS] = _WORTH[SMALL] = np.arange(10, 36)
_SIGNS = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)
# A draw is refused with a chance of 1 in 2 at the most (a check digit that may not be 10: 1 in 11),
# so one value in 2**64 would be left with a wrong check digit.
_ATTEMPTS = 64


@dataclass(frozen=True, slots=True)
class Scheme:
    """One shape and what makes it valid.

    Attributes:
        shape: a sign a character. ``9`` a digit, ``A`` a letter, ``?`` either, each drawn as what
            it is; ``#`` a digit, ``@`` a letter, ``=`` either, kept as they are.
        finish: is handed the grid and as many further numbers, below 2**26, to choose with.
        prefix: the letters and digits that it begins with, capital or small; of any kind if empty.
    """

    shape: str
    finish: Finish
    prefix: str = ""

    def fits(self, grid: Grid) -> npt.NDArray[np.bool_]:
        """Which rows have this shape; they have its length already."""
        signs = np.array(list(self.shape))
        digit = grid < 10
        wrong = np.where(digit, np.isin(signs, ["A", "@"]), np.isin(signs, ["9", "#"]))
        head = np.array([_WORTH[sign] for sign in self.prefix.encode()], np.int32)
        wrong[:, : len(head)][grid[:, : len(head)] != head] = True
        fitting: npt.NDArray[np.bool_] = np.logical_not(wrong.any(axis=1))
        return fitting

    def drawn(self, grid: Grid, draws: Draws, label: str) -> Grid:
        """Other numbers of the same kind, one a row."""
        rows, width = grid.shape
        out = np.empty_like(grid)
        ahead = np.arange(rows)
        kept = np.array([sign in "#@=" for sign in self.shape])
        for _ in range(_ATTEMPTS):
            words = draws.stream(label, np.full(len(ahead), width))
            chance = (words.reshape(-1, width) >> np.uint64(33)).astype(np.int32)
            before = grid[ahead]
            made = chance % 10
            letter = before >= 10
            if letter.any():
                made = np.where(letter, 10 + chance % 26, made)
            made[:, kept] = before[:, kept]
            right = self.finish(made, chance // 26)
            out[ahead] = made
            if right is None or right.all():
                break
            ahead = ahead[~right]
            draws = draws.take(pl.Series(~right)).again()
        return out


#: Gives numbers of one scheme others of it, one a row.
Make = Callable[[Scheme, Grid, Draws, str], Grid]


def structured(schemes: Sequence[Scheme], label: str, make: Make = Scheme.drawn) -> Mask:
    """A mask that gives each value another one of the first scheme that it fits."""

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        texts = Texts.of(values)
        buffer = texts.buffer.copy()
        read = np.zeros(len(values), np.bool_)
        for rows, places in grids(texts, _COUNTED[buffer]):
            grid = _WORTH[texts.buffer[places]]
            for scheme in schemes:
                if len(scheme.shape) != places.shape[1]:
                    continue
                fits = scheme.fits(grid) & ~read[rows]
                if fits.any():
                    some = np.zeros(len(values), np.bool_)
                    some[rows[fits]] = True
                    read |= some
                    made = make(scheme, grid[fits], draws.take(pl.Series(some)), label)
                    buffer[places[fits]] = _signs(made, texts.buffer[places[fits]])
        fakes = texts.replaced(buffer)
        return fakes.zip_with(pl.Series(read), pl.Series([None], dtype=pl.String))

    return mask


def _signs(grid: Grid, before: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The characters; a letter in the place of a small one is small."""
    signs = _SIGNS[grid]
    return np.where((grid >= 10) & SMALL[before], signs + 32, signs).astype(np.uint8)
