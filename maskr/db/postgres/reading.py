"""What a read asks of the server: one COPY statement."""

from psycopg import sql

from maskr.db import Read, Window
from maskr.db.postgres import session
from maskr.db.postgres.windows import window_sql


def copy_query(read: Read) -> sql.Composed:
    """The COPY statement for a read: of the table itself where nothing is chosen or added.

    ``where`` and ``flags`` are SQL that the policy's check has vetted (`maskr.sql`).
    """
    table = session.table_sql(read.table)
    chosen = (read.where, read.limit, read.percent, read.blocks)
    if not read.flags and all(choice is None for choice in chosen):
        columns = sql.SQL(" ({})").format(session.columns_sql(read.columns))
        return sql.SQL("COPY {}{} TO STDOUT").format(
            table, columns if read.columns else sql.SQL("")
        )
    rows = sql.SQL("FROM ONLY {}").format(table)
    if read.percent is not None:
        share = sql.Literal(read.percent)
        rows += sql.SQL(" TABLESAMPLE BERNOULLI ({}) REPEATABLE (1)").format(share)
    conditions = [] if read.where is None else [sql.SQL("({})").format(_vetted(read.where))]
    if read.blocks is not None:
        first, end = read.blocks
        conditions.append(sql.SQL("ctid >= {}").format(_start_of(first)))
        if end is not None:
            conditions.append(sql.SQL("ctid < {}").format(_start_of(end)))
    if conditions:
        rows += sql.SQL(" WHERE ") + sql.SQL(" AND ").join(conditions)
    fields = [sql.Identifier(name) for name in read.columns]
    flags = [
        window_sql(flag, rows)
        if isinstance(flag, Window)
        else sql.SQL("({})").format(_vetted(flag))
        for flag in read.flags
    ]
    query = sql.SQL("SELECT {} {}").format(sql.SQL(", ").join([*fields, *flags]), rows)
    if read.limit is not None:
        order = session.columns_sql(read.order) if read.order else sql.SQL("ctid")
        query += sql.SQL(" ORDER BY {} LIMIT {}").format(order, sql.Literal(read.limit))
    return sql.SQL("COPY ({}) TO STDOUT").format(query)


def _start_of(block: int) -> sql.Composed:
    return sql.SQL("{}::pg_catalog.tid").format(sql.Literal(f"({block},0)"))


def _vetted(text: str) -> sql.SQL:
    return sql.SQL(text)
