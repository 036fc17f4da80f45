"""Carries a plan out: every chunk from the source through its kernel to the sink."""

import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from maskr.db import Sink, Size, Source, TargetLostError
from maskr.db.postgres import copytext
from maskr.errors import TryAgainError
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


def run(
    plan: Plan,
    key: Key,
    source: Source,
    sink: Sink | None,
    watcher: Watcher | None = None,
    jobs: int = 1,
) -> Result:
    """Fills the sink from the source; commits as its last act, or not at all.

    Args:
        plan: of the source's schema.
        key: what the fakes are drawn with.
        source: holds one snapshot.
        sink: None for a dry run: everything is read and masked, nothing is written.
        watcher: is told how it goes, by several threads at once where there are several jobs.
        jobs: tables at a time; a sink that cannot load several takes one.

    Raises:
        MaskrError: as source, sink and masks raise it; the target is then as it was.
    """
    watcher = watcher or Unwatched()
    start = time.monotonic()
    # Before anything is touched: a word pool that cannot be made is the policy's mistake.
    kernels = [(table, bind(table, key)) for table in plan.tables if table.read is not None]
    if sink is not None:
        watcher.phase("schema")
        sink.prepare(source, plan.schema, [table.name for table in plan.tables])
    jobs = max(1, min(jobs, len(kernels))) if sink is None or sink.parallel else 1
    with ExitStack() as stack:
        others = [stack.enter_context(source.another()) for _ in range(jobs - 1)]
        results = _tables(kernels, [source, *others], sink, watcher)
    if sink is not None:
        watcher.phase("constraints")
        sink.finish(source.counters())
    return Result(results, time.monotonic() - start)


def _tables(
    kernels: Sequence[tuple[TablePlan, Kernel | None]],
    sources: Sequence[Source],
    sink: Sink | None,
    watcher: Watcher,
) -> tuple[TableResult, ...]:
    """All tables, as many at a time as there are sources; the results in the plan's order."""
    sizes = sources[0].sizes() if len(sources) > 1 else {}
    # The largest first, so that none of them is left to run alone at the end.
    waiting = deque(sorted(kernels, key=lambda each: -sizes.get(each[0].name, Size(0, 0)).bytes))
    begun, stopped = threading.Event(), threading.Event()
    done: dict[TableName, TableResult] = {}

    def work(source: Source) -> None:
        begun.wait()
        while not stopped.is_set():
            try:
                table, kernel = waiting.popleft()
            except IndexError:
                return
            done[table.name] = _patiently(_Job(table, kernel, source, sink, watcher, stopped))

    with ThreadPoolExecutor(len(sources), "maskr") as pool:
        try:
            running = {pool.submit(work, source) for source in sources}
            # An interrupt of the line above may leave a thread that the pool does not know of, and
            # will not wait for: it must not have begun.
            begun.set()
            while running:
                # Under polars' handler of SIGINT a wait goes on: Ctrl-C gets through between two.
                ended, running = wait(running, _POLL_SECONDS, FIRST_COMPLETED)
                for worker in ended:
                    worker.result()
        except BaseException:
            stopped.set()
            begun.set()
            for source in sources:
                source.cancel()
            if sink is not None:
                sink.cancel()
            raise
    return tuple(done[table.name] for table, _ in kernels)


@dataclass(frozen=True, slots=True)
class _Job:
    """One table on its way, by one thread."""

    plan: TablePlan
    kernel: Kernel | None
    source: Source
    sink: Sink | None
    watcher: Watcher
    stopped: threading.Event


def _patiently(job: _Job) -> TableResult:
    """One table, begun anew where the target was lost: its rows arrive once in the end."""
    for pause in job.sink.pauses if job.sink is not None else ():
        try:
            return _table(job)
        except TargetLostError:
            if job.stopped.wait(pause):
                raise
    return _table(job)


@dataclass(slots=True)
class _Tally:
    """Bytes that the reading thread has seen."""

    read: int = 0


def _table(job: _Job) -> TableResult:
    plan, kernel, sink = job.plan, job.kernel, job.sink
    assert plan.read is not None  # noqa: S101 - the caller leaves the others out
    job.watcher.started(plan.name)
    start = time.monotonic()
    tally = _Tally()
    unread = Counter(kernel.invalid) if kernel is not None else Counter[str]()  # an earlier try's
    rows = written = 0
    loading: AbstractContextManager[Callable[[bytes], None]] = (
        sink.load(plan.name, plan.read.columns) if sink is not None else nullcontext(lambda _: None)
    )
    hurry = job.source.cancel
    with ahead(_counted(job.source.read(plan.read), tally), hurry) as chunks:
        stages: AbstractContextManager[Iterator[bytes]] = (
            ahead(map(kernel, chunks), hurry) if kernel is not None else nullcontext(chunks)
        )
        with stages as masked, loading as write:
            for chunk in masked:
                if job.stopped.is_set():
                    raise TryAgainError(str(plan.name), "broken off", "see the first error")
                write(chunk)
                count = copytext.count(chunk)
                rows += count
                written += len(chunk)
                job.watcher.advanced(plan.name, count, len(chunk))
    names = tuple(step.column.name for step in plan.steps)
    seconds = time.monotonic() - start
    invalid = kernel.invalid - unread if kernel is not None else unread
    result = TableResult(plan.name, rows, tally.read, written, names, seconds, invalid)
    job.watcher.ended(result)
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
