"""The two seams between maskr and a store: where rows come from, where they go.

One folder a store stands behind them; nothing above this floor knows which.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, Protocol

from maskr.errors import TryAgainError
from maskr.model import Across, Schema, TableName


@dataclass(frozen=True, slots=True)
class Window:
    """What is wanted of a column over all rows of the read.

    Attributes:
        names: the columns that name a row: its primary key, or else all, so that rows of one name
            are alike and may be taken for each other.
        primary: whether they are the primary key.
        salt: what the drawn order is drawn with: letters and digits, nobody's secret but staging's.
            None until the key is at hand; such a window cannot be read.
    """

    across: Across
    column: str
    names: tuple[str, ...]
    primary: bool
    salt: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """Which rows and columns of one table are wanted, and in which order.

    Attributes:
        columns: names, in the order in which the fields arrive.
        flags: SQL expressions that arrive as further fields (a condition as ``t``, ``f`` or NULL),
            and what is worked out over all rows.
        where: a boolean SQL expression that a row must satisfy.
        limit: at most so many rows, the first by ``order``.
        percent: about this share of the rows, the same ones every time.
        order: columns that name a row (its primary key), for ``limit``.
        blocks: only the rows in the table's blocks from the first on and before the second (None:
            to the end).
    """

    table: TableName
    columns: tuple[str, ...]
    flags: tuple[str | Window, ...] = ()
    where: str | None = None
    limit: int | None = None
    percent: float | None = None
    order: tuple[str, ...] = ()
    blocks: tuple[int, int | None] | None = None

    def salted(self, salt: Callable[[str], str]) -> "Read":
        """The same with a salt in every window; ``salt`` draws one for a name."""
        return replace(
            self,
            flags=tuple(
                replace(flag, salt=salt(f"{self.table}.{flag.column}"))
                if isinstance(flag, Window)
                else flag
                for flag in self.flags
            ),
        )


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


@dataclass(frozen=True, slots=True)
class Setup:
    """How a database was made.

    Attributes:
        clauses: what CREATE DATABASE was told of its encoding and its locale.
        settings: what ALTER DATABASE has set for every session in it.
        extensions: the extensions it needs.
    """

    clauses: Mapping[str, str]
    settings: Mapping[str, str]
    extensions: tuple[str, ...] = ()


class LargeObjects(StrEnum):
    """What becomes of them: nothing begins, they come over as they are, or without contents."""

    REFUSE = "refuse"
    KEEP = "keep"
    EMPTY = "empty"


class TargetLostError(TryAgainError):
    """The connection to the sink is gone, but a table may be begun again on another one."""


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

    def another(self) -> "AbstractContextManager[Source]":
        """One more session on the very same moment, for a thread of its own."""
        ...

    def parts(self, read: Read, most: int) -> Sequence[Read]:
        """At most so many reads of about one size, which together give the rows of this one.

        It stays whole where it is too small to be worth it, or cannot be divided.
        """
        ...

    def read(self, read: Read) -> Iterator[bytes]:
        """The rows as COPY text: whole rows, a few MiB at a time.

        Raises:
            MaskrError: as the store's failure is mapped; never with a value in it.
        """
        ...

    def cancel(self) -> None:
        """Breaks off the read that another thread is waiting for: it raises there."""
        ...

    def definition(self, section: str) -> str:
        """SQL that makes the schema: of what comes before the rows (``pre-data``) or after."""
        ...

    def setup(self) -> Setup:
        """How the database itself was made."""
        ...

    def left_out(self) -> Sequence[str]:
        """What of it no run ever brings to staging, a line each."""
        ...

    def large_objects(self) -> Sequence[int]:
        """The numbers of its large objects."""
        ...

    def large_object(self, number: int) -> Iterator[bytes]:
        """What a large object holds, a few MiB at a time."""
        ...


class Sink(Protocol):
    """A staging database, being filled: as it was until `finish` has come to its end."""

    @property
    def identity(self) -> Identity:
        """Which database it is."""
        ...

    @property
    def parallel(self) -> bool:
        """True where several loads may go on at a time, each in a thread of its own."""
        ...

    @property
    def pauses(self) -> Sequence[float]:
        """Seconds to wait before each new try of a table that met `TargetLostError`."""
        ...

    @property
    def left_out(self) -> Sequence[str]:
        """What of production it did not take, a line each; whole once `finish` has ended."""
        ...

    def prepare(self, source: Source, schema: Schema, tables: Sequence[TableName]) -> None:
        """Makes ``tables`` ready for the rows: there, empty, and in nobody's way.

        ``schema`` is all of the source's; tables of it that are not named keep their rows.
        """
        ...

    def load(
        self, table: TableName, columns: Sequence[str], part: int | None = None
    ) -> AbstractContextManager[Callable[[bytes], None]]:
        """A function that takes COPY text of whole rows; leaving the block ends the load.

        Args:
            table: what is filled.
            columns: the fields of a row, in order.
            part: which of several loads of this table it is; None where it is the only one.

        Raises:
            MaskrError: the rows do not fit.
            TargetLostError: the connection is gone; the same rows may be loaded anew.
        """
        ...

    def cancel(self) -> None:
        """Breaks off, from another thread, whatever is being written."""
        ...

    def finish(self, counters: Sequence[Counter]) -> None:
        """Sets the sequences, makes the constraints, and only then shows staging what it has."""
        ...
