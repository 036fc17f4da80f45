"""A column of text as one buffer of bytes, for work on characters over the whole column at once.

PostgreSQL's text never holds a NUL, so NUL separates the rows and nothing needs escaping.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]


def split(text: bytes, rows: int) -> pl.Series:
    r"""NUL-separated UTF-8 as a series of ``rows`` texts.

    >>> split(b"a\0\0b", 3).to_list()
    ['a', '', 'b']
    """
    if rows == 0:
        return pl.Series([], dtype=pl.String)
    whole = pl.Series([text], dtype=pl.Binary).cast(pl.String)
    return whole.str.split("\0").explode()


def joined(*parts: pl.Series | str) -> pl.Series:
    """Columns and constants put together, row by row, in one pass; NULL where a part is.

    >>> joined(pl.Series(["a", "b"]), "-", pl.Series(["x", None])).to_list()
    ['a-x', None]
    """
    return pl.select(pl.concat_str([pl.lit(part) for part in parts])).to_series()


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """The UTF-8 bytes of a column.

    Attributes:
        buffer: every row's bytes, a NUL between two rows; not to be written to (use `replaced`).
        starts: where each row begins.
        sizes: each row's length in bytes.
    """

    buffer: Bytes
    starts: Counts
    sizes: Counts

    @classmethod
    def of(cls, values: pl.Series) -> "Texts":
        """From a series of texts; NULL counts as the empty text."""
        if values.is_empty():
            nothing = np.empty(0, np.int64)
            return cls(np.empty(0, np.uint8), nothing, nothing)
        filled = values.fill_null("")
        buffer = np.frombuffer(filled.str.join("\0").item().encode(), np.uint8)
        sizes = filled.str.len_bytes().cast(pl.Int64).to_numpy()
        starts = np.cumsum(sizes + 1) - (sizes + 1)
        return cls(buffer, starts, sizes)

    def replaced(self, buffer: Bytes) -> pl.Series:
        """The column with other bytes in the same places (NULs where they were)."""
        return split(buffer.tobytes(), len(self.sizes))

    def rows_of(self, chosen: npt.NDArray[np.bool_]) -> Counts:
        """How many of the ``chosen`` bytes (a mask over the buffer) stand in each row."""
        if not len(self.starts):
            return self.starts
        # A row's sum runs over the separator behind it too, which nobody chooses; one more stands
        # behind the last row, so that an empty one there has a place to begin at.
        chosen = np.append(chosen, False)
        counts: Counts = np.add.reduceat(chosen, self.starts, dtype=np.int64)
        return counts
