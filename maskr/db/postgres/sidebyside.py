"""Statements carried out side by side, as many at a time as there are sessions for.

Two that lock one table wait for each other here instead of on the server, where they could lock
each other out.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import NamedTuple

_POLL_SECONDS = 0.1


class Piece(NamedTuple):
    """Something to do, and the tables that nobody else may touch meanwhile."""

    do: Callable[[], None]
    tables: frozenset[str]


def side_by_side(pieces: Sequence[Piece], jobs: int, cancel: Callable[[], None]) -> None:
    """Does all pieces, ``jobs`` at a time; those of one table in their order.

    Args:
        pieces: in the order in which they are begun.
        cancel: breaks off whatever is running; called when one fails or the user interrupts.

    Raises:
        Exception: the first that a piece raised; the others have ended by then.
    """
    waiting = list(pieces)
    running: dict[Future[None], Piece] = {}
    with ThreadPoolExecutor(jobs) as pool:
        try:
            while waiting or running:
                for piece in _free(waiting, running.values(), jobs - len(running)):
                    waiting.remove(piece)
                    running[pool.submit(piece.do)] = piece
                # Under polars' handler of SIGINT a wait goes on: Ctrl-C gets through between two.
                done, _ = wait(running, _POLL_SECONDS, FIRST_COMPLETED)
                for future in done:
                    del running[future]
                    future.result()
        except BaseException:
            cancel()
            raise


def _free(waiting: Sequence[Piece], running: Iterable[Piece], room: int) -> list[Piece]:
    """The first pieces that no other one, running or before them, keeps from beginning."""
    taken = {table for piece in running for table in piece.tables}
    chosen: list[Piece] = []
    for piece in waiting:
        if len(chosen) == room:
            break
        if taken.isdisjoint(piece.tables):
            chosen.append(piece)
        taken |= piece.tables
    return chosen
