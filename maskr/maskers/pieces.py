"""Takes pieces out of the texts of a column, and puts others in their places, all at once."""

from typing import Protocol

import numpy as np
import polars as pl

from maskr.texts import Counts


class Pieces(Protocol):
    """Where pieces stand, in the order of rows and places, none within another.

    Attributes:
        rows: which text each one stands in.
        starts, ends: in bytes of its text.
    """

    @property
    def rows(self) -> Counts: ...  # noqa: D102 - said above

    @property
    def starts(self) -> Counts: ...  # noqa: D102

    @property
    def ends(self) -> Counts: ...  # noqa: D102


def slices(texts: pl.Series, starts: Counts, ends: Counts) -> pl.Series:
    """From each text what stands between two places of it, in bytes."""
    frame = pl.DataFrame({"text": texts.cast(pl.Binary), "start": starts, "size": ends - starts})
    return frame.select(pl.col("text").bin.slice("start", "size").cast(pl.String)).to_series()


def replaced(texts: pl.Series, pieces: Pieces, others: pl.Series) -> pl.Series:
    """The texts with each piece replaced by the text in its row of ``others``."""
    counts = np.bincount(pieces.rows, minlength=len(texts))
    first = np.cumsum(counts) - counts  # of each text's pieces
    out = texts
    for count in np.unique(counts[counts > 0]).tolist():
        rows = np.flatnonzero(counts == count)
        own = texts.gather(rows).cast(pl.Binary)
        columns, at = [], np.zeros(len(rows), np.int64)
        for number in range(count):
            place = first[rows] + number
            columns += [slices(own, at, pieces.starts[place]), others.gather(place)]
            at = pieces.ends[place]
        columns.append(slices(own, at, own.bin.size().cast(pl.Int64).to_numpy()))
        made = pl.select(pl.concat_str(columns)).to_series()
        out = made if len(rows) == len(texts) else out.scatter(rows, made)
    return out
