"""Maskers of numbers with a structure of their own: valid before, valid after."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from maskr.keys import Draws, scaled
from maskr.maskers import TEXT, Mask, Site, Traits, masker
from maskr.maskers.characters import DIGITS, LETTERS, grids, redrawn
from maskr.maskers.permuting import Numerals, permuted_numerals
from maskr.texts import Counts, Texts

# The digit whose doubled worth is w: 0 2 4 6 8 1 3 5 7 9 read backwards.
_UNDOUBLED = np.array([0, 5, 1, 6, 2, 7, 3, 8, 4, 9])
# Digits that must be free beside those kept: of a shorter number nothing is kept.
_LEAST_FREE = 4


@masker(
    kinds=TEXT,
    traits=lambda keep_first, keep_last, unique: Traits(
        unique=unique,
        reversible=unique,
        keeps=keep_first + keep_last > 1,
        format_kept=True,
        smallest_domain=1_000_000,
    ),
)
def card(
    site: Site,
    *,
    keep_first: Annotated[int, Field(ge=0, le=8)] = 1,
    keep_last: Annotated[int, Field(ge=0, le=4)] = 0,
    unique: bool = False,
) -> Mask:
    """A payment card's number: same length, same separators, a valid check digit (ISO/IEC 7812-1).

    Args:
        site: where the mask works.
        keep_first: leading digits kept: 1 is the network, 6 or 8 the bank (BIN).
        keep_last: trailing digits kept; the digit before them then makes the check come out.
        unique: encrypted in its shape (FF1) instead of drawn: no two numbers get one fake, a unique
            column may take it, and who holds the key can undo it. A check digit that was wrong is
            wrong afterwards.

    Example:
        ``card_number: {mask: card, keep_first: 6, keep_last: 4}``
    """
    if unique:
        return _permuted_cards(keep_first, keep_last)

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
    enough = (counts >= keep_first + keep_last + _LEAST_FREE)[row]
    kept = enough & ((from_left < keep_first) | (from_right < keep_last))
    adjusting = from_right == np.where(enough, keep_last, 0)
    digits = scaled(draws.stream("card", counts), 10).astype(np.int64)
    digits = np.where(kept, old, digits)
    digits[adjusting] = 0
    doubled = from_right % 2 == 1
    worth = np.where(doubled, 2 * digits - 9 * (digits > 4), digits)
    lacking = (-np.bincount(row, worth, len(counts)).astype(np.int64)) % 10
    needed = lacking[row[adjusting]]
    digits[adjusting] = np.where(doubled[adjusting], _UNDOUBLED[needed], needed)
    return digits


def _permuted_cards(keep_first: int, keep_last: int) -> Mask:
    """The mask that encrypts the digits that are neither kept nor there for the check."""

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        texts = Texts.of(values)
        buffer = texts.buffer.copy()
        for _, places in grids(texts, DIGITS[buffer]):
            digits = (buffer[places] - ord("0")).astype(np.uint8)
            length = places.shape[1]
            if length < keep_first + keep_last + _LEAST_FREE:
                made = permuted_numerals(digits, 10, draws, "card/short")
            else:
                made = _permuted_card(digits, draws, keep_first, length - keep_last - 1)
            buffer[places] = made + ord("0")
        # Letters in it, or no digits: no card number, and nothing to encrypt it by.
        readable = (texts.rows_of(LETTERS[buffer]) == 0) & (texts.rows_of(DIGITS[buffer]) > 0)
        read = pl.Series(readable) | (values == "")
        return texts.replaced(buffer).zip_with(read, pl.Series([None], dtype=pl.String))

    return mask


def _permuted_card(digits: Numerals, draws: Draws, keep_first: int, check: int) -> Numerals:
    """What stands before place ``check`` encrypted; the sum over all is what it was."""
    out = digits.copy()
    free = digits[:, keep_first:check]
    out[:, keep_first:check] = permuted_numerals(free, 10, draws, "card")
    out[:, check] = 0
    needed = (_luhn_sum(digits) - _luhn_sum(out)) % 10
    doubled = (digits.shape[1] - 1 - check) % 2 == 1
    out[:, check] = _UNDOUBLED[needed] if doubled else needed
    return out


def _luhn_sum(digits: Numerals) -> Counts:
    turned = digits[:, ::-1].astype(np.int64)
    turned[:, 1::2] = 2 * turned[:, 1::2] - 9 * (turned[:, 1::2] > 4)
    total: Counts = turned.sum(axis=1)
    return total
