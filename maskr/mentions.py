"""The tables and columns that policies speak of, where there is no schema to ask.

A glob stands for itself: it matches its own text, so that ``*.email`` is asked about as the column
``email`` of a table called ``*``.
"""

from collections.abc import Iterable, Sequence

from maskr.model import Column, Kind, Schema, Table, TableName
from maskr.policy import Policy, names
from maskr.policy.names import Part

_Patterns = tuple[Part, Part, Part]


def mentioned(policies: Iterable[Policy], also: Sequence[tuple[TableName, str]] = ()) -> Schema:
    """A schema of all that the policies name, and of ``also``; of the columns only names are known.

    Every table has, beside its own, the columns of the patterns that match it.
    """
    tables: dict[TableName, dict[str, None]] = {}
    shared: list[_Patterns] = []
    for policy in policies:
        for rules in policy.tables:
            schema, table = names.table_parts(rules.pattern)
            columns = tables.setdefault(TableName(schema.text, table.text), {})
            columns |= dict.fromkeys(names.column_part(e.pattern).text for e in rules.columns)
        for reference in policy.references:
            for schema_name, table_name, column in (reference.source, reference.target):
                tables.setdefault(TableName(schema_name, table_name), {})[column] = None
        shared += [names.shared_parts(entry.pattern) for entry in policy.columns]
    for name, column in also:
        tables.setdefault(name, {})[column] = None
    for schema, table, _ in shared:
        tables.setdefault(TableName(schema.text, table.text), {})
    return Schema({name: _table(name, own, shared) for name, own in tables.items()})


def _table(name: TableName, own: dict[str, None], shared: Sequence[_Patterns]) -> Table:
    found = own | dict.fromkeys(
        column.text
        for schema, table, column in shared
        if schema.matcher()(name.schema) and table.matcher()(name.table)
    )
    return Table(name, tuple(Column(column, "unknown", Kind.OTHER) for column in found))
