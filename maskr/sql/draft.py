"""A schema under construction: what each DDL statement does to it, inheritance included.

Knows what PostgreSQL makes of a statement, nothing of its words.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

from maskr.model import (
    Check,
    Column,
    ForeignKey,
    Identity,
    Kind,
    Schema,
    Table,
    TableName,
    Unique,
)
from maskr.sql.drafttable import DraftColumn, DraftTable, MeaningError
from maskr.sql.naming import choose
from maskr.types import Facts, UserType, facts, quote

# Where temporary tables are: looked up before anything else, and never part of the result.
TEMPORARY = "pg_temp"
_ROW = UserType(Kind.COMPOSITE)


class Draft:
    """All tables and types so far, and where names without a schema are looked up."""

    def __init__(self) -> None:
        """Empty, with PostgreSQL's usual search_path."""
        self.tables: dict[TableName, DraftTable] = {}
        self.types: dict[str, UserType] = {}
        self.others: set[TableName] = set()  # views, sequences, indexes: names that are taken
        self.search_path: tuple[str, ...] = ("public",)
        self.index_names: set[str] = set()  # every one that ever was, in any schema
        # What columns of the same words are: 1,000 tables are read in half the time.
        self.alike: dict[tuple[str, ...], DraftColumn] = {}

    def new_name(self, parts: tuple[str, ...]) -> TableName:
        """The full name of something that is about to be made."""
        home = self.search_path[0] if self.search_path else "public"
        return TableName(parts[0], parts[1]) if parts[1:] else TableName(home, parts[0])

    def find(self, parts: tuple[str, ...]) -> TableName:
        """The full name of a relation; where there is none, the name it would get."""
        if not parts[1:]:
            for schema in (TEMPORARY, *self.search_path):
                name = TableName(schema, parts[0])
                if name in self.tables or name in self.others:
                    return name
        return self.new_name(parts)

    def table(self, parts: tuple[str, ...]) -> DraftTable:
        """The table of that name.

        Raises:
            MeaningError: there is none.
        """
        name = self.find(parts)
        if name not in self.tables:
            raise MeaningError(f"table {name} is not defined above")
        return self.tables[name]

    def find_type(self, parts: tuple[str, ...]) -> str:
        """A user's type as format_type spells it with its schema."""
        if not parts[1:]:
            for schema in self.search_path:
                if (text := spelt(schema, parts[0])) in self.types:
                    return text
        return spelt(*self.new_name(parts))

    def add_table(self, table: DraftTable) -> None:
        """Puts a new table in, and the type of its rows.

        Raises:
            MeaningError: there is one of that name.
        """
        if table.name in self.tables:
            raise MeaningError(f"table {table.name} is defined twice")
        self.tables[table.name] = table
        self.types[spelt(*table.name)] = _ROW

    def add_column(self, table: DraftTable, column: DraftColumn) -> None:
        """Adds a column to a table and to those below it; one that is there stays as it is."""
        if column.name in table.columns:
            return
        table.columns[column.name] = column
        for child in table.below:
            self.add_column(child, replace(column, identity=Identity.NONE))

    def set_not_null(self, table: DraftTable, column: str, only: bool = False) -> None:
        """NOT NULL on a column here and, unless ``only``, in the tables below."""
        table.column(column).nullable = False
        for each in () if only else table.each(column):
            each.nullable = False

    def add_unique(
        self,
        table: DraftTable,
        unique: Unique,
        *,
        loose: bool = False,
        only: bool = False,
        called: tuple[str, ...] = (),
    ) -> None:
        """Adds a unique key to a table, and its like to each partition that lacks it.

        Args:
            table: to this one.
            unique: where its name is empty, one is chosen.
            loose: an index that CREATE UNIQUE INDEX makes, no constraint.
            only: leaves the partitions alone.
            called: what its parts are called in a chosen name; its columns where empty.
        """
        for column in unique.columns:
            table.column(column)
            if unique.primary:
                self.set_not_null(table, column, only)
        if not unique.name:
            label = "pkey" if unique.primary else "idx" if loose else "key"
            parts = () if unique.primary else called or unique.columns
            taken = partial(self._is_taken, table.name.schema)
            unique = replace(unique, name=choose(table.name.table, parts, label, taken))
        table.uniques[unique.name] = unique
        self.index_names.add(unique.name)
        if loose:
            table.loose.add(unique.name)
        nameless = replace(unique, name="")
        for partition in () if only else table.partitions:
            if all(nameless != replace(own, name="") for own in partition.uniques.values()):
                self.add_unique(partition, nameless, loose=loose, called=called)

    def _is_taken(self, schema: str, name: str) -> bool:
        """Whether a relation or an index of the schema has that name."""
        whole = TableName(schema, name)
        if whole in self.tables or whole in self.others:
            return True
        return name in self.index_names and any(
            name in table.uniques for at, table in self.tables.items() if at.schema == schema
        )

    def add_foreign_key(self, table: DraftTable, key: ForeignKey) -> None:
        """Adds a foreign key to a table and its partitions.

        Raises:
            MeaningError: a column is unknown, or the referenced key is left out and not known.
        """
        for column in key.columns:
            table.column(column)
        referenced = key.referenced or self._primary_key(key.references)
        name = key.name or choose(table.name.table, key.columns, "fkey", _constraints(table))
        key = replace(key, name=name, referenced=referenced)
        table.foreign_keys[name] = key
        for partition in table.partitions:
            self.add_foreign_key(partition, key)

    def _primary_key(self, name: TableName) -> tuple[str, ...]:
        uniques = self.tables[name].uniques.values() if name in self.tables else ()
        for unique in uniques:
            if unique.primary:
                return unique.columns
        raise MeaningError(f"the primary key of table {name} is not defined above")

    def add_check(self, table: DraftTable, check: Check, inherited: bool = True) -> None:
        """Adds a CHECK to a table and, where it is ``inherited``, to those below."""
        columns = table.ordered(check.columns)
        in_name = columns if len(columns) == 1 else ()
        name = check.name or choose(table.name.table, in_name, "check", _constraints(table))
        table.checks[name] = Check(name, columns)
        if not inherited:
            table.own_checks.add(name)
        for child in table.below if inherited else ():
            self.add_check(child, Check(name, columns))

    def inherit(self, child: DraftTable, parent: DraftTable) -> None:
        """Makes ``child`` a table below ``parent``: its columns and checks come down."""
        if child is parent or parent in child.all_below():
            raise MeaningError(f"table {child.name} cannot inherit from itself")
        parent.below.append(child)
        for column in parent.columns.values():
            there = child.columns.setdefault(column.name, replace(column, identity=Identity.NONE))
            there.nullable = there.nullable and column.nullable
        for check in parent.checks.values():
            if check.name not in parent.own_checks:
                self.add_check(child, check)

    def attach(self, child: DraftTable, parent: DraftTable) -> None:
        """Makes ``child`` a partition of ``parent``: its keys come down too."""
        self.inherit(child, parent)
        child.parent = parent
        for unique in list(parent.uniques.values()):
            # Adding a key that the parent has already passes it down to the new partition.
            self.add_unique(parent, unique, loose=unique.name in parent.loose)
        for key in parent.foreign_keys.values():
            self.add_foreign_key(child, key)

    def drop(self, name: TableName) -> None:
        """Takes a table away, with its partitions and the foreign keys that reference it."""
        table = self.tables.pop(name, None)
        self.others.discard(name)
        if table is None:
            return
        for above in (*table.inherits, *([table.parent] if table.parent else ())):
            above.below.remove(table)
        for child in list(table.below):
            self.drop(child.name)
        for other in self.tables.values():
            for key in list(other.foreign_keys.values()):
                if key.references == name:
                    del other.foreign_keys[key.name]

    def move(self, old: TableName, new: TableName) -> None:
        """Gives a table another name or schema; what refers to it follows."""
        if old in self.others:
            self.others = self.others - {old} | {new}
            return
        if old not in self.tables or new in self.tables:
            raise MeaningError(f"table {old} cannot become {new}")
        table = self.tables.pop(old)
        table.name = new
        self.tables[new] = table
        self.types[spelt(*new)] = self.types.pop(spelt(*old), _ROW)
        self.map_keys(lambda key: replace(key, references=new) if key.references == old else key)

    def map_keys(self, change: Callable[[ForeignKey], ForeignKey]) -> None:
        """Changes every foreign key of every table."""
        for table in self.tables.values():
            table.foreign_keys = {key.name: change(key) for key in table.foreign_keys.values()}

    def finish(self) -> Schema:
        """The schema as it stands now."""
        read = cache(lambda text: facts(text, self.types))
        return Schema({name: _finished(table, read) for name, table in self.tables.items()})


def _finished(table: DraftTable, read: Callable[[str], Facts]) -> Table:
    return Table(
        table.name,
        tuple(_column(table, column, read(column.type)) for column in table.columns.values()),
        tuple(sorted(table.uniques.values())),
        tuple(sorted(table.foreign_keys.values())),
        tuple(sorted(table.checks.values())),
        table.relation,
        table.parent.name if table.parent else None,
        tuple(parent.name for parent in table.inherits),
    )


def _column(table: DraftTable, column: DraftColumn, known: Facts) -> Column:
    return Column(
        column.name,
        column.type,
        known.kind,
        nullable=column.nullable and not known.not_null,
        length=known.length,
        precision=known.precision,
        scale=known.scale,
        element=known.element,
        generated=column.generated,
        # A partition's identity is its root's: only since 17 does a catalogue show it on both.
        identity=Identity.NONE if table.parent else column.identity,
        has_default=column.has_default,
        labels=known.labels,
        caseless=known.caseless,
        checked=known.checked,
    )


def spelt(schema: str, name: str) -> str:
    """A user's type as format_type spells it when its schema is not on the search_path."""
    return f"{quote(schema)}.{quote(name)}"


def _constraints(table: DraftTable) -> Callable[[str], bool]:
    return {*table.checks, *table.foreign_keys, *table.uniques}.__contains__
