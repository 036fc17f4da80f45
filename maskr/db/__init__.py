"""The two seams between maskr and a store: where rows come from, where they go.

One folder a store stands behind them; nothing above this floor knows which.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from maskr.model import Schema, TableName


@dataclass(frozen=True, slots=True)
class Read:
    """Which rows and columns of one table are wanted, and in which order.

    Attributes:
        columns: names, in the order in which the fields arrive.
        flags: boolean SQL expressions that arrive as further fields, ``t``, ``f`` or NULL.
        where: a boolean SQL expression that a row must satisfy.
        limit: at most so many rows, the first by ``order``.
        percent: about this share of the rows, the same ones every time.
        order: columns that name a row (its primary key), for ``limit``.
    """

    table: TableName
    columns: tuple[str, ...]
    flags: tuple[str, ...] = ()
    where: str | None = None
    limit: int | None = None
    percent: float | None = None
    order: tuple[str, ...] = ()


class Size(NamedTuple):
    """How large a table is about: for progress only."""

    rows: int
    bytes: int


class Counter(NamedTuple):
    """Where a sequence stands."""

    name: TableName
    last: int
    called: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """What a database is, whatever it is called in a DSN.

    Attributes:
        system: the server's own identifier (a standby has its primary's).
        database: the database's number in that server.
        name: its name, for messages.
    """

    system: int
    database: int
    name: str

    def same(self, other: "Identity") -> bool:
        """True for one and the same database, by any name."""
        return (self.system, self.database) == (other.system, other.database)


class Source(Protocol):
    """A production database, held at one moment. Reads only."""

    @property
    def identity(self) -> Identity:
        """Which database it is."""
        ...

    def schema(self) -> Schema:
        """Its tables."""
        ...

    def sizes(self) -> Mapping[TableName, Size]:
        """About how large they are."""
        ...

    def counters(self) -> Sequence[Counter]:
        """Its sequences."""
        ...

    def read(self, read: Read) -> Iterator[bytes]:
        """The rows as COPY text: whole rows, a few MiB at a time.

        Raises:
            MaskrError: as the store's failure is mapped; never with a value in it.
        """
        ...

    def definition(self, section: str) -> str:
        """SQL that makes the schema: of what comes before the rows (``pre-data``) or after."""
        ...


class Sink(Protocol):
    """A staging database, being filled in one transaction."""

    @property
    def identity(self) -> Identity:
        """Which database it is."""
        ...

    def prepare(self, source: Source, schema: Schema, tables: Sequence[TableName]) -> None:
        """Makes ``tables`` ready for the rows: there, empty, and in nobody's way.

        ``schema`` is all of the source's; tables of it that are not named keep their rows.
        """
        ...

    def load(
        self, table: TableName, columns: Sequence[str]
    ) -> AbstractContextManager[Callable[[bytes], None]]:
        """A function that takes COPY text of whole rows; leaving the block ends the table.

        Raises:
            MaskrError: the rows do not fit.
        """
        ...

    def finish(self, counters: Sequence[Counter]) -> None:
        """Sets the sequences, puts back the constraints, commits."""
        ...
