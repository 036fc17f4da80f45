"""Tables and columns while DDL may still change them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from maskr.model import Check, ForeignKey, Identity, Relation, TableName, Unique
from maskr.sql.lexer import Token


class MeaningError(Exception):
    """A statement can be read but not be carried out; never leaves the room `maskr.sql`."""


@dataclass(slots=True)
class DraftColumn:
    """A column while it may still change; its fields are those of `maskr.model.Column`.

    Attributes:
        expression: what it is generated from.
    """

    name: str
    type: str
    nullable: bool = True
    generated: bool = False
    identity: Identity = Identity.NONE
    has_default: bool = False
    expression: Sequence[Token] = ()

    def named(self, name: str) -> "DraftColumn":
        """A copy of another name; five times as fast as `replace`, and there are thousands."""
        return DraftColumn(
            name,
            self.type,
            self.nullable,
            self.generated,
            self.identity,
            self.has_default,
            self.expression,
        )


@dataclass(slots=True, eq=False)
class DraftTable:
    """A table while it may still change; constraints by their names.

    Attributes:
        below: its partitions and the tables that inherit from it, directly.
        loose: names of ``uniques`` that are indexes, not constraints.
        own_checks: names of ``checks`` that are not inherited.
    """

    name: TableName
    relation: Relation = Relation.ORDINARY
    columns: dict[str, DraftColumn] = field(default_factory=dict)
    uniques: dict[str, Unique] = field(default_factory=dict)
    foreign_keys: dict[str, ForeignKey] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    parent: "DraftTable | None" = None
    inherits: "list[DraftTable]" = field(default_factory=list)
    below: "list[DraftTable]" = field(default_factory=list)
    loose: set[str] = field(default_factory=set)
    own_checks: set[str] = field(default_factory=set)

    def column(self, name: str) -> DraftColumn:
        """The column of that name.

        Raises:
            MeaningError: there is none.
        """
        if name not in self.columns:
            raise MeaningError(f"table {self.name} has no column {name!r}")
        return self.columns[name]

    @property
    def partitions(self) -> "list[DraftTable]":
        """The tables directly below that are partitions."""
        return [table for table in self.below if table.parent is self]

    def each(self, column: str) -> Iterator[DraftColumn]:
        """The column of that name here and in every table below."""
        yield self.column(column)
        for child in self.below:
            yield from child.each(column)

    def all_below(self) -> "Iterator[DraftTable]":
        """Every table below this one, at any depth."""
        for child in self.below:
            yield child
            yield from child.all_below()

    def ordered(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """``columns`` in this table's own order."""
        return tuple(name for name in self.columns if name in columns)
