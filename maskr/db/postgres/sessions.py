"""Sessions in one database, for several threads: each is used again, and a lost one made anew."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

import psycopg

from maskr.db.postgres import session
from maskr.db.postgres.failures import unreachable
from maskr.errors import TryAgainError, UnavailableError

T = TypeVar("T")

#: Seconds before each new try: half a minute in all, in which a server has restarted.
PAUSES = (0.1, 0.5, 1.5, 4.0, 10.0, 15.0)

# Gone with the connection (08), or ended, crashed, starting up (57P01-57P03), or full for the
# moment (53300), or chosen to give way (40P01, 40001).
_TRANSIENT = ("57P01", "57P02", "57P03", "53300", "40P01", "40001")


def transient(error: Exception) -> bool:
    """Whether the same thing may well succeed in a moment, on a new connection."""
    if isinstance(error, UnavailableError):
        return True  # only asked of a server that has answered before
    if not isinstance(error, psycopg.Error):
        return False
    state = error.sqlstate
    if state is None:
        return isinstance(error, psycopg.OperationalError)
    return state in _TRANSIENT or state.startswith("08")


class Sessions:
    """A pool without a limit: as many sessions as there are users at a time."""

    def __init__(self, dsn: str, settings: dict[str, str], preamble: str) -> None:
        """Connects to nothing yet.

        Args:
            dsn: the database.
            settings: of every session.
            preamble: SQL that every session begins with.
        """
        self._dsn = dsn
        self._settings = settings
        self._preamble = preamble
        self._idle: list[psycopg.Connection] = []
        self._busy: set[psycopg.Connection] = set()
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    @contextmanager
    def one(self) -> Iterator[psycopg.Connection]:
        """A session of one's own, in autocommit.

        Raises:
            UnavailableError: it cannot be had.
        """
        connection = self._take()
        try:
            yield connection
        finally:
            with self._lock:
                self._busy.discard(connection)
                healthy = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
                if healthy and not self._stopped.is_set():
                    self._idle.append(connection)
                    connection = None  # type: ignore[assignment]  # it is no longer ours
            if connection is not None:
                connection.close()

    def _take(self) -> psycopg.Connection:
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._made()
        with self._lock:
            self._busy.add(connection)
        return connection

    def _made(self) -> psycopg.Connection:
        """A new session; a server that goes down meanwhile is one that cannot be reached."""
        try:
            connection = session.connect(self._dsn, self._settings)
        except TryAgainError as error:
            raise UnavailableError(error.where, error.what, error.hint) from None
        try:
            connection.execute(self._preamble.encode())
        except psycopg.OperationalError as error:
            connection.close()
            raise unreachable(error, self._dsn) from None
        return connection

    def patiently(self, do: Callable[[psycopg.Connection, bool], T]) -> T:
        """Does something in a session; what a lost connection spoils is done again in a new one.

        Args:
            do: is told whether it was tried before: a commit whose answer was lost may have been
                one.
        """
        again = False
        for pause in PAUSES:
            try:
                with self.one() as connection:
                    return do(connection, again)
            except (psycopg.Error, UnavailableError) as error:
                if self._stopped.is_set() or not transient(error):
                    raise
            again = True
            self._stopped.wait(pause)
        with self.one() as connection:
            return do(connection, again)

    def cancel(self) -> None:
        """Breaks off whatever runs, and lets nothing be tried again."""
        self._stopped.set()
        with self._lock:
            busy = list(self._busy)
        for connection in busy:
            with suppress(psycopg.Error):
                connection.cancel_safe(timeout=5)

    def close(self) -> None:
        """Ends every session."""
        self._stopped.set()
        with self._lock:
            connections = [*self._idle, *self._busy]
            self._idle.clear()
        for connection in connections:
            with suppress(psycopg.Error):
                connection.close()
