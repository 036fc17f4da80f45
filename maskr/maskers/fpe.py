"""Maskers that encrypt a value into another one of its own shape: nothing lost, nothing doubled."""

import string
from itertools import pairwise
from typing import Annotated

import numpy as np
import polars as pl
from pydantic import AfterValidator, Field

from maskr.keys import Draws
from maskr.maskers import SAFE_DOMAIN, TEXT, Mask, Site, Traits, UnusableError, masker
from maskr.maskers.characters import CAPITALS, grids
from maskr.maskers.permuting import permuted_numbers, permuted_numerals
from maskr.model import Kind
from maskr.texts import Texts

_ALPHABETS = {
    "digits": string.digits,
    "letters": string.ascii_lowercase,
    "lower": string.digits + string.ascii_lowercase,
    "upper": string.digits + string.ascii_uppercase,
    "alphanumeric": string.digits + string.ascii_uppercase + string.ascii_lowercase,
    "hex": "0123456789abcdef",
}
_SIGNED = 1 << 63


def _alphabet(name: str) -> str:
    signs = _ALPHABETS.get(name, name)
    if (
        len(signs) < 2
        or len(set(signs)) < len(signs)
        or not (signs.isascii() and signs.isprintable())
    ):
        known = ", ".join(_ALPHABETS)
        raise ValueError(f"{known}, or at least two different printable ASCII characters")
    return name


@masker(
    kinds=TEXT,
    traits=Traits(unique=True, reversible=True, format_kept=True, smallest_domain=SAFE_DOMAIN),
)
def fpe(site: Site, *, alphabet: Annotated[str, AfterValidator(_alphabet)] = "digits") -> Mask:
    """Format-preserving encryption: FF1 of NIST SP 800-38G with AES-256.

    Every character of the alphabet becomes another of it; all others stay where they are, so a
    number keeps its separators, and no two values get one fake. Values with fewer than 10**6
    possible fakes are permuted by a keyed table instead, as FF1 does not allow for them. Who holds
    the key can undo it. A value without any character of the alphabet cannot be read.

    Args:
        site: where the mask works.
        alphabet: ``digits``, ``letters`` (capitals stay capitals), ``lower`` and ``upper`` (digits
            and such letters), ``alphanumeric`` (digits and letters of both cases), ``hex``, or
            the characters themselves.

    Example:
        ``ssn: {mask: fpe, alphabet: digits}``
    """
    signs = _ALPHABETS.get(alphabet, alphabet)
    radix = len(signs)
    symbols = np.frombuffer(signs.encode(), np.uint8)
    known = np.zeros(256, np.bool_)
    numeral = np.zeros(256, np.uint8)
    known[symbols], numeral[symbols] = True, np.arange(radix)
    either_case = alphabet == "letters"
    if either_case:
        known[symbols - 32], numeral[symbols - 32] = True, np.arange(radix)
    label = f"fpe/{signs}"

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        texts = Texts.of(values)
        buffer = texts.buffer.copy()
        chosen = known[buffer]
        for _, places in grids(texts, chosen):
            buffer[places] = symbols[
                permuted_numerals(numeral[buffer[places]], radix, draws, label)
            ]
        if either_case:
            buffer[CAPITALS[texts.buffer]] -= 32
        readable = pl.Series(texts.rows_of(chosen) > 0) | (values == "")
        return texts.replaced(buffer).zip_with(readable, pl.Series([None], dtype=pl.String))

    return mask


@masker(
    kinds=frozenset({Kind.INTEGER}),
    traits=Traits(unique=True, reversible=True, smallest_domain=SAFE_DOMAIN),
)
def permute(
    site: Site,
    *,
    low: Annotated[int, Field(ge=-_SIGNED, lt=_SIGNED)] | None = None,
    high: Annotated[int, Field(ge=-_SIGNED, lt=_SIGNED)] | None = None,
) -> Mask:
    """Another whole number for every one, each once: keys stay unique, and foreign keys follow.

    The numbers from ``low`` to ``high`` change places among themselves (FF1 over their binary
    digits, walking on while it leads out of the range; a keyed table for ranges below 10**6).
    Without a range, and outside of it, a number stays among those of its sign that fit into no
    smaller type (smallint, integer, bigint), so that what fits a column fits it afterwards.

    Args:
        site: where the mask works.
        low: the least number of the range.
        high: the greatest one. With the present value of the column's sequence here, the sequence
            goes on in staging without meeting a permuted number.

    Example:
        ``id: {mask: permute, low: 1, high: 5000000}``
    """
    least = -_SIGNED if low is None else low
    most = _SIGNED - 1 if high is None else high
    if low is not None or high is not None:
        _check(site.column.type, least, most)
    starts = [start + _SIGNED for start in _starts(low, high)]
    ranges = list(pairwise([*starts, 2 * _SIGNED]))
    begins = np.array(starts, np.uint64)

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        numbers = values.fill_null("0").cast(pl.Int64).to_numpy()
        # Counted from the least bigint, the order of the numbers is that of unsigned words.
        places = numbers.view(np.uint64) ^ np.uint64(_SIGNED)
        which = np.searchsorted(begins, places, side="right") - 1
        out = places.copy()
        for each in np.unique(which):
            rows = which == each
            begin, end = ranges[each]
            moved = permuted_numbers(
                places[rows] - np.uint64(begin), end - begin, draws, f"permute/{begin}-{end}"
            )
            out[rows] = moved + np.uint64(begin)
        return pl.Series((out ^ np.uint64(_SIGNED)).view(np.int64)).cast(pl.String)

    return mask


def _check(type: str, low: int, high: int) -> None:
    bound = {"smallint": 1 << 15, "integer": 1 << 31}.get(type, _SIGNED)
    if low > high:
        raise UnusableError(f"low is {low}, which is above high, {high}", "swap them")
    if low < -bound or high >= bound:
        raise UnusableError(
            f"the range from {low} to {high} is wider than {type}",
            f"give low and high within {-bound} to {bound - 1}",
        )


def _starts(low: int | None, high: int | None) -> list[int]:
    """Where each range begins that numbers do not leave, from the least bigint on."""
    starts = [-_SIGNED, -(1 << 31), -(1 << 15), 0, 1 << 15, 1 << 31]
    if low is None and high is None:
        return starts
    first = -_SIGNED if low is None else low
    behind = _SIGNED if high is None else high + 1
    others = [start for start in starts if not first <= start < behind]
    return sorted({*others, first, behind} - {_SIGNED})
