"""Decides which of a policy's rules a column gets, and tells the way that led there.

Precedence, the first that speaks of the column wins: the table's own entry; the globs on tables
that name it; the patterns under ``columns``. Within each a name goes before a glob, and a glob that
states more characters before one that states fewer; of equals the one written last.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from maskr.errors import Place
from maskr.model import TableName
from maskr.policy import names
from maskr.policy.model import Entry, Policy, Rule, TableRules
from maskr.policy.rules import lineage

T = TypeVar("T")
_Matcher = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way to a decision, in words; no place where a database says so."""

    text: str
    place: Place | None

    def __str__(self) -> str:
        """The words, and where they stand."""
        return f"{self.text} ({self.place})" if self.place else self.text


@dataclass(frozen=True, slots=True)
class Decision:
    """The rule of one column, and the way that led to it, from the table to the masker.

    ``exact`` is True where a table's entry calls the column by its name.
    """

    rule: Rule
    via: tuple[Step, ...]
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows of a table are copied.

    Attributes:
        rows: ``all``, ``none``, a count, or a share such as ``"5%"``.
        where: a boolean SQL expression, or None.
        reason: why, if the policy says so.
        places: where each of them is stated.
    """

    rows: str | int = "all"
    where: str | None = None
    reason: str | None = None
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Columns:
    """One table entry's columns: names at once, globs in the order in which they win."""

    rules: TableRules
    step: Step
    exact: Mapping[str, Entry]
    globs: tuple[tuple[_Matcher, Entry], ...]

    def find(self, column: str) -> Entry | None:
        found = self.exact.get(column)
        if found is not None:
            return found
        return next((entry for matches, entry in self.globs if matches(column)), None)


@dataclass(frozen=True, slots=True)
class _Shared:
    """One pattern under ``columns``; ``rank`` is greater where it wins."""

    schema: _Matcher
    table: _Matcher
    rank: tuple[bool, int, int]
    entry: Entry


_Glob = tuple[_Matcher, _Matcher, _Columns]  # schema, table, what is said of them


class Effective:
    """A policy made ready to answer for any table; build it once and ask it often."""

    def __init__(self, policy: Policy) -> None:
        """Compiles every pattern of the policy."""
        self._policy = policy
        self._exact: dict[TableName, _Columns] = {}
        globs: list[tuple[int, _Glob]] = []
        for rules in policy.tables:
            schema, table = names.table_parts(rules.pattern)
            if schema.exact and table.exact:
                self._exact[TableName(schema.text, table.text)] = _columns(rules)
            else:
                glob = (schema.matcher(), table.matcher(), _columns(rules))
                globs.append((schema.weight + table.weight, glob))
        self._globs = _heaviest(globs)
        self._shared_exact: dict[str, list[_Shared]] = {}
        self._shared_globs: list[tuple[_Matcher, _Shared]] = []
        for at, entry in enumerate(policy.columns):
            self._share(at, entry)
        # By column name: the same few names come back in table after table.
        self._shared: dict[str, list[_Shared]] = {}
        self._tables: dict[TableName, tuple[_Columns, ...]] = {}

    def decide(self, table: TableName, column: str) -> Decision | None:
        """What the policy says of one column; None if it says nothing."""
        for columns in self._entries(table):
            if entry := columns.find(column):
                glob = "" if column in columns.exact else "glob "
                steps = (columns.step, Step(f"column {glob}'{entry.pattern}'", entry.place))
                return self._decision(entry.rule, steps, column in columns.exact)
        for shared in self._named(column):
            if shared.table(table.table) and shared.schema(table.schema):
                entry = shared.entry
                return self._decision(
                    entry.rule, (Step(f"columns '{entry.pattern}'", entry.place),)
                )
        return None

    def rows(self, table: TableName) -> Rows:
        """Which rows are copied: each word from the most specific entry that states it."""
        values: dict[str, Any] = {}
        places: dict[str, Place] = {}
        for columns in reversed(self._entries(table)):
            rules = columns.rules
            for word in ("rows", "where", "reason"):
                if word in rules.places:
                    values[word] = getattr(rules, word)
                    places[word] = rules.places[word]
        return Rows(**values, places=places)

    def entries(self, table: TableName) -> tuple[TableRules, ...]:
        """All that is said of a table under ``tables``, the most specific first."""
        return tuple(columns.rules for columns in self._entries(table))

    def _entries(self, table: TableName) -> tuple[_Columns, ...]:
        found = self._tables.get(table)
        if found is None:
            own = self._exact.get(table)
            globs = (
                columns
                for schema, name, columns in self._globs
                if schema(table.schema) and name(table.table)
            )
            found = self._tables[table] = (own, *globs) if own else tuple(globs)
        return found

    def _share(self, at: int, entry: Entry) -> None:
        schema, table, column = names.shared_parts(entry.pattern)
        exact = all(part.exact for part in names.split(entry.pattern))
        weight = schema.weight + table.weight + column.weight
        shared = _Shared(schema.matcher(), table.matcher(), (exact, weight, at), entry)
        if column.exact:
            self._shared_exact.setdefault(column.text, []).append(shared)
        else:
            self._shared_globs.append((column.matcher(), shared))

    def _named(self, column: str) -> Sequence[_Shared]:
        """The shared patterns whose last part is this column's name, the winning first."""
        found = self._shared.get(column)
        if found is None:
            found = list(self._shared_exact.get(column, ()))
            found += [shared for matches, shared in self._shared_globs if matches(column)]
            found.sort(key=lambda shared: shared.rank, reverse=True)
            self._shared[column] = found
        return found

    def _decision(self, rule: Rule, steps: tuple[Step, ...], exact: bool = False) -> Decision:
        if rule.named is None:
            return Decision(rule, steps, exact)
        named = (Step(f"named rule '{name}'", place) for name, place in lineage(self._policy, rule))
        return Decision(rule, (*steps, *named), exact)


def _columns(rules: TableRules) -> _Columns:
    exact: dict[str, Entry] = {}
    globs: list[tuple[int, tuple[_Matcher, Entry]]] = []
    for entry in rules.columns:
        part = names.column_part(entry.pattern)
        if part.exact:
            exact[part.text] = entry
        else:
            globs.append((part.weight, (part.matcher(), entry)))
    step = Step(f"tables '{rules.pattern}'", rules.place)
    return _Columns(rules, step, exact, tuple(_heaviest(globs)))


def _heaviest(weighed: Sequence[tuple[int, T]]) -> list[T]:
    """By weight, the greatest first; of equals the last first."""
    rising = sorted(weighed, key=lambda pair: pair[0])
    return [what for _, what in reversed(rising)]
