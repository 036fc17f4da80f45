"""The rules that stand inside a rule's parameters, such as those of a JSON document's paths."""

from collections.abc import Iterator, Mapping

from maskr.draft import Draft
from maskr.errors import Finding, PolicyError
from maskr.maskers import registry
from maskr.policy import Policy, places_below, resolve
from maskr.policy.model import Rule


def nested_rules(draft: Draft, rule: Rule, within: tuple[str, ...] = ()) -> Mapping[str, Rule]:
    """The rules inside a rule's parameters, by where; empty where the parameters are bad.

    Args:
        draft: knows the policy.
        rule: whose parameters are looked into.
        within: the named rules around it, the innermost last.

    Raises:
        PolicyError: some of them cannot be read as a rule, or lead back to one around them.
    """
    found: dict[str, Rule] = {}
    findings: list[Finding] = []
    for where, said in draft.parsed(rule).rules.items():
        place, places = rule.places.get(where, rule.place), places_below(rule, where)
        around = enclosing(rule, within)
        try:
            found[where] = resolve(draft.policy, said, place, places=places, within=around)
        except PolicyError as error:
            findings += error.findings
    if findings:
        raise PolicyError(tuple(findings))
    return found


def enclosing(rule: Rule, within: tuple[str, ...]) -> tuple[str, ...]:
    """The named rules around what stands inside ``rule``, the innermost last."""
    return (*within, rule.named[0]) if rule.named else within


def with_nested(draft: Draft, rule: Rule, within: tuple[str, ...] = ()) -> Iterator[Rule]:
    """A rule and all those inside it; of what cannot be read as a rule, nothing."""
    yield rule
    if not draft.parsed(rule).rules:
        return
    try:
        nested = nested_rules(draft, rule, within)
    except PolicyError:
        return  # bad_nested_rule tells
    for inner in nested.values():
        yield from with_nested(draft, inner, enclosing(rule, within))


def written(policy: Policy) -> Iterator[Rule]:
    """Every rule as it stands in the policy, used or not."""
    for entry in (*policy.rules.values(), *policy.columns):
        yield entry.rule
    for table in policy.tables:
        for entry in table.columns:
            yield entry.rule


def all_rules(draft: Draft) -> Iterator[tuple[Rule, Rule]]:
    """Every rule of the policy and those inside, each with the one it stands in."""
    for rule in written(draft.policy):
        if not draft.parsed(rule).rules:  # nearly all of them
            yield rule, rule
            continue
        for each in with_nested(draft, rule):
            yield each, rule


def subject(draft: Draft, rule: Rule, outer: Rule) -> str:
    """The column that a rule, or the one it stands in, is for; empty where none follows it."""
    return draft.subjects.get(rule.place) or draft.subjects.get(outer.place, "")


def needs_its_row(draft: Draft, rule: Rule) -> str:
    """What of its row a rule needs beside the value itself, in a word; empty where nothing."""
    if rule.by:
        return "by"
    if rule.when:
        return "when"
    masker = registry().get(rule.mask)
    if masker is not None and masker.across is not None:
        return "other rows"
    parsed = draft.parsed(rule)
    return "other columns" if parsed.reads or parsed.originals or parsed.fields else ""
