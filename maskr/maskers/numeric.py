"""Maskers of quantities: made vague, or drawn anew."""

from typing import Annotated, Literal

import numpy as np
import polars as pl
from pydantic import Field

from maskr.keys import Draws
from maskr.maskers import Mask, Site, Traits, UnusableError, masker
from maskr.maskers.amounts import Floats, Numbers, bounds, fixed
from maskr.model import Kind

_NUMBERS = frozenset({Kind.INTEGER, Kind.NUMERIC, Kind.FLOAT, Kind.TEXT})
_FRACTIONS = _NUMBERS - {Kind.INTEGER}
_MOST_DRAWN = 2**53  # integers up to here are exact as floats, in which bounds are compared
# What is beyond the greatest float is infinite for a moment, then cut to what the column holds.
_CUT = np.errstate(over="ignore")

_Number = int | float
_Positive = Annotated[int, Field(gt=0)] | Annotated[float, Field(gt=0)]
_Percent = Annotated[str, Field(pattern=r"^\d+(\.\d+)?%$")]


@masker(kinds=_NUMBERS, traits=Traits(keeps=True))
def noise(
    site: Site,
    *,
    spread: _Percent | _Positive = "10%",
    distribution: Literal["uniform", "gaussian", "laplace"] = "uniform",
    minimum: _Number | None = None,
    maximum: _Number | None = None,
) -> Mask:
    """Moves a number a little; how large it is about stays readable.

    The same number moves the same way everywhere; drawn ``by`` a column of the row, all amounts of
    the row move together. It has as many decimals as before and fits the column; a small integer
    may well stay what it is.

    Args:
        site: where the mask works.
        spread: the farthest it moves (uniform) or the scale of its moves (gaussian, laplace): a
            share of the number such as ``10%``, or an amount.
        distribution: how the moves are spread.
        minimum: no result is below this.
        maximum: no result is above this.

    Example:
        ``salary: {mask: noise, spread: 10%, minimum: 0}``
    """
    share = float(spread[:-1]) / 100 if isinstance(spread, str) else None

    @_CUT
    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        numbers = Numbers.of(values)
        far = np.abs(numbers.values) * share if share is not None else float(spread)
        moved = numbers.values + _moves(draws, distribution) * far
        return numbers.printed(_within(moved, minimum, maximum), site.column, values)

    return mask


def _moves(draws: Draws, distribution: str) -> Floats:
    """Random moves of scale 1, symmetric around 0."""
    even = _unit(draws, "noise")
    if distribution == "uniform":
        return 2 * even - 1
    if distribution == "laplace":  # by its inverse distribution function
        around = even - 0.5
        moves: Floats = -np.sign(around) * np.log1p(-2 * np.abs(around))
        return moves
    radius = np.sqrt(-2 * np.log1p(-even))  # Box and Muller 1958
    normal: Floats = radius * np.cos(2 * np.pi * _unit(draws, "noise/angle"))
    return normal


def _unit(draws: Draws, label: str) -> Floats:
    """Numbers in [0, 1), 53 bits each."""
    unit: Floats = (draws.words(label) >> np.uint64(11)).astype(np.float64) / 2.0**53
    return unit


def _within(values: Floats, minimum: _Number | None, maximum: _Number | None) -> Floats:
    low = -np.inf if minimum is None else minimum
    return np.clip(values, low, np.inf if maximum is None else maximum)


@masker(kinds=_NUMBERS, traits=Traits(keeps=True), name="round")
def round_(site: Site, *, to: _Positive = 10) -> Mask:
    """Rounds a number to the nearest multiple.

    Args:
        site: where the mask works.
        to: of what, such as 1000 or 0.5.

    Example:
        ``salary: {mask: round, to: 1000}``
    """

    @_CUT
    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        numbers = Numbers.of(values)
        return numbers.printed(np.rint(numbers.values / to) * to, site.column, values)

    return mask


@masker(kinds=_NUMBERS, traits=Traits(keeps=True))
def bucket(site: Site, *, width: _Positive = 10, start: _Number = 0) -> Mask:
    """The lower end of the range that a number falls into: 37 becomes 30.

    Args:
        site: where the mask works.
        width: of a range.
        start: where one of the ranges begins.

    Example:
        ``age: {mask: bucket, width: 10}``
    """

    @_CUT
    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        numbers = Numbers.of(values)
        ranges = np.floor((numbers.values - start) / width)
        return numbers.printed(ranges * width + start, site.column, values)

    return mask


@masker(kinds=_NUMBERS, traits=Traits(keeps=True))
def clamp(site: Site, *, minimum: _Number | None = None, maximum: _Number | None = None) -> Mask:
    """Cuts off what stands out: a number beyond a bound becomes the bound, others stay.

    Args:
        site: where the mask works.
        minimum: the least result.
        maximum: the greatest result.

    Example:
        ``age: {mask: clamp, maximum: 90}``
    """

    @_CUT
    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        numbers = Numbers.of(values)
        within = _within(numbers.values, minimum, maximum)
        cut = pl.Series(within != numbers.values) | ~numbers.readable
        return numbers.printed(within, site.column, values).zip_with(cut, values)

    return mask


@masker(kinds=_NUMBERS, traits=Traits(coincides=True))
def random_int(
    site: Site,
    *,
    minimum: Annotated[int, Field(ge=-_MOST_DRAWN)] = 0,
    maximum: Annotated[int, Field(le=_MOST_DRAWN)] = 1_000_000,
) -> Mask:
    """A whole number that has nothing to do with the old one.

    Args:
        site: where the mask works.
        minimum: the least.
        maximum: the greatest.

    Example:
        ``points: {mask: random_int, minimum: 1, maximum: 100}``
    """
    _check(site, minimum, maximum)

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        drawn = draws.below("random_int", maximum - minimum + 1).astype(np.int64) + minimum
        return pl.Series(drawn).cast(pl.String)

    return mask


@masker(kinds=_FRACTIONS, traits=Traits(coincides=True))
def random_decimal(
    site: Site,
    *,
    minimum: _Number = 0,
    maximum: _Number = 1000,
    decimals: Annotated[int, Field(ge=0, le=9)] = 2,
) -> Mask:
    """A number with a fixed count of decimals that has nothing to do with the old one.

    Args:
        site: where the mask works.
        minimum: the least.
        maximum: the greatest.
        decimals: digits behind the point.

    Example:
        ``price: {mask: random_decimal, minimum: 1, maximum: 99.99}``
    """
    _check(site, minimum, maximum)
    digits = np.array([decimals])

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        drawn = minimum + _unit(draws, "random_decimal") * (maximum - minimum)
        return fixed(drawn, np.broadcast_to(digits, drawn.shape))

    return mask


@masker(kinds=_FRACTIONS, traits=Traits(coincides=True))
def random_float(site: Site, *, minimum: _Number = 0, maximum: _Number = 1) -> Mask:
    """A number with all its decimals that has nothing to do with the old one.

    Args:
        site: where the mask works.
        minimum: the least.
        maximum: it stays below this.

    Example:
        ``score: {mask: random_float, minimum: -1, maximum: 1}``
    """
    _check(site, minimum, maximum)

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        drawn = minimum + _unit(draws, "random_float") * (maximum - minimum)
        return pl.Series(drawn, dtype=pl.Float64).cast(pl.String)

    return mask


def _check(site: Site, minimum: _Number, maximum: _Number) -> None:
    low, high = (-np.inf, np.inf) if site.column.kind is Kind.TEXT else bounds(site.column)
    if minimum > maximum:
        raise UnusableError("'minimum' is greater than 'maximum'", "exchange them")
    if minimum < low or maximum > high:
        what = f"{site.column.type} does not hold all from {minimum} to {maximum}"
        raise UnusableError(what, "narrow the range")


@masker(kinds=frozenset({Kind.BOOLEAN, Kind.TEXT}), traits=Traits(coincides=True))
def random_bool(site: Site, *, share: Annotated[float, Field(ge=0, le=1)] = 0.5) -> Mask:
    """True or false, drawn; in a column of text the words.

    Args:
        site: where the mask works.
        share: of true.

    Example:
        ``subscribed: {mask: random_bool, share: 0.25}``
    """
    words = ("true", "false") if site.column.kind is Kind.TEXT else ("t", "f")

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        return pl.Series(np.where(_unit(draws, "random_bool") < share, *words), dtype=pl.String)

    return mask
