"""Carries a plan out: every chunk from the source through its kernel to the sink."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, nullcontext

from maskr.db import Sink, Source, TargetLostError
from maskr.db.postgres import copytext
from maskr.errors import TryAgainError
from maskr.keys import Key
from maskr.plan import Plan
from maskr.run.ahead import ahead
from maskr.run.pieces import Piece, divided
from maskr.run.progress import Result, TableResult, Tally, Unwatched, Watcher

__all__ = ["Result", "TableResult", "Watcher", "run"]

_POLL_SECONDS = 0.1


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
        jobs: loads at a time, of tables or of parts of a large one; a sink that cannot take
            several takes one.

    Raises:
        MaskrError: as source, sink and masks raise it; the target is then as it was.
    """
    watcher = watcher or Unwatched()
    start = time.monotonic()
    tables = [table.salted(key) for table in plan.tables if table.read is not None]
    jobs = jobs if sink is None or sink.parallel else 1
    # Before anything is touched: a word pool that cannot be made is the policy's mistake.
    pieces = list(divided(tables, key, source, watcher, jobs))
    if sink is not None:
        watcher.phase("schema")
        sink.prepare(source, plan.schema, [table.name for table in plan.tables])
    with ExitStack() as stack:
        others = range(1, min(jobs, len(pieces)))
        sources = [source, *(stack.enter_context(source.another()) for _ in others)]
        _carry_out(pieces, sources, sink)
    if sink is not None:
        watcher.phase("constraints")
        sink.finish(source.counters())
    results = {piece.tracker.plan.name: piece.tracker.result() for piece in pieces}
    return Result(tuple(results[table.name] for table in tables), time.monotonic() - start)


def _carry_out(pieces: Sequence[Piece], sources: Sequence[Source], sink: Sink | None) -> None:
    """All pieces in their order, as many at a time as there are sources."""
    waiting = deque(pieces)
    begun, stopped = threading.Event(), threading.Event()

    def work(source: Source) -> None:
        begun.wait()
        while not stopped.is_set():
            try:
                piece = waiting.popleft()
            except IndexError:
                return
            _patiently(piece, source, sink, stopped)

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


def _patiently(piece: Piece, source: Source, sink: Sink | None, stopped: threading.Event) -> None:
    """One piece, begun anew where the target was lost: its rows arrive once in the end."""
    for pause in sink.pauses if sink is not None else ():
        try:
            return piece.tracker.ended(_brought(piece, source, sink, stopped))
        except TargetLostError:
            if stopped.wait(pause):
                raise
    return piece.tracker.ended(_brought(piece, source, sink, stopped))


def _brought(piece: Piece, source: Source, sink: Sink | None, stopped: threading.Event) -> Tally:
    name, read, kernel = piece.tracker.plan.name, piece.read, piece.kernel
    piece.tracker.began()
    tally = Tally()
    unread = Counter(kernel.invalid) if kernel is not None else Counter[str]()  # an earlier try's
    loading: AbstractContextManager[Callable[[bytes], None]] = (
        sink.load(name, read.columns, piece.part)
        if sink is not None
        else nullcontext(lambda _: None)
    )
    hurry = source.cancel
    with ahead(_counted(source.read(read), tally), hurry) as chunks:
        stages: AbstractContextManager[Iterator[bytes]] = (
            ahead(map(kernel, chunks), hurry) if kernel is not None else nullcontext(chunks)
        )
        with stages as masked, loading as write:
            for chunk in masked:
                if stopped.is_set():
                    raise TryAgainError(str(name), "broken off", "see the first error")
                write(chunk)
                count = copytext.count(chunk)
                tally.rows += count
                tally.written += len(chunk)
                piece.tracker.advanced(count, len(chunk))
    tally.invalid = kernel.invalid - unread if kernel is not None else unread
    return tally


def _counted(chunks: Iterable[bytes], tally: Tally) -> Iterator[bytes]:
    for chunk in chunks:
        tally.read += len(chunk)
        yield chunk
