"""Maskers of numbers with a structure of their own: valid before, valid after."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from maskr.keys import Draws, scaled
from maskr.maskers import TEXT, Mask, Site, Traits, masker
from maskr.maskers.characters import DIGITS, LETTERS, redrawn
from maskr.texts import Counts, Texts


@masker(
    kinds=TEXT,
    traits=lambda keep_first, keep_last: Traits(
        keeps=keep_first + keep_last > 1, format_kept=True, smallest_domain=1_000_000
    ),
)
def card(
    site: Site,
    *,
    keep_first: Annotated[int, Field(ge=0, le=8)] = 1,
    keep_last: Annotated[int, Field(ge=0, le=4)] = 0,
) -> Mask:
    """A payment card's number: same length, same separators, a valid check digit (ISO/IEC 7812-1).

    Args:
        site: where the mask works.
        keep_first: leading digits kept: 1 is the network, 6 or 8 the bank (BIN).
        keep_last: trailing digits kept; the digit before them then makes the check come out.

    Example:
        ``card_number: {mask: card, keep_first: 6, keep_last: 4}``
    """

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        texts = Texts.of(values)
        chosen = DIGITS[texts.buffer]
        counts = texts.rows_of(chosen)
        digits = _card_digits(texts.buffer[chosen] - ord("0"), counts, draws, keep_first, keep_last)
        buffer = texts.buffer.copy()
        buffer[chosen] = digits.astype(np.uint8) + ord("0")
        letters = LETTERS[buffer]
        if letters.any():  # no card number, but somebody wrote it there: nothing of it stays
            return redrawn(Texts(buffer, texts.starts, texts.sizes), letters, draws, "card")
        return texts.replaced(buffer)

    return mask


def _card_digits(
    old: npt.NDArray[np.uint8], counts: Counts, draws: Draws, keep_first: int, keep_last: int
) -> Counts:
    """The new digits of all rows in one flat array, ``counts[i]`` of them row i's."""
    row = np.repeat(np.arange(len(counts)), counts)
    from_left = np.arange(len(old)) - np.repeat(np.cumsum(counts) - counts, counts)
    from_right = counts[row] - 1 - from_left
    # A number too short to keep so much of it is drawn whole: nothing of it stays by accident.
    enough = (counts >= keep_first + keep_last + 4)[row]
    kept = enough & ((from_left < keep_first) | (from_right < keep_last))
    adjusting = from_right == np.where(enough, keep_last, 0)
    digits = scaled(draws.stream("card", counts), 10).astype(np.int64)
    digits = np.where(kept, old, digits)
    digits[adjusting] = 0
    doubled = from_right % 2 == 1
    worth = np.where(doubled, 2 * digits - 9 * (digits > 4), digits)
    lacking = (-np.bincount(row, worth, len(counts)).astype(np.int64)) % 10
    # The digit whose doubled worth is w: 0 2 4 6 8 1 3 5 7 9 read backwards.
    undoubled = np.array([0, 5, 1, 6, 2, 7, 3, 8, 4, 9])
    needed = lacking[row[adjusting]]
    digits[adjusting] = np.where(doubled[adjusting], undoubled[needed], needed)
    return digits
