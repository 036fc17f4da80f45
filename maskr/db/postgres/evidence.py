"""What a database says for itself when it is questioned: counts and digests, never a value."""

from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from maskr.db import Identity, Read
from maskr.db.postgres import catalog, session
from maskr.db.postgres.failures import describe, mapped
from maskr.db.postgres.session import table_sql
from maskr.db.postgres.source import READ_ONLY
from maskr.errors import MaskrError
from maskr.model import ForeignKey, Relation, Schema, Table


class PostgresEvidence:
    """A read-only session that answers questions about one moment."""

    def __init__(self, dsn: str) -> None:
        """Connects and takes a snapshot.

        Raises:
            UnavailableError: the database cannot be reached.
        """
        self._where = describe(dsn)
        self._connection = session.connect(dsn, READ_ONLY)
        try:
            with mapped(self._where):
                self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                self.identity: Identity = session.identity(self._connection)
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends the session."""
        with suppress(psycopg.Error):
            self._connection.close()

    def schema(self) -> Schema:
        """Its tables."""
        with mapped(self._where):
            return catalog.read_schema(self._connection)

    def count(self, read: Read) -> int:
        """How many rows a read would give."""
        share, where = sql.Composed([]), sql.Composed([])
        if read.where:  # vetted by the policy's check
            where = sql.SQL(" WHERE ({})").format(sql.SQL(read.where))
        if read.percent is not None:
            share = sql.SQL(" TABLESAMPLE BERNOULLI ({}) REPEATABLE (1)").format(
                sql.Literal(read.percent)
            )
        query = sql.SQL("SELECT count(*) FROM ONLY {}{}{}")
        found = self._number(str(read.table), query.format(table_sql(read.table), share, where))
        return found if read.limit is None else min(found, read.limit)

    def orphans(self, table: Table, key: ForeignKey) -> int:
        """How many rows name a row by ``key`` that is not there; a NULL names nothing."""
        both = list(zip(key.columns, key.referenced, strict=True))
        joined = sql.SQL(" AND ").join(
            sql.SQL("parent.{} = child.{}").format(sql.Identifier(theirs), sql.Identifier(ours))
            for ours, theirs in both
        )
        named = sql.SQL(" AND ").join(
            sql.SQL("child.{} IS NOT NULL").format(sql.Identifier(ours)) for ours, _ in both
        )
        only = sql.SQL("ONLY " if table.relation is Relation.ORDINARY else "")
        query = sql.SQL(
            "SELECT count(*) FROM {}{} child WHERE {} "
            "AND NOT EXISTS (SELECT FROM {} parent WHERE {})"
        ).format(only, table_sql(table.name), named, table_sql(key.references), joined)
        return self._number(f"{table.name}, {key.name}", query)

    def digests(self, table: Table, key: Sequence[str], column: str, most: int) -> list[bytes]:
        """SHA-256 of what ``column`` holds in the row that ``key`` names.

        NULLs and empty texts are left out: a mask has nothing to do there.

        Returns:
            The ``most`` smallest, ordered: the same rows are among them on every database.
        """
        fields = sql.SQL(", ").join(
            sql.SQL("{}::text").format(sql.Identifier(name)) for name in (*key, column)
        )
        query = sql.SQL(
            "SELECT DISTINCT pg_catalog.sha256(pg_catalog.convert_to(ROW({})::text, 'UTF8')) AS d "
            "FROM ONLY {} WHERE {}::text <> '' ORDER BY d LIMIT {}"
        ).format(fields, table_sql(table.name), sql.Identifier(column), sql.Literal(most))
        with mapped(f"{self._where}: {table.name}.{column}"):
            return [digest for (digest,) in self._connection.execute(query).fetchall()]

    def _number(self, where: str, query: sql.Composed) -> int:
        with mapped(f"{self._where}: {where}"):
            row = self._connection.execute(query).fetchone()
        if row is None:
            raise MaskrError(self._where, "a count gave no row", "report this")
        return int(row[0])
