"""Runs of maskr that something strikes at a moment of their progress, never after some seconds.

A run passes moments: a phase begins, a table begins, rows of it are through, it ends. They are
counted where the lines of progress would be printed.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from maskr.cli import running
from maskr.cli.output import Quiet
from maskr.db.postgres import guards
from maskr.model import TableName
from maskr.run import TableResult
from tests.command import Ended, maskr

# Every child is a copy of one process that has imported maskr and nothing more: started in 20 ms
# instead of 2 s, and without the threads of the tests.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


@dataclass
class Strikes(Quiet):
    """A watcher that strikes once, when so many moments have passed."""

    strike: Callable[[], object]
    at: int
    passed: int = 0
    counting: threading.Lock = field(default_factory=threading.Lock)

    def _moment(self) -> None:
        with self.counting:  # several tables are on their way at a time
            self.passed += 1
            strike = self.passed == self.at
        if strike:
            self.strike()

    def started(self, table: TableName) -> None:
        self._moment()

    def advanced(self, table: TableName, rows: int, size: int) -> None:
        self._moment()

    def ended(self, result: TableResult) -> None:
        self._moment()

    def phase(self, name: str) -> None:
        self._moment()


def struck(strike: Callable[[], object], at: int, *arguments: object) -> Ended:
    """A run within this process that is struck at that moment; no thread of it is left behind."""
    threads = threading.active_count()
    watcher = Strikes(strike, at)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "Lines", lambda: watcher)
        ended = maskr("run", *arguments)
    assert threading.active_count() == threads
    assert watcher.passed >= at or ended.code != 0, "it never came to that moment"
    return ended


def killed(at: int, *arguments: object) -> None:
    """A run in a process of its own, which is ended by SIGKILL at that moment."""
    process = _PROCESSES.Process(target=_die, args=(at, arguments))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL, "it never came to that moment"


def aside(*arguments: object) -> int | None:
    """The exit code of a run in a process of its own: two cannot be in one, for their signals."""
    process = _PROCESSES.Process(target=_exit, args=(arguments,))
    process.start()
    process.join()
    return process.exitcode


def _exit(arguments: tuple[object, ...]) -> None:
    guards._TRIES = 1  # whoever it waits for does not end meanwhile
    sys.exit(maskr("run", *arguments).code)


def _die(at: int, arguments: tuple[object, ...]) -> None:
    struck(lambda: os.kill(os.getpid(), signal.SIGKILL), at, *arguments)
