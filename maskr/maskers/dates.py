"""Maskers of dates and points in time."""

from datetime import date
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field, Strict

from maskr.keys import Draws
from maskr.maskers import Mask, Site, Traits, UnusableError, masker
from maskr.model import Kind

# PostgreSQL's date ends in the years 4714 BC and 5874897 (manual, "Date/Time Types"); timestamps
# end earlier, in 294276. A shift that would leave the smaller range is turned round.
_FIRST_YEAR, _LAST_YEAR = -4712, 294275
_DATE = r"^(\d{4,7})-(\d\d)-(\d\d)"


# A whole date or point in time, as PostgreSQL prints it or as ISO 8601 writes it.
_WHOLE = r"^\d{4,7}-\d\d-\d\d(?:[ T]\d\d:\d\d[\d:.]*)?(?:Z|[+-]\d\d[\d:]*)?(?: BC)?$"
_ENDLESS = ["infinity", "-infinity"]  # they say nothing of anybody
_DATES = frozenset({Kind.DATE, Kind.TIMESTAMP, Kind.TEXT})
_MOST_DAYS = 36_500

_Day = Annotated[date, Strict(False)]  # YAML gives a day that stands in quotes as text


@masker(kinds=_DATES, traits=Traits(smallest_domain=1000))
def shift_date(
    site: Site,
    *,
    days: Annotated[int, Field(ge=1, le=_MOST_DAYS)] = 365,
    earliest: _Day | None = None,
    latest: _Day | None = None,
) -> Mask:
    """Moves a date by a drawn number of days, up to ``days`` either way and never by none.

    Drawn ``by`` one column of the row, all of a person's dates move together and the intervals
    between them stay. The time of day stays; ``infinity`` and ``-infinity`` stay.

    Args:
        site: where the mask works.
        days: the farthest that a date is moved.
        earliest: a date that would come before this (and was not before it) moves the other way.
        latest: a date that would come after this (and was not after it) moves the other way.

    Example:
        ``birth_date: {mask: shift_date, by: id, days: 365}``
    """
    low = np.datetime64("-99999", "D") if earliest is None else np.datetime64(earliest)
    high = np.datetime64("999999", "D") if latest is None else np.datetime64(latest)
    bounded = earliest is not None or latest is not None

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        drawn = draws.below("shift_date", 2 * days).astype(np.int64)
        shift = np.where(drawn < days, drawn - days, drawn - days + 1)
        dates = values.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
        # "10000-01-01" begins with a date of the year 1000 to some parsers: the sign after the
        # tenth character tells, and BC stands at the end.
        plain = dates.is_not_null() & values.str.contains(r"^.{10}(?:[ T+Z].*[^C])?$")
        plain &= values.str.contains(_WHOLE)
        if bounded:
            start = dates.to_numpy()
            moved = start + shift
            turned = ((moved < low) & (start >= low)) | ((moved > high) & (start <= high))
            shift = np.where(turned, -shift, shift)
        days_on = (dates.cast(pl.Int32) + pl.Series(shift, dtype=pl.Int32)).cast(pl.Date)
        within = (plain & days_on.dt.year().is_between(1, 9999)).fill_null(False)
        out = (days_on.dt.strftime("%Y-%m-%d") + values.str.slice(10)).zip_with(within, values)
        rare = ~within & values.is_not_null()
        return out.scatter(rare.arg_true(), _far(values.filter(rare), shift[rare.to_numpy()]))

    return mask


def _far(values: pl.Series, shift: npt.NDArray[np.int64]) -> pl.Series:
    """The same for years of five digits and more, for BC, and at the edges of the calendar.

    NULL for what is no date.
    """
    parts = [values.str.extract(_DATE, group).cast(pl.Int64) for group in (1, 2, 3)]
    readable = values.str.contains(_WHOLE)
    year, month, day = (part.fill_null(1).to_numpy() for part in parts)
    before_christ = values.str.ends_with(" BC").to_numpy()
    astronomical = np.where(before_christ, 1 - year, year)  # 1 BC is the year 0 of ISO 8601
    months = (astronomical - 1970) * 12 + month - 1
    start = months.astype("datetime64[M]").astype("datetime64[D]") + (day - 1)
    moved = start + shift
    years = moved.astype("datetime64[Y]").astype(np.int64) + 1970
    moved = np.where(years > _LAST_YEAR, start - abs(shift), moved)
    moved = np.where(years < _FIRST_YEAR, start + abs(shift), moved)
    tail = values.str.replace(_DATE, "").str.strip_suffix(" BC")
    return _printed(moved, tail).zip_with(readable, _endless(values))


def _endless(values: pl.Series) -> pl.Series:
    """The infinities as they are, NULL for the rest."""
    nothing = pl.Series([None], dtype=pl.String)
    return values.zip_with(values.is_in(_ENDLESS).fill_null(False), nothing)


def _printed(moved: npt.NDArray[np.datetime64], tail: pl.Series) -> pl.Series:
    years = moved.astype("datetime64[Y]").astype(np.int64) + 1970
    months = moved.astype("datetime64[M]")
    month = months.astype(np.int64) % 12 + 1
    day = (moved.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64) + 1
    shown = pl.Series(np.where(years < 1, 1 - years, years)).cast(pl.String).str.zfill(4)
    text = shown
    for part in (month, day):
        text = text + "-" + pl.Series(part).cast(pl.String).str.zfill(2)
    return text + tail + pl.Series(np.where(years < 1, " BC", ""), dtype=pl.String)


@masker(kinds=_DATES, traits=Traits(keeps=True))
def generalise(
    site: Site,
    *,
    to: Literal["day", "month", "quarter", "year", "decade"] = "month",
    years: Annotated[int, Field(ge=1, le=1000)] = 1,
) -> Mask:
    """The first moment of the month (quarter, year, …) that a date falls into.

    Args:
        site: where the mask works.
        to: how much stays readable.
        years: with ``to: year``, bands of so many: 5 makes 1980 of 1983.

    Example:
        ``birth_date: {mask: generalise, to: year, years: 5}``
    """
    if years > 1 and to != "year":
        raise UnusableError("years is for bands of them", "add to: year")
    band = 10 if to == "decade" else years

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        year, month, day = (values.str.extract(_DATE, group) for group in (1, 2, 3))
        if band > 1:
            # No year is called 0: the first band begins with 1.
            first = (year.cast(pl.Int64) // band * band).clip(1)
            year = first.cast(pl.String).str.zfill(4)
        if to == "quarter":
            number = month.cast(pl.Int64, strict=False)
            month = ((number - 1) // 3 * 3 + 1).cast(pl.String).str.zfill(2)
        if to in ("year", "decade"):
            month = _same("01", len(values))
        if to != "day":
            day = _same("01", len(values))
        tail = values.str.replace(_DATE, "").str.replace_all(r"(\d\d:\d\d(?::\d\d)?)(\.\d+)?", "$1")
        midnight = tail.str.replace(r"^([ T])\d\d:\d\d(:\d\d)?", "${1}00:00:00")
        made = year + "-" + month + "-" + day + midnight
        readable = values.str.contains(_WHOLE).fill_null(False)
        return made.zip_with(readable, _endless(values))

    return mask


def _same(text: str, rows: int) -> pl.Series:
    return pl.Series([text]).new_from_index(0, rows)


@masker(kinds=_DATES, traits=Traits(coincides=True))
def random_date(
    site: Site, *, earliest: _Day = date(1950, 1, 1), latest: _Day = date(2009, 12, 31)
) -> Mask:
    """A day between two others that has nothing to do with the old one; of a timestamp, midnight.

    Args:
        site: where the mask works.
        earliest: the first day.
        latest: the last day.

    Example:
        ``seen_on: {mask: random_date, earliest: "2020-01-01", latest: "2024-12-31"}``
    """
    span = (latest - earliest).days + 1
    if span < 1:
        raise UnusableError("'earliest' is after 'latest'", "exchange them")
    first = np.datetime64(earliest)
    midnight = " 00:00:00" if site.column.kind is Kind.TIMESTAMP else ""

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        drawn = first + draws.below("random_date", span).astype(np.int64)
        return pl.Series(drawn).dt.strftime("%Y-%m-%d") + midnight

    return mask
