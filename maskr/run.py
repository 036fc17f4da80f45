"""Carries a plan out: every chunk from the source through its kernel to the sink."""

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

from maskr.db import Sink, Source, TargetLostError
from maskr.db.postgres import copytext
from maskr.kernel import Kernel, bind
from maskr.keys import Key
from maskr.model import TableName
from maskr.plan import Plan, TablePlan

T = TypeVar("T")

# Chunks that wait between two stages: one being handed over and one spare, so that a stage that
# stalls for a moment does not stop the next. More would only hold memory.
_AHEAD = 2
_POLL_SECONDS = 0.1
# How long an interrupted stage may take by itself: the time of a chunk many times over.
_PATIENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class TableResult:
    """What became of one table.

    Attributes:
        rows: rows written (or, in a dry run, that would have been).
        bytes_read, bytes_written: COPY text, before and after masking.
        masked: names of the masked columns.
        seconds: from its first chunk asked for to its last one written.
    """

    name: TableName
    rows: int
    bytes_read: int
    bytes_written: int
    masked: tuple[str, ...]
    seconds: float


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


def run(
    plan: Plan, key: Key, source: Source, sink: Sink | None, watcher: Watcher | None = None
) -> Result:
    """Fills the sink from the source; commits as its last act, or not at all.

    Args:
        plan: of the source's schema.
        key: what the fakes are drawn with.
        source: holds one snapshot.
        sink: None for a dry run: everything is read and masked, nothing is written.
        watcher: is told how it goes.

    Raises:
        MaskrError: as source, sink and masks raise it; the target is then as it was.
    """
    watcher = watcher or Unwatched()
    start = time.monotonic()
    # Before anything is touched: a word pool that cannot be made is the policy's mistake.
    kernels = [(table, bind(table, key)) for table in plan.tables]
    if sink is not None:
        watcher.phase("schema")
        sink.prepare(source, plan.schema, [table.name for table in plan.tables])
    results = tuple(
        _patiently(table, kernel, source, sink, watcher)
        for table, kernel in kernels
        if table.read is not None
    )
    if sink is not None:
        watcher.phase("constraints")
        sink.finish(source.counters())
    return Result(results, time.monotonic() - start)


def _patiently(
    plan: TablePlan, kernel: Kernel | None, source: Source, sink: Sink | None, watcher: Watcher
) -> TableResult:
    """One table, begun anew where the target was lost: its rows arrive once in the end."""
    for pause in sink.pauses if sink is not None else ():
        try:
            return _table(plan, kernel, source, sink, watcher)
        except TargetLostError:
            time.sleep(pause)
    return _table(plan, kernel, source, sink, watcher)


@dataclass(slots=True)
class _Tally:
    """Bytes that the reading thread has seen."""

    read: int = 0


def _table(
    plan: TablePlan, kernel: Kernel | None, source: Source, sink: Sink | None, watcher: Watcher
) -> TableResult:
    assert plan.read is not None  # noqa: S101 - the caller leaves the others out
    watcher.started(plan.name)
    start = time.monotonic()
    tally = _Tally()
    rows = written = 0
    loading: AbstractContextManager[Callable[[bytes], None]] = (
        sink.load(plan.name, plan.read.columns) if sink is not None else nullcontext(lambda _: None)
    )
    with ahead(_counted(source.read(plan.read), tally), source.cancel) as chunks:
        stages: AbstractContextManager[Iterator[bytes]] = (
            ahead(map(kernel, chunks), source.cancel) if kernel is not None else nullcontext(chunks)
        )
        with stages as masked, loading as write:
            for chunk in masked:
                write(chunk)
                count = copytext.count(chunk)
                rows += count
                written += len(chunk)
                watcher.advanced(plan.name, count, len(chunk))
    names = tuple(step.column.name for step in plan.steps)
    result = TableResult(plan.name, rows, tally.read, written, names, time.monotonic() - start)
    watcher.ended(result)
    return result


def _counted(chunks: Iterable[bytes], tally: _Tally) -> Iterator[bytes]:
    for chunk in chunks:
        tally.read += len(chunk)
        yield chunk


@contextmanager
def ahead(items: Iterable[T], hurry: Callable[[], None] | None = None) -> Iterator[Iterator[T]]:
    """Runs an iterable in a thread of its own, a few items ahead of whoever takes them.

    What it raises is raised again where its items are taken. Leaving the block ends the thread,
    whether or not the iterable came to its end; ``hurry`` is called where it is slow to notice.
    """
    handed: queue.Queue[tuple[T] | BaseException | None] = queue.Queue(_AHEAD)
    stopped = threading.Event()

    def hand(item: tuple[T] | BaseException | None) -> None:
        while not stopped.is_set():
            with suppress(queue.Full):
                handed.put(item, timeout=_POLL_SECONDS)
                return

    def work() -> None:
        try:
            for item in items:
                hand((item,))
                if stopped.is_set():
                    return
        except BaseException as error:  # it is raised again in the taking thread
            hand(error)
        else:
            hand(None)
        finally:
            # A COPY that nobody reads to its end is cancelled here, in the thread that began it.
            if isinstance(items, Generator):
                items.close()

    def take() -> Iterator[T]:
        while (item := handed.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item[0]

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield take()
    finally:
        stopped.set()
        thread.join(_PATIENCE_SECONDS)
        if thread.is_alive() and hurry is not None:
            hurry()
        thread.join()
