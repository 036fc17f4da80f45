"""The masker that looks values up in a file."""

import polars as pl

from maskr.keys import Draws
from maskr.maskers import ANY, Mask, Site, UnusableError, masker


@masker(kinds=ANY, files=["file"])
def dictionary(site: Site, *, file: str, header: bool = False) -> Mask:
    """Looks the value up in a CSV file of two columns: the value, and what becomes of it.

    A value that is not in the file is one that cannot be read (see ``on_invalid``).

    Args:
        site: where the mask works.
        file: its path, relative to the policy; UTF-8, commas, quotes where they are needed.
        header: the first line names the columns.

    Example:
        ``region: {mask: dictionary, file: regions.csv, header: true}``
    """
    known, fakes = _read(file, header)

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        return values.replace_strict(known, fakes, default=None, return_dtype=pl.String)

    return mask


def _read(file: str, header: bool) -> tuple[pl.Series, pl.Series]:
    try:
        frame = pl.read_csv(file, has_header=header, infer_schema=False, empty_string_is_null=False)
    except OSError:
        raise UnusableError(f"there is no file {file!r} to read", "correct the path") from None
    except pl.exceptions.PolarsError:
        raise UnusableError(f"{file!r} is no CSV file", "write two columns, UTF-8") from None
    if frame.width != 2:
        what = f"{file!r} has {frame.width} columns instead of two"
        raise UnusableError(what, "write the value and what becomes of it")
    known, fakes = frame
    if known.is_duplicated().any():
        what = f"{file!r} has two lines for one value"
        raise UnusableError(what, "leave one of them out")
    return known, fakes
