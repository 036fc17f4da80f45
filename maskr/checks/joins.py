"""Checks that keys stay keys: unique columns unique, both sides of a join alike."""

from collections.abc import Iterator, Mapping

from maskr.checks.nested import needs_its_row
from maskr.draft import Choice, Draft
from maskr.errors import Finding, Severity
from maskr.maskers import Masker, Traits
from maskr.model import Relation, TableName
from maskr.policy.model import Rule


def lost_uniqueness(draft: Draft) -> Iterator[Finding]:
    """A unique column has a mask that may give two values one fake.

    The load would fail, at best. Where another column of the key is kept, that one may tell the
    rows apart by itself: then it is a warning.

    Take a mask that cannot collide: `maskr maskers` says which ones are unique, and with which
    parameters (`hash` from 24 digits on, `email`, `template` with `{hash:24}`). With `by` or
    `normalise` none is; with `when` a permutation is not, since its fakes look like what is kept.
    """
    for choice, rule, masker in draft.ruled:
        uniques = [
            unique
            for unique in draft.schema.tables[choice.table].uniques
            if choice.column.name in unique.columns
        ]
        if not uniques or _cannot_collide(draft, choice, rule, masker):
            continue
        for unique in uniques:
            others = [name for name in unique.columns if name != choice.column.name]
            kept = any(_is_kept(draft, choice.table, name) for name in others)
            what = f"{masker.name!r} may give two rows of {choice.table} one {unique.name}"
            hint = "take a mask that is unique (`maskr maskers` says which)"
            severity = Severity.WARNING if kept else Severity.ERROR
            yield Finding("lost-uniqueness", what, hint, rule.place, severity, choice.subject)


def _cannot_collide(draft: Draft, choice: Choice, rule: Rule, masker: Masker) -> bool:
    partitioned = draft.schema.tables[choice.table].relation is Relation.PARTITIONED
    if masker.across is not None and (partitioned or rule.when is not None):
        return False  # each partition is numbered by itself, and a number meets what `when` keeps
    traits = draft.parsed(rule).traits
    # NULLs are no duplicates of each other; a NOT NULL column has its own check.
    return traits is None or masker.name == "null" or stays_unique(rule, traits)


def stays_unique(rule: Rule, traits: Traits) -> bool:
    """Whether distinct values in give distinct values out, with all that the rule says."""
    if rule.by is not None or rule.normalise:
        return False
    # A permutation's fakes are of the same domain as the values of the rows that are kept.
    return traits.unique and not (rule.when is not None and traits.reversible)


def _is_kept(draft: Draft, table: TableName, column: str) -> bool:
    other = draft.choice((table, column))
    return other is not None and other.rule is not None and other.rule.mask == "keep"


def split_foreign_key(draft: Draft) -> Iterator[Finding]:
    """The two sides of a join have different rules, or one that needs more than the value itself.

    The join would not hold in staging: one value becomes two fakes.

    Delete the rule of the referencing column: it follows the referenced one without being told. A
    key's rule must not use `by`, `when` or other columns, which the other side does not have.
    """
    for link in draft.links:
        here, there = draft.choice(link.column), draft.choice(link.target)
        if here is None or there is None or here.rule is None or there.rule is None:
            continue
        if link.column == link.target:
            continue
        if not same_output(draft, here.rule, there.rule):
            yield Finding(
                "split-foreign-key",
                f"{here.subject} and {there.subject} are one key ({link.name}) with two rules",
                f"delete this rule: it follows {there.subject}",
                here.rule.place,
                subject=here.subject,
            )
        elif why := needs_its_row(draft, here.rule):
            yield Finding(
                "split-foreign-key",
                f"the key {there.subject} is masked with {why}, which {here.subject} cannot repeat",
                "mask a key by its value alone",
                there.rule.place,
                subject=there.subject,
            )


def same_output(draft: Draft, one: Rule, other: Rule) -> bool:
    """True where two rules give the same value the same fake."""
    return one is other or essence(draft, one) == essence(draft, other)


def essence(draft: Draft, rule: Rule) -> tuple[object, ...]:
    """All of a rule that has a say in what comes out, defaults filled in."""
    parsed = draft.parsed(rule)
    parameters = dict(rule.params) if parsed.traits is None else parsed.parameters
    said = sorted(parameters.items(), key=lambda item: item[0])
    return rule.mask, said, rule.namespace, rule.by, rule.when, rule.normalise, rule.on_invalid


def missing_parent(draft: Draft) -> Iterator[Finding]:
    """Rows are copied that reference a table whose rows are not.

    The foreign key could not hold.

    Copy the referenced rows too, or leave these out, or set the key to `null`.
    """
    for name, table in draft.schema.tables.items():
        for key in table.foreign_keys:
            root, parent = draft.schema.root(name), draft.schema.root(key.references)
            if root not in draft.choices or parent in draft.choices:
                continue
            choices = [draft.choice((root, column)) for column in key.columns]
            if any(each and each.rule and each.rule.mask == "null" for each in choices):
                continue
            place = draft.effective.rows(key.references).places.get("rows")
            what = f"{name} references {key.references} ({key.name}), whose rows are not copied"
            hint = f"leave out the rows of {name} too, or give {key.columns[0]} the mask null"
            yield Finding("missing-parent", what, hint, place, subject=str(name))


def circular_read(draft: Draft) -> Iterator[Finding]:
    """Columns are composed from each other's masked values, in a circle.

    Neither could be made before the other.

    Break the circle: compose one of them from other columns, or of none.
    """
    for columns in draft.choices.values():
        reads = {
            column: reads
            for column, choice in columns.items()
            if choice.rule is not None and (reads := draft.parsed(choice.rule).reads)
        }
        for column in reads:
            if _reaches(reads, column, column):
                choice = columns[column]
                place = choice.rule.place if choice.rule else None
                what = f"{choice.subject} is composed from itself"
                yield Finding(
                    "circular-read", what, "break the circle", place, subject=choice.subject
                )


def _reaches(reads: Mapping[str, tuple[str, ...]], start: str, goal: str) -> bool:
    seen: set[str] = set()
    ahead = list(reads.get(start, ()))
    while ahead:
        column = ahead.pop()
        if column == goal:
            return True
        if column not in seen:
            seen.add(column)
            ahead += reads.get(column, ())
    return False
