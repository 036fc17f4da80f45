"""Checks that a mask's output fits the column it goes into."""

from collections.abc import Iterator

from maskr.checks.nested import enclosing, nested_rules
from maskr.draft import Choice, Draft
from maskr.errors import Finding, PolicyError, Severity
from maskr.maskers import ANY, registry
from maskr.model import Column, Identity, Kind
from maskr.policy.model import Rule


def wrong_kind(draft: Draft) -> Iterator[Finding]:
    """A masker does not take columns of this type.

    Its output would not be a value of the type, and the load would fail.

    Take one that does: `maskr maskers` tells the kinds that each one takes.
    """
    for choice, rule, _ in draft.ruled:
        yield from _wrong_kinds(draft, choice, rule, choice.column, ())


def _wrong_kinds(
    draft: Draft, choice: Choice, rule: Rule, column: Column, within: tuple[str, ...]
) -> Iterator[Finding]:
    """Of a rule and, where it fits, of those inside its parameters."""
    masker = registry().get(rule.mask)
    if masker is None:
        return
    if column.kind not in masker.kinds:
        fitting = [each for each in registry().values() if column.kind in each.kinds]
        special = [each for each in fitting if each.kinds != ANY]
        hint = f"for {column.kind}: {', '.join(each.name for each in special or fitting)}"
        inside = " inside" if column != choice.column else ""
        what = f"{masker.name!r} does not mask {column.type}{inside} ({choice.subject})"
        yield Finding("wrong-kind", what, hint, rule.place, subject=choice.subject)
        return
    if not draft.parsed(rule).rules:
        return
    try:
        nested = nested_rules(draft, rule, within)
    except PolicyError:
        return  # bad_nested_rule tells
    for each in nested.values():
        inner = masker.inside(column)
        yield from _wrong_kinds(draft, choice, each, inner, enclosing(rule, within))


def too_short(draft: Draft) -> Iterator[Finding]:
    """A mask's longest output does not fit the column.

    It would be cut, and a value that must be unique would no longer be, or the load would fail.

    Shorten it by its parameters (`hash` has a `length`), or take another mask. The bound is that of
    varchar(n) or char(n), and of the digits before the point in numeric(p,s).
    """
    for choice, rule, masker in draft.ruled:
        traits, column = draft.parsed(rule).traits, choice.column
        if traits is None or traits.longest is None:
            continue
        if column.kind is Kind.NUMERIC and column.precision is not None:
            # A sign and a point take no digit; what is more than digits and both cannot fit.
            scale = column.scale or 0
            room = column.precision + (1 if scale else 0) + 1
        else:
            room = column.length if column.length is not None else traits.longest
        if traits.longest > room:
            what = (
                f"{masker.name!r} gives up to {traits.longest} characters, "
                f"{choice.subject} holds {room}"
            )
            hint = "shorten it by its parameters, or take another mask"
            yield Finding("too-short", what, hint, rule.place, subject=choice.subject)


def not_null(draft: Draft) -> Iterator[Finding]:
    """`null`, or `on_invalid: null`, is the rule of a column that may hold none.

    The load would fail.

    Take another mask: `constant`, or a fake; and for what a mask cannot read `mask` or `fail`.
    """
    for choice, rule, masker in draft.ruled:
        if choice.column.nullable:
            continue
        what = f"{choice.subject} is NOT NULL"
        if masker.name == "null":
            hint, place = "take another mask", rule.place
        elif rule.on_invalid == "null":
            hint = "write on_invalid: mask, or fail"
            place = rule.places.get("on_invalid", rule.place)
        else:
            continue
        yield Finding("not-null", what, hint, place, subject=choice.subject)


def omitted_column(draft: Draft) -> Iterator[Finding]:
    """A column that is not copied, so that its DEFAULT applies, cannot do without.

    It is NOT NULL and has no default, or another rule reads or draws from it, or nothing else of
    its table is copied.

    Take another mask.
    """
    for choice, rule, masker in draft.ruled:
        if not masker.omits:
            continue
        siblings = draft.choices[choice.table].values()
        column = choice.column
        why = ""
        if not (column.nullable or column.has_default or column.identity is not Identity.NONE):
            why = "is NOT NULL and has no default"
        elif any(column.name in _wants(draft, each) for each in siblings):
            why = "is read by another rule of its table"
        elif all(each.masker is not None and each.masker.omits for each in siblings):
            why = "is left out like every other column of its table"
        if why:
            what, hint = f"{choice.subject} {why}", "take another mask"
            yield Finding("omitted-column", what, hint, rule.place, subject=choice.subject)


def _wants(draft: Draft, choice: Choice) -> set[str]:
    """The columns beside its own that a column's rule needs."""
    if choice.rule is None:
        return set()
    parsed = draft.parsed(choice.rule)
    drawn_from = [choice.rule.by] if choice.rule.by else []
    return {*parsed.reads, *parsed.originals, *drawn_from}


def masked_identity(draft: Draft) -> Iterator[Finding]:
    """A column that numbers the rows (GENERATED AS IDENTITY) would hold one number in all of them.

    Keep it: a number that the database gave says nothing of a person.
    """
    for choice, rule, masker in draft.ruled:
        if masker.name == "constant" and choice.column.identity is not Identity.NONE:
            what = f"{choice.subject} numbers the rows and cannot be constant"
            yield Finding("masked-identity", what, "keep it", rule.place, subject=choice.subject)


def check_constraint(draft: Draft) -> Iterator[Finding]:
    """A CHECK constraint, of the table or of a domain, mentions a masked column.

    maskr cannot know whether the fakes satisfy it; the load will.

    See that they do, and accept the finding on the rule's line:

        zip: {mask: redact, keep_first: 2}  # maskr: allow check-constraint -- five characters stay
    """
    for choice, rule, masker in draft.ruled:
        if masker.name == "keep":
            continue
        checks = draft.schema.tables[choice.table].checks
        speaking = [
            f"constraint {check.name}" for check in checks if choice.column.name in check.columns
        ]
        if choice.column.checked:
            speaking.append(f"a constraint of the domain {choice.column.type.removesuffix('[]')}")
        for what in speaking:
            yield Finding(
                "check-constraint",
                f"{what} speaks of {choice.subject}, which is masked",
                "see that the fakes satisfy it",
                rule.place,
                Severity.WARNING,
                choice.subject,
            )
