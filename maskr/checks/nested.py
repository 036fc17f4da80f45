"""The rules that stand inside a rule's parameters, such as those of a JSON document's paths."""

from collections.abc import Iterator, Mapping

from maskr.draft import Draft
from maskr.errors import Place, PolicyError
from maskr.policy import places_below, resolve
from maskr.policy.model import Rule


def nested_rules(draft: Draft, rule: Rule, within: tuple[str, ...] = ()) -> Mapping[str, Rule]:
    """The rules inside a rule's parameters, by where; empty where the parameters are bad.

    Args:
        draft: knows the policy.
        rule: whose parameters are looked into.
        within: the named rules around it, the innermost last.

    Raises:
        PolicyError: one of them cannot be read as a rule, or leads back to one around it.
    """
    return {
        where: resolve(
            draft.policy,
            said,
            rule.places.get(where, rule.place),
            places=places_below(rule, where),
            within=enclosing(rule, within),
        )
        for where, said in draft.parsed(rule).rules.items()
    }


def enclosing(rule: Rule, within: tuple[str, ...]) -> tuple[str, ...]:
    """The named rules around what stands inside ``rule``, the innermost last."""
    return (*within, rule.named[0]) if rule.named else within


def with_nested(draft: Draft, rule: Rule, within: tuple[str, ...] = ()) -> Iterator[Rule]:
    """A rule and all those inside it; of what cannot be read as a rule, nothing."""
    yield rule
    try:
        nested = nested_rules(draft, rule, within)
    except PolicyError:
        return  # bad_nested_rule tells
    for inner in nested.values():
        yield from with_nested(draft, inner, enclosing(rule, within))


def all_rules(draft: Draft) -> Iterator[tuple[Rule, str]]:
    """Every rule of the policy, used or not, and those inside; each once, with whom it is for."""
    policy = draft.policy
    rules = [entry.rule for entry in (*policy.rules.values(), *policy.columns)]
    rules += [entry.rule for table in policy.tables for entry in table.columns]
    subjects = {choice.rule.place: choice.subject for choice in draft.all() if choice.rule}
    seen: set[Place] = set()
    for rule in rules:
        if rule.place not in seen:
            seen.add(rule.place)
            for each in with_nested(draft, rule):
                yield each, subjects.get(each.place, subjects.get(rule.place, ""))


def needs_its_row(draft: Draft, rule: Rule) -> str:
    """What of its row a rule needs beside the value itself, in a word; empty where nothing."""
    if rule.by:
        return "by"
    if rule.when:
        return "when"
    parsed = draft.parsed(rule)
    return "other columns" if parsed.reads or parsed.originals or parsed.fields else ""
