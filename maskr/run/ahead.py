"""A stage of the pipeline in a thread of its own, a few items ahead of the next stage."""

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

T = TypeVar("T")

# Chunks that wait between two stages: each stage has one in hand besides. More would only hold
# memory, 6 MiB and its frame each.
_AHEAD = 1
_POLL_SECONDS = 0.1
# How long an interrupted stage may take by itself: the time of a chunk many times over.
_PATIENCE_SECONDS = 1.0


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
