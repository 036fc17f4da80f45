"""Maskers of dates and points in time."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from maskr.keys import Draws
from maskr.maskers import Mask, Site, Traits, masker
from maskr.model import Kind

# PostgreSQL's date ends in the years 4714 BC and 5874897 (manual, "Date/Time Types"); timestamps
# end earlier, in 294276. A shift that would leave the smaller range is turned round.
_FIRST_YEAR, _LAST_YEAR = -4712, 294275
_DATE = r"^(\d{4,7})-(\d\d)-(\d\d)"


@masker(kinds=frozenset({Kind.DATE, Kind.TIMESTAMP}), traits=Traits(smallest_domain=1000))
def shift_date(site: Site, *, days: Annotated[int, Field(ge=1, le=36_500)] = 365) -> Mask:
    """Moves a date by a drawn number of days, up to ``days`` either way and never by none.

    Drawn ``by`` one column of the row, all of a person's dates move together and the intervals
    between them stay. The time of day stays; ``infinity`` and ``-infinity`` stay.

    Args:
        site: where the mask works.
        days: the farthest that a date is moved.

    Example:
        ``birth_date: {mask: shift_date, by: id, days: 365}``
    """

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        drawn = draws.below("shift_date", 2 * days).astype(np.int64)
        shift = np.where(drawn < days, drawn - days, drawn - days + 1)
        dates = values.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
        # "10000-01-01" begins with a date of the year 1000 to some parsers: the sign after the
        # tenth character tells, and BC stands at the end.
        plain = dates.is_not_null() & ~values.str.contains(r"^.{10}[\d-]|BC$").fill_null(False)
        moved = (dates.cast(pl.Int32) + pl.Series(shift, dtype=pl.Int32)).cast(pl.Date)
        within = plain & moved.dt.year().is_between(1, 9999).fill_null(False)
        out = (moved.dt.strftime("%Y-%m-%d") + values.str.slice(10)).zip_with(within, values)
        rare = ~within & values.is_not_null()
        return out.scatter(rare.arg_true(), _far(values.filter(rare), shift[rare.to_numpy()]))

    return mask


def _far(values: pl.Series, shift: npt.NDArray[np.int64]) -> pl.Series:
    """The same for years of five digits and more, for BC, and at the edges of the calendar."""
    parts = [values.str.extract(_DATE, group).cast(pl.Int64) for group in (1, 2, 3)]
    finite = parts[0].is_not_null()
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
    return (_printed(moved, tail)).zip_with(finite, values)


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
