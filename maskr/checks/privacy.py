"""Checks of judgement: what may be in order, but somebody should say that it is."""

from collections.abc import Iterator

from maskr.checks.joins import essence
from maskr.draft import Choice, Draft
from maskr.errors import Finding, Severity
from maskr.model import Column, Kind
from maskr.pii import catalogue
from maskr.policy.model import Rule

# Characters that a code column commonly draws from: capital letters and digits.
_ALPHABET = 36
_LONGEST_CODE = 5  # characters: 36**5 is 60 million, beyond any masker's smallest domain
_DAYS_OF_A_CENTURY = 36_525


def kept_looks_personal(draft: Draft) -> Iterator[Finding]:
    """A kept column is called like one that holds personal data.

    The names, in several languages, stand in maskr's rules/pii.yaml.

    Mask it, or say why it is kept:

        country: {mask: keep, reason: "two letters, needed for tax tests"}
    """
    for choice, rule, masker in draft.ruled:
        if masker.name != "keep" or rule.reason is not None:
            continue
        column = choice.column
        kind = column.element if column.element is not None else column.kind
        entry = catalogue().by_name(choice.table.table, column.name, kind)
        if entry is not None and entry.check:
            yield Finding(
                "kept-looks-personal",
                f"{choice.subject} is kept and looks like {entry.name}: {entry.why}",
                "mask it, or give a reason",
                rule.place,
                Severity.WARNING,
                choice.subject,
            )


def small_domain(draft: Draft) -> Iterator[Finding]:
    """A mask that is drawn from the value stands on a column that holds few different ones.

    Each value has one fake, so that the fakes are as frequent as the values were: whoever knows
    how common each label, code or day is reads the fakes back, and the holder of the key only has
    to try them all.

    Draw it `by` another column of the row, take `constant` or `null`, or keep it if it tells
    nothing. `maskr maskers` states the smallest safe domain of a masker.
    """
    for choice, rule, masker in draft.ruled:
        traits = draft.parsed(rule).traits
        if traits is None or masker.name == "keep" or rule.by is not None:
            continue
        if choice.column.kind not in masker.kinds or _each_once(draft, choice):
            continue
        size = _domain(choice.column)
        if size is not None and size < traits.smallest_domain:
            yield Finding(
                "small-domain",
                f"{choice.subject} ({choice.column.type}) holds at most {size:,} values, "
                f"{masker.name!r} wants {traits.smallest_domain:,}",
                "draw it by another column, or take constant or null",
                rule.place,
                Severity.WARNING,
                choice.subject,
            )


def _each_once(draft: Draft, choice: Choice) -> bool:
    """Whether no value comes twice, so that there is nothing to count."""
    uniques = draft.schema.tables[choice.table].uniques
    return any(each.exact and each.columns == (choice.column.name,) for each in uniques)


def _domain(column: Column) -> int | None:
    """How many values the type lets the column hold; None where that is too many to try."""
    if column.kind is Kind.BOOLEAN:
        return 2
    if column.kind is Kind.ENUM:
        return len(column.labels)
    if column.kind is Kind.DATE:
        return _DAYS_OF_A_CENTURY
    if column.type == "smallint":
        return 2**16
    if column.kind is Kind.NUMERIC and column.precision is not None:
        return int(10**column.precision)
    if column.kind is Kind.TEXT and column.length is not None and column.length <= _LONGEST_CODE:
        return int(_ALPHABET**column.length)
    return None


def weak_linkage(draft: Draft) -> Iterator[Finding]:
    """Columns that look unlinkable are drawn from one namespace, or show one another.

    Two columns of one name have the same masker with other parameters: to a reader they do not
    join, but both are drawn from the value under one key, and the shorter fake is a part of the
    longer. Or a column with a `namespace` of its own shows the fake of a column outside of it.

    Give the column a `namespace` of its own, or say that they belong together (one named rule, a
    line under `references`).
    """
    first: dict[tuple[str, str, str | None], Choice] = {}
    for choice, rule, masker in draft.ruled:
        traits = draft.parsed(rule).traits
        if traits is None or masker.name == "keep":
            continue
        yield from _shown(draft, choice, rule)
        if not (traits.unique and traits.repeatable) or rule.by or choice.link:
            continue
        other = first.setdefault((choice.column.name, masker.name, rule.namespace), choice)
        if other.rule is not None and essence(draft, other.rule) != essence(draft, rule):
            yield _weak(
                choice,
                rule,
                f"{choice.subject} and {other.subject} differ in their parameters, but both are "
                f"drawn from the value in {_named(rule.namespace)}",
            )


def _shown(draft: Draft, choice: Choice, rule: Rule) -> Iterator[Finding]:
    if rule.namespace is None:
        return
    for name in draft.parsed(rule).reads:
        other = draft.choice((choice.table, name))
        if other is not None and other.rule is not None and other.rule.namespace != rule.namespace:
            yield _weak(
                choice,
                rule,
                f"{choice.subject} is drawn in {_named(rule.namespace)}, but shows "
                f"{other.column.name}, which is of {_named(other.rule.namespace)}",
            )


def _named(namespace: str | None) -> str:
    return "the common namespace" if namespace is None else f"namespace {namespace!r}"


def _weak(choice: Choice, rule: Rule, what: str) -> Finding:
    hint = "give each a namespace of its own, or one rule to both"
    return Finding("weak-linkage", what, hint, rule.place, Severity.WARNING, choice.subject)
