"""Maskers that take any column and know nothing of what stands in it."""

from typing import Annotated

import polars as pl
from pydantic import Field

from maskr.keys import Draws
from maskr.maskers import ANY, TEXT, Mask, Site, Traits, masker

_HEX_DIGITS_OF_96_BITS = 24


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


@masker(
    kinds=TEXT,
    traits=lambda length: Traits(unique=length >= _HEX_DIGITS_OF_96_BITS, longest=length),
    name="hash",
)
def hash_(site: Site, *, length: Annotated[int, Field(ge=1, le=32)] = 32) -> Mask:
    """Hexadecimal digits drawn from the value: a keyed hash, never a bare one.

    Args:
        site: where the mask works.
        length: digits, 4 bits each, 1 to 32. From 24 on (96 bits) two values never meet, and a
            unique column may take it.

    Example:
        ``ssn: {mask: hash, length: 24}``
    """

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        return draws.hex("hash", length)

    return mask


def _text(value: str | bool | int | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
