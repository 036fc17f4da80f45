"""Reads what a PostgreSQL database holds: its tables as a `maskr.model.Schema`, and their sizes.

A handful of queries whatever the number of tables, every name in them qualified, so that no
search_path bends them. Reads only. Source: PostgreSQL manual, "System Catalogs".
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg.rows import tuple_row

from maskr.model import (
    Check,
    Column,
    ForeignKey,
    Identity,
    Kind,
    Relation,
    Schema,
    Table,
    TableName,
    Unique,
)
from maskr.types import UserType, facts

# The user's own relations that hold rows: pg_temp_n and pg_toast are among the pg_ schemas.
_TABLES: LiteralString = """
    SELECT c.oid, n.nspname, c.relname, c.relkind::pg_catalog.text, c.relispartition
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'
      AND n.nspname <> 'information_schema' AND NOT pg_catalog.starts_with(n.nspname, 'pg_')
      AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.objid = c.oid AND d.deptype = 'e')
"""
_COLUMNS: LiteralString = """
    SELECT a.attrelid, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
           a.attgenerated <> '', a.attidentity::pg_catalog.text, a.atthasdef
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = ANY (%s) AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attrelid, a.attnum
"""
_TYPES: LiteralString = """
    SELECT pg_catalog.format_type(t.oid, NULL), t.typtype::pg_catalog.text, t.typnotnull,
           CASE WHEN t.typtype = 'd'
                THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) ELSE '' END,
           ARRAY(SELECT e.enumlabel::pg_catalog.text FROM pg_catalog.pg_enum e
                 WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder),
           ARRAY(SELECT k.conname::pg_catalog.text FROM pg_catalog.pg_constraint k
                 WHERE k.contypid = t.oid AND k.contype = 'c' ORDER BY k.conname)
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('c', 'd', 'e', 'r', 'm')
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
"""
# An index depends on each column that its keys, its included columns, its expressions and its
# predicate mention; a column that is no key and not included comes from the last two. The columns
# of a constraint's index hang on the constraint instead, and are keys or included. ("without
# overlaps", PostgreSQL 18, makes an exclusion of a unique constraint.)
_UNIQUES: LiteralString = """
    SELECT i.indrelid, c.relname, i.indisprimary,
           i.indexprs IS NULL AND i.indpred IS NULL AND NOT i.indisexclusion,
           ARRAY(SELECT a.attname::pg_catalog.text
                 FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[])
                     WITH ORDINALITY AS k (attnum, place)
                 JOIN pg_catalog.pg_attribute a
                     ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                 WHERE k.place <= i.indnkeyatts ORDER BY k.place)
           || ARRAY(SELECT DISTINCT ON (a.attnum) a.attname::pg_catalog.text
                 FROM pg_catalog.pg_depend d
                 JOIN pg_catalog.pg_attribute a
                     ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                 WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                   AND d.objid = i.indexrelid
                   AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                   AND d.refobjid = i.indrelid AND d.refobjsubid > 0
                   AND d.refobjsubid <> ALL (i.indkey::pg_catalog.int2[])
                 ORDER BY a.attnum)
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = ANY (%s) AND (i.indisunique OR i.indisprimary)
      AND (i.indisvalid OR c.relkind = 'I')
"""
# A key to a partitioned table has a row for each partition of it too: those have a parent
# constraint on the very same table.
_FOREIGN_KEYS: LiteralString = """
    SELECT k.conrelid, k.conname, k.condeferrable, n.nspname, t.relname,
           ARRAY(SELECT a.attname::pg_catalog.text
                 FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS c (attnum, place)
                 JOIN pg_catalog.pg_attribute a
                     ON a.attrelid = k.conrelid AND a.attnum = c.attnum ORDER BY c.place),
           ARRAY(SELECT a.attname::pg_catalog.text
                 FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS c (attnum, place)
                 JOIN pg_catalog.pg_attribute a
                     ON a.attrelid = k.confrelid AND a.attnum = c.attnum ORDER BY c.place)
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class t ON t.oid = k.confrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
    WHERE k.contype = 'f' AND k.conrelid = ANY (%s)
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint p
                      WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)
"""
_CHECKS: LiteralString = """
    SELECT k.conrelid, k.conname,
           ARRAY(SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute a
                 WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) ORDER BY a.attnum)
    FROM pg_catalog.pg_constraint k
    WHERE k.contype = 'c' AND k.conrelid = ANY (%s)
"""
_PARENTS: LiteralString = """
    SELECT i.inhrelid, n.nspname, c.relname
    FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE i.inhrelid = ANY (%s)
    ORDER BY i.inhrelid, i.inhseqno
"""
_SIZES: LiteralString = """
    SELECT c.oid, c.reltuples, c.relpages, c.relnatts,
           COALESCE(pg_catalog.pg_relation_size(c.oid), 0),
           COALESCE(pg_catalog.pg_table_size(c.oid), 0)
    FROM pg_catalog.pg_class c WHERE c.oid = ANY (%s)
"""
_KINDS_OF_TYPTYPE: Mapping[str, Kind] = {
    "c": Kind.COMPOSITE,
    "e": Kind.ENUM,
    "r": Kind.RANGE,
    "m": Kind.RANGE,
    "d": Kind.OTHER,  # not looked at: the base says it
}

# For a table that nobody analysed: a tuple's header and line pointer (28 bytes), and the bytes of a
# column, about the mean of the demo's tables.
_ROW_BYTES, _COLUMN_BYTES = 28, 12
_PAGE_BYTES = 8192  # PostgreSQL's usual block size; only the progress display hangs on it

Connection = psycopg.Connection[Any]
Rows = list[tuple[Any, ...]]


def read_schema(connection: Connection) -> Schema:
    """The user's own tables: no system's, no extension's, no temporary ones. Reads only.

    Works within the transaction that is open, or in one of its own.
    """
    with connection.transaction(), _bare_search_path(connection):
        relations = _fetch(connection, _TABLES)
        oids = [row[0] for row in relations]
        types = {
            text: UserType(_KINDS_OF_TYPTYPE[typtype], base, not_null, tuple(labels), tuple(checks))
            for text, typtype, not_null, base, labels, checks in _fetch(connection, _TYPES)
        }
        columns = _by_table(_fetch(connection, _COLUMNS, oids))
        uniques = _by_table(_fetch(connection, _UNIQUES, oids))
        foreign_keys = _by_table(_fetch(connection, _FOREIGN_KEYS, oids))
        checks = _by_table(_fetch(connection, _CHECKS, oids))
        parents = _by_table(_fetch(connection, _PARENTS, oids))
    tables: dict[TableName, Table] = {}
    for oid, schema, name, relkind, partition in relations:
        above = tuple(TableName(*row) for row in parents[oid])
        table = Table(
            TableName(schema, name),
            tuple(_column(row, types, partition) for row in columns[oid]),
            tuple(sorted(_unique(row) for row in uniques[oid])),
            tuple(sorted(_foreign_key(row) for row in foreign_keys[oid])),
            tuple(sorted(Check(name, tuple(names)) for name, names in checks[oid])),
            Relation(relkind),
            above[0] if partition else None,
            () if partition else above,
        )
        tables[table.name] = table
    return Schema(tables)


def read_sizes(connection: Connection) -> dict[TableName, tuple[int, int]]:
    """Rows (an estimate) and bytes (with TOAST, without indexes) of each table. Reads only.

    The rows come from the last ANALYZE or VACUUM, scaled by what the table has grown since; where
    there was none, from its size. A partitioned table has none of its own: its partitions have.
    """
    with connection.transaction():
        names = {row[0]: TableName(row[1], row[2]) for row in _fetch(connection, _TABLES)}
        rows = _fetch(connection, _SIZES, list(names))
    return {
        names[oid]: (_estimate(tuples, pages, columns, heap), whole)
        for oid, tuples, pages, columns, heap, whole in rows
    }


def _estimate(tuples: float, pages: int, columns: int, heap: int) -> int:
    """Rows in ``heap`` bytes; ``tuples`` is -1 (0 before PostgreSQL 14) where nobody analysed."""
    if tuples > 0 and pages > 0:
        return round(tuples / pages * heap / _PAGE_BYTES) if heap else round(tuples)
    if tuples > 0 or heap == 0:
        return max(round(tuples), 0)
    if tuples == 0 and pages > 0:
        return 0
    return heap // (_ROW_BYTES + _COLUMN_BYTES * columns)


@contextmanager
def _bare_search_path(connection: Connection) -> Iterator[None]:
    """Makes format_type write the schema of each user's type, until the block ends."""
    [(before,)] = _fetch(connection, "SELECT pg_catalog.current_setting('search_path')")
    _set_search_path(connection, "pg_catalog")
    yield
    _set_search_path(connection, before)


def _set_search_path(connection: Connection, path: str) -> None:
    connection.execute("SELECT pg_catalog.set_config('search_path', %s, true)", [path])


def _fetch(connection: Connection, query: LiteralString, oids: list[int] | None = None) -> Rows:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query, None if oids is None else [oids]).fetchall()


def _by_table(rows: Rows) -> Mapping[int, Rows]:
    """Rows by their first field, a table's oid, which is left out of them."""
    grouped: defaultdict[int, Rows] = defaultdict(list)
    for oid, *rest in rows:
        grouped[oid].append(tuple(rest))
    return grouped


def _column(row: tuple[Any, ...], types: Mapping[str, UserType], partition: bool) -> Column:
    name, text, not_null, generated, identity, has_default = row
    known = facts(text, types)
    return Column(
        name,
        text,
        known.kind,
        nullable=not (not_null or known.not_null),
        length=known.length,
        precision=known.precision,
        scale=known.scale,
        element=known.element,
        generated=generated,
        # A partition's identity is its root's: only since 17 does the catalogue show it on both.
        identity=Identity.NONE if partition else Identity(identity),
        has_default=has_default and not generated,
        labels=known.labels,
        caseless=known.caseless,
        checked=known.checked,
    )


def _unique(row: tuple[Any, ...]) -> Unique:
    name, primary, exact, columns = row
    return Unique(name, tuple(columns), primary, exact)


def _foreign_key(row: tuple[Any, ...]) -> ForeignKey:
    name, deferrable, schema, table, columns, referenced = row
    return ForeignKey(name, tuple(columns), TableName(schema, table), tuple(referenced), deferrable)
