"""What is worked out over all rows of a table, as a field of the COPY query.

It is a window function, so PostgreSQL sorts the rows once for each drawn order (a sort that does
not fit into work_mem goes to production's disk) and they arrive in that order.
"""

from psycopg import sql

from maskr.db import Window
from maskr.db.postgres.session import columns_sql
from maskr.model import Across


def window_sql(window: Window, rows: sql.Composable) -> sql.Composed:
    """The field for a window over ``rows``: the query's own FROM, and WHERE if it has one.

    >>> window = Window(Across.PLACE, "no", ("id",), primary=True)
    >>> print(window_sql(window, sql.SQL("FROM t")).as_string())
    pg_catalog.row_number() OVER (ORDER BY "id")
    """
    if window.across is Across.PLACE:
        order = columns_sql(window.names) if window.primary else _drawn(window)
        return sql.SQL("pg_catalog.row_number() OVER (ORDER BY {})").format(order)
    # NULLs stand in an order of their own, so that they stay where they are; spelt like this it is
    # the value that is asked about, not a composite one's fields. What comes behind the last row
    # is looked up once, when it is there: first_value() would hold every row back for it, which
    # takes half as long again.
    return sql.SQL(
        "COALESCE("
        "pg_catalog.lead({column}) OVER (PARTITION BY {null} ORDER BY {drawn}), "
        "(SELECT {column} {rows} ORDER BY {null}, {drawn} LIMIT 1))"
    ).format(
        column=sql.Identifier(window.column),
        null=sql.SQL("{} IS NOT DISTINCT FROM NULL").format(sql.Identifier(window.column)),
        drawn=_drawn(window),
        rows=rows,
    )


def _drawn(window: Window) -> sql.Composed:
    """What to order the rows by, so that their order is known only to who knows the salt.

    SHA-256 of the salt and the row's name. Rows of one name are alike in every column: whichever
    of them comes first, the outcome is the same rows.
    """
    if window.salt is None:
        raise ValueError("a window without a salt")
    return sql.SQL(
        "pg_catalog.sha256(pg_catalog.convert_to({} || ROW({})::pg_catalog.text, 'UTF8'))"
    ).format(sql.Literal(window.salt), columns_sql(window.names))
