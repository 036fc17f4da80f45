"""Columns of numbers as floats and back: printed with the digits that each number came with."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from maskr.model import Column, Kind

Floats = npt.NDArray[np.float64]

_PLAIN = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
#: What float8 and numeric know beside numbers; they say nothing of anybody.
_SPECIAL = ["NaN", "Infinity", "-Infinity"]
# Integers up to here are exact as floats (IEEE 754, 53 bits).
_EXACT = 2.0**53
_BITS = {"smallint": 16, "integer": 32, "bigint": 64}
_MOST_REAL, _MOST_DOUBLE = 3.4e38, 1.7e308
_LONGEST_EXACT = 15  # decimal digits that a float always keeps
# More decimals than any amount has; numeric may hold 16,383, a float tells no more than 17 digits.
_MOST_DECIMALS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column of numbers.

    Attributes:
        values: 0 where there is none to read.
        decimals: how many digits stood behind the point.
        readable: True for a number; NULL, NaN and the infinities are none.
        special: NaN and the infinities.
    """

    values: Floats
    decimals: npt.NDArray[np.int64]
    readable: pl.Series
    special: pl.Series

    @classmethod
    def of(cls, texts: pl.Series) -> "Numbers":
        """Reads the texts."""
        plain = texts.str.strip_chars()
        readable = plain.str.contains(_PLAIN).fill_null(False)
        values = plain.cast(pl.Float64, strict=False).fill_null(0.0).fill_nan(0.0)
        finite = values.is_finite()
        behind = plain.str.extract(r"^[^eE.]*\.(\d*)", 1).str.len_chars().fill_null(0)
        return cls(
            values.zip_with(finite & readable, pl.Series([0.0])).to_numpy(),
            np.minimum(behind.cast(pl.Int64).to_numpy(), _MOST_DECIMALS),
            readable & finite,
            plain.is_in(_SPECIAL).fill_null(False),
        )

    def printed(self, values: Floats, column: Column, texts: pl.Series) -> pl.Series:
        """``values`` as the column's type has it; special ones stay, unreadable ones are NULL."""
        low, high = bounds(column)
        within = np.clip(values, low, high)
        if column.kind is Kind.FLOAT:
            made = _shortest(within, column)
        else:
            decimals = 0 if column.kind is Kind.INTEGER else self.decimals
            made = fixed(within, np.broadcast_to(decimals, within.shape))
        nothing = pl.Series([None], dtype=pl.String)
        return made.zip_with(self.readable, texts.zip_with(self.special, nothing))


def bounds(column: Column) -> tuple[float, float]:
    """The least and the greatest number that the column holds."""
    if column.kind is Kind.INTEGER:
        # A domain over an integer has a name of its own; int4 is what most are made of.
        bits = _BITS.get(column.type, 32)
        high = 2.0 ** (bits - 1) - 1
        return -(2.0 ** (bits - 1)), min(high, float(np.nextafter(2.0**63, 0)))
    if column.precision is not None:
        high = (10**column.precision - 1) / 10 ** (column.scale or 0)
        # Beyond what a float keeps, the greatest one would be rounded up to one digit more.
        return (-high, high) if column.precision <= _LONGEST_EXACT else (-high * 0.9, high * 0.9)
    high = _MOST_REAL if column.type == "real" else _MOST_DOUBLE
    return -high, high


def fixed(values: Floats, decimals: npt.NDArray[np.int64]) -> pl.Series:
    """Each number with so many digits behind the point, and never an exponent."""
    out = pl.Series([""], dtype=pl.String).new_from_index(0, len(values))
    for digits in np.unique(decimals):
        rows = np.flatnonzero(decimals == digits)
        out = out.scatter(rows, _fixed(values[rows], int(digits)))
    return out


def _fixed(values: Floats, digits: int) -> pl.Series:
    with np.errstate(over="ignore"):  # what is infinite is not exact
        scaled = np.rint(values * 10.0**digits)
    exact = np.abs(scaled) < _EXACT
    whole = pl.Series(np.where(exact, np.abs(scaled), 0).astype(np.int64)).cast(pl.String)
    sign = pl.Series(np.where(exact & (scaled < 0), "-", ""), dtype=pl.String)
    text = whole.str.zfill(digits + 1)
    if digits:
        text = text.str.head(-digits) + "." + text.str.tail(digits)
    text = sign + text
    if exact.all():
        return text
    rare = np.flatnonzero(~exact)
    return text.scatter(rare, [f"{values[row]:.{digits}f}" for row in rare])


def _shortest(values: Floats, column: Column) -> pl.Series:
    kind = pl.Float32 if column.type == "real" else pl.Float64
    text = pl.Series(values, dtype=pl.Float64).cast(kind).cast(pl.String)
    return text.str.strip_suffix(".0")
