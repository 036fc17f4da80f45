"""What becomes of a value that a mask cannot read: it is masked as what it is, opaque text."""

import polars as pl

from maskr.keys import Draws
from maskr.maskers import Mask, Site
from maskr.maskers.text import lorem
from maskr.model import Kind

_DIGITS_OF_96_BITS = 24


def opaque(site: Site, *, unique: bool) -> Mask | None:
    """A mask for any text of the site's column; None where such a text would be no value of it.

    Where values must not meet it gives 24 to 32 hexadecimal digits, otherwise (and where the column
    does not hold so many) what `lorem` gives.
    """
    if site.column.kind is not Kind.TEXT:
        return None
    length = site.column.length or 32
    if not unique or length < _DIGITS_OF_96_BITS:
        rewrite = lorem(site)
        return lambda values, draws: rewrite(values, draws).str.slice(0, site.column.length)
    digits = min(32, length)

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        return draws.hex("opaque", digits)

    return mask
