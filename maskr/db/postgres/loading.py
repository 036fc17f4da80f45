"""One table's rows on their way into PostgreSQL: what both ways of loading share."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql

from maskr.db.postgres import copytext
from maskr.db.postgres.failures import mapped
from maskr.db.postgres.session import columns_sql, table_sql
from maskr.errors import DataError
from maskr.model import TableName


@contextmanager
def copied(
    connection: psycopg.Connection,
    where: str,
    table: TableName,
    columns: Sequence[str],
    loaded: dict[TableName, int],
) -> Iterator[Callable[[bytes], None]]:
    """A function that takes COPY text, for a table that this transaction has made or emptied.

    ``loaded`` is told how many rows the table has got.

    Raises:
        DataError: a row does not fit, or fewer rows arrived than were sent.
    """
    names = sql.SQL(" ({})").format(columns_sql(tuple(columns))) if columns else sql.SQL("")
    # Rows of a table that this transaction made or emptied can be written as visible to all,
    # which spares a later rewrite; nobody else sees them before the commit.
    query = sql.SQL("COPY {}{} FROM STDIN (FREEZE)").format(table_sql(table), names)
    sent = 0
    with mapped(where), connection.cursor() as cursor:
        with cursor.copy(query) as copy:

            def write(chunk: bytes) -> None:
                nonlocal sent
                copy.write(chunk)
                sent += copytext.count(chunk)

            yield write
        if cursor.rowcount != sent:
            raise DataError(
                where,
                f"{sent} rows were sent and {cursor.rowcount} arrived",
                "look for what swallows them: a rule, a trigger that is ENABLE ALWAYS",
            )
        loaded[table] = sent
