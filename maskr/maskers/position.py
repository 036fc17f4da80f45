"""Maskers of where something stands on the globe: moved by some metres."""

from collections.abc import Callable
from typing import Annotated

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from maskr.keys import Draws
from maskr.maskers import Mask, Site, Traits, masker
from maskr.model import Kind

_Numbers = npt.NDArray[np.float64]
_Metres = Annotated[float, Field(gt=0, le=1_000_000)]

_KINDS = frozenset({Kind.NUMERIC, Kind.FLOAT, Kind.TEXT})
_TRAITS = Traits(keeps=True)  # the neighbourhood of the original
_METRES_A_DEGREE = 40_075_017 / 360  # of the equator: WGS 84
# The nearest that anything stays, as a part of the farthest: nothing is left where it was.
_NEAREST = 0.1
_NARROWEST = 0.01  # cosine of the latitude beyond which a degree of longitude has no length


@masker(kinds=_KINDS, traits=_TRAITS)
def latitude(site: Site, *, metres: _Metres = 1000) -> Mask:
    """Moves a latitude in degrees, with as many decimals as it has.

    Drawn ``by`` the same column as ``longitude``, and with the same ``metres``, the two move a
    point in a drawn direction by a tenth of that at least, and never farther.

    Args:
        site: where the mask works.
        metres: the farthest that a point is moved; more than its last decimal is worth (two
            decimals: 1,100 metres), or nothing of it shows.

    Example:
        ``lat: {mask: latitude, by: id, metres: 500}``
    """

    def moved(degrees: _Numbers, draws: Draws) -> _Numbers:
        distance, angle = _drawn(draws, metres)
        there = degrees + distance * np.sin(angle) / _METRES_A_DEGREE
        return np.where(abs(degrees) <= 90, np.clip(there, -90, 90), there)

    return lambda values, draws: _moved(values, lambda degrees: moved(degrees, draws))


@masker(kinds=_KINDS, traits=_TRAITS, reads=lambda latitude, **_: [latitude] if latitude else [])
def longitude(site: Site, *, metres: _Metres = 1000, latitude: str | None = None) -> Mask:
    """Moves a longitude in degrees, with as many decimals as it has.

    Args:
        site: where the mask works.
        metres: the farthest that a point is moved.
        latitude: the column of the point's latitude: the nearer the poles, the more degrees make
            a metre. Without it the point is moved as on the equator, and so less elsewhere.

    Example:
        ``lon: {mask: longitude, by: id, metres: 500, latitude: lat}``
    """

    def moved(degrees: _Numbers, draws: Draws, *beside: pl.Series) -> _Numbers:
        distance, angle = _drawn(draws, metres)
        narrow = np.ones(len(degrees))
        for column in beside:
            north = column.cast(pl.Float64, strict=False).fill_nan(0).fill_null(0).to_numpy()
            narrow = np.maximum(np.cos(np.radians(np.clip(north, -90, 90))), _NARROWEST)
        there = degrees + distance * np.cos(angle) / (_METRES_A_DEGREE * narrow)
        return np.where(abs(degrees) <= 180, (there + 180) % 360 - 180, there)

    return lambda values, draws, *beside: _moved(
        values, lambda degrees: moved(degrees, draws, *beside)
    )


def _drawn(draws: Draws, metres: float) -> tuple[_Numbers, _Numbers]:
    """How far and in which direction (radians); over the ring every place is as likely."""
    share = draws.words("position/distance").astype(np.float64) / 2.0**64
    angle = draws.words("position/angle").astype(np.float64) / 2.0**64 * 2 * np.pi
    return metres * np.sqrt(_NEAREST**2 + (1 - _NEAREST**2) * share), angle


def _moved(values: pl.Series, move: Callable[[_Numbers], _Numbers]) -> pl.Series:
    """The numbers moved, in as many decimals; NaN and infinity stay, other text cannot be read."""
    numbers = values.cast(pl.Float64, strict=False)
    finite = numbers.is_finite().fill_null(False)
    there = pl.Series(move(numbers.set(~finite, 0.0).fill_null(0.0).to_numpy()))
    decimals = values.str.extract(r"^-?\d*\.?(\d*)$", 1).str.len_chars().clip(0, 15)
    out = there.cast(pl.String)
    for count in decimals.drop_nulls().unique():
        printed = (there.round(count) + 0.0).cast(pl.String)  # + 0.0: no "-0.0"
        if count == 0:
            printed = printed.str.strip_suffix(".0")
        out = printed.zip_with((decimals == count).fill_null(False), out)
    return out.zip_with(finite, values.set(numbers.is_null(), None))
