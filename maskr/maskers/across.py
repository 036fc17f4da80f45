"""Maskers that look across the rows of a table: the source works out what they need.

Neither the end of a batch nor the order of the rows has a say in it.
"""

from typing import Annotated

import polars as pl
from pydantic import Field

from maskr.errors import DataError
from maskr.keys import Draws
from maskr.maskers import ANY, Mask, Site, Traits, UnusableError, masker
from maskr.model import Across, Kind

# Far from the ends of a bigint, and every table has fewer rows than 2**40.
_LARGEST_START = 1 << 62
_LARGEST_STEP = 1 << 20
_LONGEST = 20  # characters of a bigint
_BITS = {"smallint": 15, "integer": 31}


@masker(
    kinds=ANY,
    traits=Traits(repeatable=False, keeps=True),
    across=Across.NEXT,
)
def shuffle(site: Site) -> Mask:
    """The column's own values, dealt out anew among the rows of the table.

    Each row gets the value of the next one in an order drawn with the key, so a run and the next
    one agree as long as the rows are the same. NULLs stay where they are, every value is dealt out
    once, and two columns are dealt out independently. The values themselves are production's: it is
    for what tells of a person only beside the rest of the row, not for a name or a phone number.

    PostgreSQL sorts the whole rows on production, once for each such column; what does not fit
    into its work_mem goes to its disk. Without a primary key the order is drawn from all columns.
    A partition's values stay in it. The query holds a salt that is derived from the key, one way:
    who reads production's own log, and staging, can tell whose value went where.

    Example:
        ``salary: shuffle``
    """

    def mask(values: pl.Series, draws: Draws, dealt: pl.Series) -> pl.Series:
        return dealt

    return mask


def _sequence_traits(prefix: str, width: int | None, **_: object) -> Traits:
    longest = len(prefix) + (width or _LONGEST)
    return Traits(unique=True, repeatable=False, coincides=True, longest=longest)


@masker(
    kinds=frozenset({Kind.INTEGER, Kind.NUMERIC, Kind.TEXT}),
    traits=_sequence_traits,
    across=Across.PLACE,
)
def sequence(
    site: Site,
    *,
    start: Annotated[int, Field(gt=-_LARGEST_START, lt=_LARGEST_START)] = 1,
    step: Annotated[int, Field(gt=-_LARGEST_STEP, lt=_LARGEST_STEP)] = 1,
    prefix: str = "",
    width: Annotated[int, Field(ge=1, le=_LONGEST)] | None = None,
) -> Mask:
    """The rows' numbers: 1, 2, 3 in the order of the primary key, each once.

    NULLs stay and leave a gap. A row that is new in production moves the numbers behind it, so what
    must stay the same from night to night takes ``permute`` or ``hash``. The numbers tell the order
    of the keys; without a primary key the order is drawn from all columns, at the cost of a sort on
    production. Each partition is numbered by itself.

    Args:
        site: where the mask works.
        start: the first number.
        step: from one to the next; may be negative.
        prefix: stands before each number, in a column of text.
        width: digits with zeros in front, in a column of text; more rows than fit end the run.

    Example:
        ``customer_no: {mask: sequence, start: 100000}``
    """
    if step == 0:
        raise UnusableError("step is 0: every row would have one number", "take 1")
    if site.column.kind is not Kind.TEXT and (prefix or width):
        raise UnusableError("prefix and width are for columns of text", "leave them out")

    def mask(values: pl.Series, draws: Draws, place: pl.Series) -> pl.Series:
        numbers = start + (place.cast(pl.Int64) - 1) * step
        texts = numbers.cast(pl.String)
        if width is not None:
            texts = texts.str.zfill(width)
        _refuse_outgrown(site, numbers, texts, width)
        return prefix + texts

    return mask


def _refuse_outgrown(site: Site, numbers: pl.Series, texts: pl.Series, width: int | None) -> None:
    bits = _BITS.get(site.column.type)
    outgrown = texts.str.len_chars() > width if width else pl.Series([False])
    if bits is not None:
        outgrown = (numbers < -(1 << bits)) | (numbers >= 1 << bits)
    if outgrown.any():
        raise DataError(
            f"column {site.column.name}",
            "the table has more rows than there are numbers for",
            "start lower, or give the numbers more room",
        )
