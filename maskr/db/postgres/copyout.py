"""What a COPY TO STDOUT sends, taken from libpq as it lies there: all that has come, at a time.

psycopg's own reading asks, waits and answers once a row, which takes as long as all the rest of it.
"""

from collections.abc import Generator

import psycopg
from psycopg import pq
from psycopg.abc import PQGen
from psycopg.errors import error_from_result
from psycopg.waiting import Wait

_NOT_YET, _ENDED = 0, -1  # libpq manual, PQgetCopyData


def chunks(connection: psycopg.Connection, least: int) -> Generator[bytes, None, tuple[int, int]]:
    """The rows of the COPY that this connection has begun, whole ones, ``least`` bytes at a time.

    Returns:
        How many rows came, and how many the server says it sent.

    Raises:
        psycopg.Error: the server broke off.
    """
    take = connection.pgconn.get_copy_data
    pieces: list[bytes] = []
    size = came = state = 0
    while state != _ENDED:
        rows: list[memoryview] = []
        while size < least and (state := (taken := take(1))[0]) > 0:
            rows.append(taken[1])
            size += state
        # Joined at once: a view of each row is an object that the collector of garbage would visit.
        pieces.append(b"".join(rows))
        came += len(rows)
        if size >= least or (size and state == _ENDED):
            yield b"".join(pieces)
            pieces, size = [], 0
        elif state == _NOT_YET:
            connection.wait(_more(connection.pgconn))
    return came, _sent(connection)


def _more(pgconn: pq.abc.PGconn) -> PQGen[None]:
    """Waits for more bytes of the server's; other threads go on meanwhile."""
    while not (yield Wait.R):
        continue
    pgconn.consume_input()


def _sent(connection: psycopg.Connection) -> int:
    results = []
    while True:
        while connection.pgconn.is_busy():  # get_result() would wait for all threads
            connection.wait(_more(connection.pgconn))
        if (result := connection.pgconn.get_result()) is None:
            break
        results.append(result)
    for result in results:
        if result.status != pq.ExecStatus.COMMAND_OK:
            raise error_from_result(result)
    return results[-1].command_tuples or 0
