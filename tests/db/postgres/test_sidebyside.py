"""Pieces side by side: each after those of its table, all of them ended by an interrupt."""

import signal
import subprocess
import sys
import threading

import pytest

from maskr.db.postgres.sidebyside import Piece, side_by_side
from tests.command import ROOT

# As maskr does it: polars installs a handler of its own for SIGINT when it is imported.
SLOW = """
import threading, polars
from maskr.db.postgres.sidebyside import Piece, side_by_side
stopped = threading.Event()
def slow():
    print("begun", flush=True)
    stopped.wait(60)
side_by_side([Piece(slow, frozenset("t"))], 1, stopped.set)
"""


def test_an_interrupt_cancels_what_is_running_at_once() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SLOW],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == -signal.SIGINT


def test_pieces_of_one_table_are_done_in_their_order() -> None:
    done: list[tuple[str, int]] = []

    def piece(table: str, number: int) -> Piece:
        return Piece(lambda: done.append((table, number)), frozenset({table}))

    side_by_side([piece(t, n) for n in range(20) for t in "ab"], 4, lambda: None)
    for table in "ab":
        assert [number for name, number in done if name == table] == list(range(20))


def test_the_first_failure_cancels_the_others_and_is_raised() -> None:
    cancelled = threading.Event()

    def fail() -> None:
        raise ZeroDivisionError

    def wait() -> None:
        cancelled.wait(60)

    pieces = [
        Piece(wait, frozenset("a")),
        Piece(fail, frozenset("b")),
        Piece(lambda: pytest.fail("it was begun behind a failure"), frozenset("b")),
    ]
    with pytest.raises(ZeroDivisionError):
        side_by_side(pieces, 2, cancelled.set)
    assert cancelled.is_set()
