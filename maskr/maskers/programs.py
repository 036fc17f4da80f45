"""A program that answers a line with a line, kept running from batch to batch."""

import json
import selectors
import shutil
import subprocess
import threading
import time
import weakref
from collections.abc import Sequence

from maskr.errors import DataError
from maskr.maskers import UnusableError

_READ_BYTES = 1 << 16
# POSIX's PIPE_BUF on Linux: a pipe that is ready takes so much without making the writer wait.
_WRITE_BYTES = 4096


class Program:
    """The process; started at the first question, ended with the interpreter or when forgotten."""

    def __init__(self, argv: Sequence[str], timeout: float, where: str) -> None:
        """Looks whether there is such a program.

        Raises:
            UnusableError: there is none.
        """
        found = shutil.which(argv[0])
        if found is None:
            raise UnusableError(f"there is no program {argv[0]!r}", "correct 'argv', or PATH")
        self._argv = (found, *argv[1:])
        self._timeout = timeout
        self._where = where
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()  # batches may be masked by several threads

    def ask(self, texts: Sequence[str]) -> list[str | None]:
        """One answer a text.

        Raises:
            DataError: it ends, takes too long, or answers what is no answer.
        """
        if not texts:
            return []
        with self._lock:
            process = self._started()
            try:
                lines = self._exchange(process, b"".join(map(_line, texts)), len(texts))
                return [_answer(line) for line in lines]
            except (OSError, ValueError) as error:
                process.kill()
                what = (
                    str(error)
                    if isinstance(error, BrokenExchangeError)
                    else "did not take its lines"
                )
                hint = "try it by hand: a JSON string a line, one line out for each line in"
                raise DataError(self._where, f"the program {what}", hint) from None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            # What it says of its troubles may quote a value.
            pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
            self._process = subprocess.Popen(
                self._argv, stdin=pipe, stdout=pipe, stderr=nothing, bufsize=0
            )
            weakref.finalize(self, _end, self._process)
        return self._process

    def _exchange(self, process: subprocess.Popen[bytes], data: bytes, lines: int) -> list[bytes]:
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        until = time.monotonic() + self._timeout
        got = bytearray()
        at = 0
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            ready.register(process.stdin, selectors.EVENT_WRITE)
            while got.count(b"\n") < lines:
                events = ready.select(max(0.0, until - time.monotonic()))
                # One that keeps on writing is ready all the time.
                if not events or time.monotonic() > until:
                    raise BrokenExchangeError(f"took longer than {self._timeout} s for a batch")
                for key, _ in events:
                    if key.fileobj is process.stdin:
                        at += process.stdin.write(data[at : at + _WRITE_BYTES]) or 0
                        if at == len(data):
                            ready.unregister(process.stdin)
                    elif new := process.stdout.read(_READ_BYTES):
                        got += new
                    else:
                        raise BrokenExchangeError("ended before it had answered")
        *answers, rest = bytes(got).split(b"\n")
        if len(answers) != lines or rest:
            raise BrokenExchangeError("gave more lines than it was asked for")
        return answers


class BrokenExchangeError(ValueError):
    """Says how the exchange broke off; no value is in it."""


def storable(text: str) -> bool:
    """Whether PostgreSQL's UTF-8 has the text: no NUL, no half of a surrogate pair."""
    return not any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text)


def _line(text: str) -> bytes:
    return json.dumps(text).encode() + b"\n"


def _answer(line: bytes) -> str | None:
    try:
        said = json.loads(line)
    except ValueError:
        said = 0
    if said is not None and not (isinstance(said, str) and storable(said)):
        raise BrokenExchangeError("gave a line that is neither a JSON string nor null")
    return said


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.kill()
    process.wait()
