"""What staging must satisfy after a run: complete, joined, no column of originals in it.

Questions are put to both databases; what comes back are counts and digests. A staging is held
against the production it was made from: where that has gone on since, the counts differ.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from maskr.db import Read
from maskr.errors import Finding
from maskr.maskers import registry
from maskr.model import ForeignKey, Kind, Schema, Table, TableName, differences
from maskr.plan import Plan, Step, TablePlan
from maskr.policy import Policy

#: Digests of a column that are compared: 100,000 of 33 bytes and what Python adds are some 15 MB,
#: and a thousandth of such a sample is still a hundred rows.
MOST = 100_000

# A fake that is drawn from another column, or is no text, may happen to equal the original: one in
# twenty does where a pool has twenty words. In the rows of a column that was copied all of them do.
_UNCHANGED = 0.05
# A permutation leaves one value of its domain where it is, on average; more than ten once in a
# hundred million columns (the tail of Poisson's distribution at a mean of 1).
_FIXED_POINTS = 10
# Without a key that names the rows, only the sets of values can be compared. Two sets of real
# names meet in part; a column that was copied, or shuffled, meets itself.
_FOUND_AGAIN = 0.5
_TELLING = 20  # fewer distinct values than this say nothing of a person


class Evidence(Protocol):
    """A database that answers questions about itself."""

    def schema(self) -> Schema:
        """Its tables."""
        ...

    def count(self, read: Read) -> int:
        """How many rows a read would give."""
        ...

    def orphans(self, table: Table, key: ForeignKey) -> int:
        """How many rows name one that is not there."""
        ...

    def digests(self, table: Table, key: Sequence[str], column: str, most: int) -> list[bytes]:
        """The smallest digests of what a column holds in the rows that ``key`` names."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, and how much was looked at.

    Attributes:
        tables, keys, columns: how many of them were compared.
    """

    findings: tuple[Finding, ...]
    tables: int
    keys: int
    columns: int


def verify(plan: Plan, policy: Policy, source: Evidence, target: Evidence) -> Verdict:
    """Compares staging with production. Reads only.

    Args:
        plan: of the policy and the source's schema.
        policy: for the references that no schema declares.
        source: production, as it was when staging was made.
        target: staging.
    """
    drift = differences(plan.schema, target.schema())
    if drift:  # what follows asks for tables and columns that may not be there
        hint = "run `maskr run` again, or staging's migrations"
        return Verdict(tuple(Finding("other-schema", what, hint) for what in drift), 0, 0, 0)
    read = [table for table in plan.tables if table.read is not None]
    keys = [*_declared(plan), *_told(plan, policy)]
    masked = [(table, step) for table in read for step in table.steps if _must_differ(step)]
    findings = (
        *_missing_rows(plan, source, target),
        *_orphans(keys, source, target),
        *(found for table, step in masked for found in _originals(table, step, source, target)),
    )
    return Verdict(findings, len(plan.tables), len(keys), len(masked))


def _missing_rows(plan: Plan, source: Evidence, target: Evidence) -> Iterator[Finding]:
    for table in plan.tables:
        wanted = source.count(table.read) if table.read is not None else 0
        found = target.count(Read(table.name, ()))
        if found != wanted:
            yield Finding(
                "other-count",
                f"{table.name} has {found} rows and production {wanted}",
                "run `maskr run` again; production may have gone on since",
                subject=str(table.name),
            )


def _declared(plan: Plan) -> Iterator[tuple[Table, ForeignKey]]:
    for _, table in sorted(plan.schema.tables.items()):
        yield from ((table, key) for key in table.foreign_keys)


def _told(plan: Plan, policy: Policy) -> Iterator[tuple[Table, ForeignKey]]:
    """The policy's references, as if the schema had declared them."""
    for reference in policy.references:
        *ours, column = reference.source
        *theirs, referenced = reference.target
        table = plan.schema.tables[TableName(*ours)]
        name = f"reference {column} -> {TableName(*theirs)}.{referenced}"
        yield table, ForeignKey(name, (column,), TableName(*theirs), (referenced,))


def _orphans(
    keys: Sequence[tuple[Table, ForeignKey]], source: Evidence, target: Evidence
) -> Iterator[Finding]:
    for table, key in keys:
        found = target.orphans(table, key)
        # What dangles in production may dangle in staging: a key not valid, or not declared.
        if found and found > (before := source.orphans(table, key)):
            yield Finding(
                "lost-join",
                f"{found} rows of {table.name} name no row by {key.name}, {before} in production",
                "both sides need one rule, and the same rows",
                subject=str(table.name),
            )


def _must_differ(step: Step) -> bool:
    """Whether a row that holds its original is one too many."""
    traits = registry()[step.masker].traits(**step.params)
    spared = traits.keeps or traits.coincides or step.nested or step.on_invalid == "keep"
    return not spared and step.flag is None


def _originals(
    table: TablePlan, step: Step, source: Evidence, target: Evidence
) -> Iterator[Finding]:
    name, subject = step.column.name, f"{table.name}.{step.column.name}"
    various = len(target.digests(table.table, (), name, _TELLING))
    if various < 2:
        return  # one value for everybody tells nothing of anybody
    masked = {each.column.name for each in table.steps}
    order = table.read.order if table.read is not None else ()
    key = () if masked & set(order) else order
    before, after = _comparable(
        source.digests(table.table, key, name, MOST), target.digests(table.table, key, name, MOST)
    )
    again = len(before & after)
    chance = _by_chance(step, len(after)) if various == _TELLING else _alike(len(after))
    if key and again > chance:
        what = f"{again} of {len(after)} rows of {subject} still hold their original"
    elif _tells_as_set(step, key, before) and again > len(before) * _FOUND_AGAIN:
        what = f"{again} of {len(before)} originals of {subject} are found in staging"
    else:
        return
    hint = "was staging filled by this policy? run `maskr run` again"
    yield Finding("original-found", what, hint, step.place, subject=subject)


def _by_chance(step: Step, rows: int) -> float:
    """In how many of so many rows a fake may equal the original that it hides."""
    traits, column = registry()[step.masker].traits(**step.params), step.column
    if traits.unique:
        return _FIXED_POINTS if traits.reversible else 0
    # Such a fake is drawn anew (`kernel`), but as text, and before it is cut to its column: two
    # numbers may be written in two ways.
    whole = column.length is None or (traits.longest or column.length + 1) <= column.length
    if column.kind is Kind.TEXT and step.by is None and whole:
        return 0
    return _alike(rows)


def _alike(rows: int) -> float:
    return 1 + rows * _UNCHANGED


def _tells_as_set(step: Step, key: Sequence[str], before: set[bytes]) -> bool:
    """Whether the set of values, without the rows, says whether they were masked.

    What is encrypted within its own domain may be the same set before and after.
    """
    reversible = registry()[step.masker].traits(**step.params).reversible
    return not key and not reversible and len(before) >= _TELLING


def _comparable(before: list[bytes], after: list[bytes]) -> tuple[set[bytes], set[bytes]]:
    """Both cut where the shorter of two samples ends, so that neither is ahead of the other."""
    ends = [digests[-1] for digests in (before, after) if len(digests) == MOST]
    if not ends:
        return set(before), set(after)
    end = min(ends)
    return {each for each in before if each <= end}, {each for each in after if each <= end}
