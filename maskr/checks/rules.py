"""Checks that what is written can be carried out at all, whatever the schema."""

from collections.abc import Callable, Iterator

from maskr.checks.nested import all_rules, needs_its_row, nested_rules, subject
from maskr.draft import Draft
from maskr.errors import Finding, Place, PolicyError
from maskr.maskers import BadParameter, registry
from maskr.model import Table
from maskr.policy.mistakes import closest
from maskr.policy.model import Rule
from maskr.sql import PredicateError, expression, predicate


def unknown_masker(draft: Draft) -> Iterator[Finding]:
    """A rule names a masker, or a named rule, that does not exist.

    Correct the name: `maskr maskers` lists the maskers, the policy's `rules:` the named rules.
    """
    known = {*registry(), *draft.policy.rules}
    for rule, outer in all_rules(draft):
        if rule.mask not in registry():
            hint = closest(rule.mask, known) or "`maskr maskers` lists them"
            place = rule.places.get("mask", rule.place)
            what = f"no masker {rule.mask!r}"
            yield Finding("unknown-masker", what, hint, place, subject=subject(draft, rule, outer))


def bad_parameter(draft: Draft) -> Iterator[Finding]:
    """A masker cannot take a parameter: unknown, missing, of the wrong type or out of range.

    `maskr maskers NAME` shows a masker's parameters with an example.
    """
    for rule, outer in all_rules(draft):
        told: dict[tuple[Place, str], list[BadParameter]] = {}
        for bad in draft.parsed(rule).bad:
            key = _place_of(rule, bad), bad.name.partition(".")[0]
            told.setdefault(key, []).append(bad)
        for (place, _), each in told.items():
            of = subject(draft, rule, outer)
            yield Finding("bad-parameter", _together(each), each[0].hint, place, subject=of)


def _together(bad: list[BadParameter]) -> str:
    """In one line what is wrong with one value: each kind that it may be has a complaint."""
    first, *others = dict.fromkeys(each.what for each in bad)
    return " or ".join([first, *(each.rpartition(" ")[2] for each in others)])


def _place_of(rule: Rule, bad: BadParameter) -> Place:
    """Where the nearest thing written stands: ``paths.$.a``, else ``paths``, else the rule."""
    parts = bad.name.split(".")
    written = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((rule.places[name] for name in written if name in rule.places), rule.place)


def bad_nested_rule(draft: Draft) -> Iterator[Finding]:
    """What stands inside a parameter in a rule's place is no rule, or one that needs a row.

    What stands inside a value has no columns beside it: `by`, `when` and maskers that read other
    columns are for the column itself.

    Draw it from the value itself. What is wrong with it as a rule is said under its own code.
    """
    for rule, outer in all_rules(draft):
        if not draft.parsed(rule).rules:
            continue
        try:
            inner = nested_rules(draft, rule)
        except PolicyError as error:
            yield from error.findings
            continue
        for each in inner.values():
            if why := needs_its_row(draft, each):
                what = f"a rule inside a parameter of {rule.mask!r} cannot use {why}"
                hint = "draw it from the value itself"
                of = subject(draft, rule, outer)
                yield Finding("bad-nested-rule", what, hint, each.place, subject=of)


def unsafe_predicate(draft: Draft) -> Iterator[Finding]:
    """A `when`, `where` or SQL expression is more than one expression over the table's own columns.

    PostgreSQL evaluates it on production: there is no place for a sub-select, a second statement,
    a function that is volatile or has side effects, or one that nobody vetted.

    Compare the row's own columns with values; for anything else, a generated column of the table.
    """
    for choice, rule, _ in draft.ruled:
        if choice.link is not None:
            continue  # of the column it follows this is said once; split_foreign_key tells more
        table, of = draft.schema.tables[choice.table], choice.subject
        if rule.when is not None:
            place = rule.places.get("when", rule.place)
            yield from _refusals(predicate, rule.when, table, place, of)
        for text in draft.parsed(rule).fields:
            place = rule.places.get("expression", rule.place)
            yield from _refusals(expression, text, table, place, of)
    for name, table in draft.schema.tables.items():
        rows = draft.effective.rows(name)
        if rows.where is not None:
            yield from _refusals(predicate, rows.where, table, rows.places["where"], str(name))


def _refusals(
    vet: Callable[..., object], text: str, table: Table, place: Place, of: str
) -> Iterator[Finding]:
    try:
        vet(text, [column.name for column in table.columns], table.name.table)
    except PredicateError as error:
        for problem in error.problems:
            yield Finding(problem.code, problem.what, problem.hint, place, subject=of)
