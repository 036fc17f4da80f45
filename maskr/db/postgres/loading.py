"""One table's rows on their way into PostgreSQL: what both ways of loading share."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql

from maskr.db import TargetLostError
from maskr.db.postgres import copytext
from maskr.db.postgres.failures import mapped
from maskr.db.postgres.session import columns_sql, table_sql
from maskr.db.postgres.sessions import Sessions
from maskr.errors import DataError, MaskrError
from maskr.model import TableName


class Writing:
    """Takes COPY text of whole rows.

    Attributes:
        rows: how many it has taken.
    """

    __slots__ = ("_copy", "rows")

    def __init__(self, copy: psycopg.Copy) -> None:
        """``copy`` has begun."""
        self._copy = copy
        self.rows = 0

    def __call__(self, chunk: bytes) -> None:
        """Sends the rows of a chunk."""
        self._copy.write(chunk)
        self.rows += copytext.count(chunk)


@contextmanager
def copied(
    connection: psycopg.Connection,
    where: str,
    table: TableName,
    columns: Sequence[str],
    *,
    frozen: bool = True,
) -> Iterator[Writing]:
    """A function that takes COPY text for a table.

    Args:
        connection: in a transaction.
        where: names the target in an error.
        table: the table.
        columns: what the fields are of.
        frozen: this very transaction has made or emptied the table. Its rows can then be written as
            visible to all, which spares a later rewrite (manual, COPY, "FREEZE"); nobody else sees
            them before the commit.

    Raises:
        DataError: a row does not fit, or fewer rows arrived than were sent.
    """
    query = sql.SQL("COPY {}{} FROM STDIN{}").format(
        table_sql(table),
        sql.SQL(" ({})").format(columns_sql(tuple(columns))) if columns else sql.SQL(""),
        sql.SQL(" (FREEZE)" if frozen else ""),
    )
    with mapped(where), connection.cursor() as cursor:
        with cursor.copy(query) as copy:
            writing = Writing(copy)
            yield writing
        if cursor.rowcount != writing.rows:
            raise DataError(
                where,
                f"{writing.rows} rows were sent and {cursor.rowcount} arrived",
                "look for what swallows them: a rule, a trigger that is ENABLE ALWAYS",
            )


class Loads:
    """What has come into a new database so far, each load in a transaction of its own."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._rows: dict[tuple[TableName, int | None], int] = {}
        self._commits: dict[tuple[TableName, int], int] = {}

    def rows(self) -> Mapping[TableName, int]:
        """How many rows each table has got."""
        found: Counter[TableName] = Counter()
        for (table, _), rows in self._rows.items():
            found[table] += rows
        return found

    @contextmanager
    def load(
        self,
        sessions: Sessions,
        where: str,
        table: TableName,
        columns: Sequence[str],
        part: int | None,
    ) -> Iterator[Callable[[bytes], None]]:
        """Fills a table, or a part of it.

        Begun anew, a whole table is emptied first. A part cannot be, for the others' sake: it is
        left alone where its first commit was one and only the server's answer was lost.

        Raises:
            DataError: a row does not fit, or fewer rows arrived than were sent.
            TargetLostError: the connection is gone; the same rows may be loaded anew.
        """
        connection = None
        try:
            with sessions.one() as connection, mapped(where):
                if part is not None and self._arrived(connection, where, (table, part)):
                    yield lambda _: None
                    return
                with connection.transaction():
                    whole = part is None
                    if whole:
                        connection.execute(sql.SQL("TRUNCATE ONLY {}").format(table_sql(table)))
                    with copied(connection, where, table, columns, frozen=whole) as writing:
                        yield writing
                    self._rows[table, part] = writing.rows
                    if part is not None:
                        self._commits[table, part] = _transaction(connection)
        except MaskrError as error:
            if connection is None or connection.closed:
                raise TargetLostError(error.where, error.what, error.hint) from None
            raise

    def _arrived(
        self, connection: psycopg.Connection, where: str, part: tuple[TableName, int]
    ) -> bool:
        """Whether an earlier try of this part has been committed.

        Raises:
            TargetLostError: the server is still about to end it.
        """
        number = self._commits.get(part)
        if number is None:
            return False
        row = connection.execute("SELECT pg_catalog.txid_status(%s)", (number,)).fetchone()
        if row == ("in progress",):
            raise TargetLostError(where, "its first load has not ended yet", "run it again")
        return row == ("committed",)


def _transaction(connection: psycopg.Connection) -> int:
    """The number of the transaction that is open: what the server remembers its end by."""
    row = connection.execute("SELECT pg_catalog.txid_current()").fetchone()
    assert row is not None  # noqa: S101 - a function call gives one row
    return int(row[0])
