"""Maskers that take any column and know nothing of what stands in it."""

from typing import Annotated

import numpy as np
import polars as pl
from pydantic import Field

from maskr.keys import Draws
from maskr.maskers import ANY, Mask, Site, Traits, masker


@masker(kinds=ANY, traits=Traits(unique=True, keeps=True, format_kept=True), takes_nulls=True)
def keep(site: Site) -> Mask:
    """Leaves the value as it is, to the byte.

    Example:
        ``country: {mask: keep, reason: "two letters, needed for tax tests"}``
    """

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        return values

    return mask


@masker(kinds=ANY, takes_nulls=True)
def null(site: Site) -> Mask:
    """NULL in every row.

    Example:
        ``photo: null``
    """

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        return pl.Series(values.name, [None], dtype=pl.String).new_from_index(0, len(values))

    return mask


@masker(
    kinds=ANY,
    traits=lambda value: Traits(longest=len(_text(value))),
)
def constant(site: Site, *, value: str | bool | int | float) -> Mask:
    """The same value in every row that is not NULL.

    Args:
        site: where the mask works.
        value: written as PostgreSQL would read it for the column's type.

    Example:
        ``password_hash: {mask: constant, value: "x"}``
    """
    text = _text(value)

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        return pl.Series(values.name, [text], dtype=pl.String).new_from_index(0, len(values))

    return mask


@masker(kinds=ANY, traits=Traits(repeatable=False), omits=True, takes_nulls=True)
def default(site: Site) -> Mask:
    """The column's DEFAULT (NULL where there is none): it is not copied, staging fills it.

    Example:
        ``session_token: default``
    """
    return null(site)


@masker(kinds=ANY, traits=Traits(coincides=True))
def choice(
    site: Site,
    *,
    values: Annotated[list[str | bool | int | float], Field(min_length=1)]
    | Annotated[dict[str, Annotated[int, Field(gt=0)]], Field(min_length=1)],
) -> Mask:
    """One of some values, drawn; it has nothing to do with the old one.

    Args:
        site: where the mask works.
        values: a list, or a mapping from value to weight (``{gold: 1, silver: 9}``), each written
            as PostgreSQL would read it for the column's type.

    Example:
        ``mood: {mask: choice, values: [sad, ok, happy]}``
    """
    pool = pl.Series([_text(value) for value in values], dtype=pl.String)
    weights = list(values.values()) if isinstance(values, dict) else [1] * len(values)
    ends = np.cumsum(np.array(weights, np.uint64))

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        drawn = draws.below("choice", int(ends[-1]))
        return pool.gather(pl.Series(np.searchsorted(ends, drawn, "right"), dtype=pl.UInt32))

    return mask


def _text(value: str | bool | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
