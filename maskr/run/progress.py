"""How a run goes on and what became of it: counts only, never a value."""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from maskr.model import TableName
from maskr.plan import TablePlan


@dataclass(frozen=True, slots=True)
class TableResult:
    """What became of one table.

    Attributes:
        rows: rows written (or, in a dry run, that would have been).
        bytes_read, bytes_written: COPY text, before and after masking.
        masked: names of the masked columns.
        seconds: from its first chunk asked for to its last one written.
        invalid: how many values of a column its mask could not read, where any.
    """

    name: TableName
    rows: int
    bytes_read: int
    bytes_written: int
    masked: tuple[str, ...]
    seconds: float
    invalid: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a run; ``seconds`` covers all of it, the constraints included."""

    tables: tuple[TableResult, ...]
    seconds: float


class Watcher(Protocol):
    """Is told how a run goes on: counts only, never a value."""

    def started(self, table: TableName) -> None:
        """A table begins."""
        ...

    def advanced(self, table: TableName, rows: int, size: int) -> None:
        """``rows`` more rows of ``size`` bytes are through."""
        ...

    def ended(self, result: TableResult) -> None:
        """A table is through."""
        ...

    def phase(self, name: str) -> None:
        """Something begins that is no table: ``schema``, ``constraints``."""
        ...


@dataclass(frozen=True, slots=True)
class Unwatched:
    """A watcher that looks away."""

    def started(self, table: TableName) -> None:
        """Nothing."""

    def advanced(self, table: TableName, rows: int, size: int) -> None:
        """Nothing."""

    def ended(self, result: TableResult) -> None:
        """Nothing."""

    def phase(self, name: str) -> None:
        """Nothing."""


@dataclass(slots=True)
class Tally:
    """What has come through so far."""

    rows: int = 0
    read: int = 0
    written: int = 0
    invalid: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """The two together."""
        self.rows += other.rows
        self.read += other.read
        self.written += other.written
        self.invalid += other.invalid


class Tracker:
    """A table on its way, told of by as many threads as it has pieces."""

    def __init__(self, plan: TablePlan, watcher: Watcher, pieces: int) -> None:
        """It comes in so many pieces."""
        self.plan = plan
        self._watcher = watcher
        self._lock = threading.Lock()
        self._started = self._ended = 0.0
        self._pieces = pieces
        self._done = Tally()

    def began(self) -> None:
        """One more piece of it is under way."""
        with self._lock:
            if not self._started:
                self._started = time.monotonic()
                self._watcher.started(self.plan.name)

    def advanced(self, rows: int, size: int) -> None:
        """Rows are through; a piece that is begun anew tells of its rows again."""
        self._watcher.advanced(self.plan.name, rows, size)

    def ended(self, tally: Tally) -> None:
        """A piece of it is through."""
        with self._lock:
            self._done.add(tally)
            self._pieces -= 1
            if not self._pieces:
                self._ended = time.monotonic()
                self._watcher.ended(self.result())

    def result(self) -> TableResult:
        """What became of it."""
        done = self._done
        return TableResult(
            self.plan.name,
            done.rows,
            done.read,
            done.written,
            tuple(step.column.name for step in self.plan.steps),
            self._ended - self._started,
            done.invalid,
        )
