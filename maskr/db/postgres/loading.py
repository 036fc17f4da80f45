"""One table's rows on their way into PostgreSQL: what both ways of loading share."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql

from maskr.db.postgres import copytext
from maskr.db.postgres.failures import mapped
from maskr.db.postgres.session import columns_sql, table_sql
from maskr.errors import DataError
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
