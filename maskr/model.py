"""The nouns of a database, as plain values: no I/O, no SQL.

A `Schema` says the same whether it was read from a live catalogue or from DDL, so that what is
decided about it (coverage, plan) is the same too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What a value is, as far as a mask cares: a family of PostgreSQL types.

    A domain has the kind of the type under it; citext, char(n), varchar(n) and name are TEXT.
    """

    TEXT = "text"
    INTEGER = "integer"
    NUMERIC = "numeric"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    TIMESTAMP = "timestamp"
    INTERVAL = "interval"
    UUID = "uuid"
    JSON = "json"
    XML = "xml"
    INET = "inet"
    MACADDR = "macaddr"
    BYTES = "bytes"
    ENUM = "enum"
    ARRAY = "array"
    RANGE = "range"
    COMPOSITE = "composite"
    HSTORE = "hstore"
    OTHER = "other"


class Identity(StrEnum):
    """How an identity column takes its values (pg_attribute.attidentity)."""

    NONE = ""
    ALWAYS = "a"
    BY_DEFAULT = "d"


class Relation(StrEnum):
    """What kind of relation holds the rows (pg_class.relkind)."""

    ORDINARY = "r"
    PARTITIONED = "p"
    FOREIGN = "f"


class Across(StrEnum):
    """What a source can work out over all rows that it reads of a table.

    Attributes:
        NEXT: what the column holds in the row behind, the rows with a value standing in a drawn
            order and the first one behind the last.
        PLACE: the row's number, from 1 on, by the primary key.
    """

    NEXT = "next"
    PLACE = "place"


class TableName(NamedTuple):
    """A table's full name, unquoted.

    >>> str(TableName("public", "customers"))
    'public.customers'
    """

    schema: str
    table: str

    def __str__(self) -> str:
        """As it is written in a policy."""
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: unquoted.
        type: as PostgreSQL's format_type prints it: ``character varying(30)``, ``integer[]``; of a
            domain, the domain's own name.
        kind: the family of the type (of the type under a domain).
        nullable: False where NOT NULL stands on the column or on its domain.
        length: characters that varchar(n) or char(n) holds; None where there is no bound.
        precision: digits of numeric(p,s); None where there is no bound.
        scale: digits after the point of numeric(p,s).
        element: the kind of an array's elements; None for anything else.
        generated: True for GENERATED ALWAYS AS (…), stored or virtual: it is never copied.
        identity: GENERATED … AS IDENTITY.
        has_default: True where a DEFAULT stands on the column.
        labels: an enum's labels, in their order.
        caseless: True for citext, whose values are equal in capitals or not.
        checked: True where the type is a domain, or an array of one, that has a CHECK.
    """

    name: str
    type: str
    kind: Kind
    nullable: bool = True
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    element: Kind | None = None
    generated: bool = False
    identity: Identity = Identity.NONE
    has_default: bool = False
    labels: tuple[str, ...] = ()
    caseless: bool = False
    checked: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Unique:
    """A primary key, unique constraint or unique index.

    Attributes:
        columns: every column that takes part, expressions' columns included.
        primary: True for the primary key.
        exact: False where an expression or a predicate takes part (``lower(email)``).
    """

    name: str
    columns: tuple[str, ...]
    primary: bool = False
    exact: bool = True


@dataclass(frozen=True, slots=True, order=True)
class ForeignKey:
    """``columns`` of this table name a row of ``references`` by its ``referenced`` columns."""

    name: str
    columns: tuple[str, ...]
    references: TableName
    referenced: tuple[str, ...]
    deferrable: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Check:
    """A CHECK constraint: which columns its expression mentions."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One relation that holds rows.

    Attributes:
        columns: in the table's own order.
        uniques, foreign_keys, checks: each ordered by name.
        parent: the partitioned table this is a partition of; None for anything else.
        inherits: the tables it inherits from (INHERITS, not partitions).
    """

    name: TableName
    columns: tuple[Column, ...]
    uniques: tuple[Unique, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    relation: Relation = Relation.ORDINARY
    parent: TableName | None = None
    inherits: tuple[TableName, ...] = ()

    def column(self, name: str) -> Column | None:
        """The column of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def stored(self) -> tuple[Column, ...]:
        """The columns that COPY carries: all but the generated ones."""
        return tuple(column for column in self.columns if not column.generated)


@dataclass(frozen=True, slots=True)
class Schema:
    """All tables of a database that are its user's own (no catalogues, no extension's tables)."""

    tables: Mapping[TableName, Table] = field(default_factory=dict)

    def root(self, name: TableName) -> TableName:
        """The topmost partitioned table above ``name``; ``name`` itself where there is none."""
        table = self.tables.get(name)
        while table is not None and table.parent is not None:
            name = table.parent
            table = self.tables.get(name)
        return name


def differences(wanted: Schema, found: Schema) -> tuple[str, ...]:
    """What of ``wanted`` is not so in ``found``, in words; empty where they are equal.

    >>> name = TableName("public", "t")
    >>> table = Table(name, (Column("id", "integer", Kind.INTEGER),))
    >>> differences(Schema({name: table}), Schema())
    ('table public.t is missing',)
    """
    said: list[str] = []
    for name in sorted(wanted.tables.keys() | found.tables.keys()):
        if name not in found.tables:
            said.append(f"table {name} is missing")
        elif name not in wanted.tables:
            said.append(f"table {name} is not in the source")
        else:
            said += _table_differences(wanted.tables[name], found.tables[name])
    return tuple(said)


def _table_differences(wanted: Table, found: Table) -> list[str]:
    said: list[str] = []
    columns = {column.name: column for column in found.columns}
    for column in wanted.columns:
        other = columns.pop(column.name, None)
        if other is None:
            said.append(f"column {wanted.name}.{column.name} is missing")
        elif other.type != column.type:
            said.append(
                f"column {wanted.name}.{column.name} is {other.type} instead of {column.type}"
            )
        elif other != column:
            said.append(f"column {wanted.name}.{column.name} is declared otherwise")
    said += [f"column {wanted.name}.{name} is not in the source" for name in columns]
    for what in ("uniques", "foreign_keys", "checks"):
        ours, theirs = set(getattr(wanted, what)), set(getattr(found, what))
        said += [
            f"constraint {each.name} of {wanted.name} is missing" for each in sorted(ours - theirs)
        ]
        said += [
            f"constraint {each.name} of {wanted.name} is not in the source"
            for each in sorted(theirs - ours)
        ]
    if (wanted.relation, wanted.parent, wanted.inherits) != (
        found.relation,
        found.parent,
        found.inherits,
    ):
        said.append(f"table {wanted.name} is another kind of relation")
    return said
