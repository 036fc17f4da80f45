"""A masked sample of one table: what a run would write of its first rows."""

from dataclasses import dataclass, replace

import polars as pl

from maskr.db import Source
from maskr.db.postgres import copytext
from maskr.kernel import bind
from maskr.keys import Key
from maskr.plan import TablePlan


@dataclass(frozen=True, slots=True)
class Sample:
    """A few rows, before and after.

    Attributes:
        columns: their names.
        masked: the columns that have a mask.
        before, after: a frame of texts each, one column a column, NULL as null.
    """

    columns: tuple[str, ...]
    masked: frozenset[str]
    before: pl.DataFrame
    after: pl.DataFrame

    def only_masked(self) -> "Sample":
        """The sample without the columns that are kept."""
        names = tuple(name for name in self.columns if name in self.masked)
        return Sample(names, self.masked, self.before.select(names), self.after.select(names))

    def __repr__(self) -> str:
        """Without the rows."""
        return f"Sample({len(self.columns)} columns)"


def sample(plan: TablePlan, key: Key, source: Source, rows: int) -> Sample:
    """Reads at most ``rows`` rows (the first by primary key) and masks them.

    Raises:
        MaskrError: as the source and the masks raise it.
    """
    kernel = bind(plan, key)
    plan = plan.salted(key)
    assert plan.read is not None  # noqa: S101 - the caller asks for tables with rows only
    limit = min(rows, plan.read.limit if plan.read.limit is not None else rows)
    chunk = b"".join(source.read(replace(plan.read, limit=limit)))
    flags = len(plan.read.flags)
    width = len(plan.read.columns)
    # A read that nothing is masked of carries no flags either.
    before = frame(chunk, width + flags, plan.read.columns)
    after = frame(kernel(chunk), width, plan.read.columns) if kernel and chunk else before
    return Sample(
        plan.read.columns, frozenset(step.column.name for step in plan.steps), before, after
    )


def frame(chunk: bytes, width: int, columns: tuple[str, ...]) -> pl.DataFrame:
    """COPY text of ``width`` fields a row as texts: the first of them, by name, NULL as null."""
    if not chunk or not columns:
        return pl.DataFrame({name: pl.Series([], dtype=pl.String) for name in columns})
    frame = copytext.decode(chunk, width)
    return pl.DataFrame(
        [
            copytext.unescape(frame.to_series(place)).alias(name)
            for place, name in enumerate(columns)
        ]
    )
