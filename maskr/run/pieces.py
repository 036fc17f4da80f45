"""What a run is cut into: tables, and parts of those that would keep all other jobs waiting."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from maskr.db import Read, Size, Source
from maskr.kernel import Kernel, bind
from maskr.keys import Key
from maskr.plan import TablePlan
from maskr.run.progress import Tracker, Watcher


@dataclass(frozen=True, slots=True)
class Piece:
    """A table, or the part of one that a single load brings over.

    Attributes:
        tracker: the table's, which all its pieces tell how they go on.
        read: its rows.
        part: its number; None where it is the whole table.
        kernel: its own; None where nothing is masked.
    """

    tracker: Tracker
    read: Read
    part: int | None
    kernel: Kernel | None


def divided(
    tables: Sequence[TablePlan], key: Key, source: Source, watcher: Watcher, jobs: int
) -> Iterator[Piece]:
    """The pieces, the largest first, so that none is left to run alone at the end.

    A table that is larger than a job's even share of all is divided, if the source can.
    """
    sizes = source.sizes() if jobs > 1 else {}
    bytes_of = {table.name: sizes.get(table.name, Size(0, 0)).bytes for table in tables}
    total = sum(bytes_of.values())
    for table in sorted(tables, key=lambda table: -bytes_of[table.name]):
        assert table.read is not None  # noqa: S101 - the caller leaves the others out
        shares = -(-bytes_of[table.name] * jobs // total) if total else 1  # rounded up
        reads = source.parts(table.read, min(jobs, shares)) if shares > 1 else [table.read]
        tracker = Tracker(table, watcher, len(reads))
        for part, read in enumerate(reads):
            yield Piece(tracker, read, part if len(reads) > 1 else None, bind(table, key))
