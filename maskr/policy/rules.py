"""Looks named rules up: what a rule says in the end, and through which names it came.

Which maskers exist is not known here: a name that is no named rule is taken for a masker's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from maskr.errors import Finding, Place, PolicyError
from maskr.policy import mistakes
from maskr.policy.grammar import RuleKeys, RuleSpec
from maskr.policy.model import Entry, Policy, Rule
from maskr.policy.tree import Path

_COMMON = RuleKeys.model_fields.keys() - {"mask"}

_TOLD = 10  # names of a circle: a longer one is understood without the rest


@dataclass(frozen=True, slots=True)
class Written:
    """A rule as it stands in a file, its name not yet looked up.

    Attributes:
        mask: a masker's or a named rule's name.
        place: where it stands; no part of what it says, so not compared.
        params: the parameters it states.
        common: the keys that every masker takes, those it states.
        places: where each of them stands.
    """

    mask: str
    place: Place = field(compare=False)
    params: Mapping[str, object] = field(default_factory=dict)
    common: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)


def write(spec: RuleSpec, place: Place, places: Mapping[str, Place]) -> Written:
    """What a valid rule states; ``places`` by key, and by dotted path below it."""
    said = spec.root
    if not isinstance(said, RuleKeys):
        return Written(said or "null", place)
    common: dict[str, Any] = {key: getattr(said, key) for key in _COMMON & said.model_fields_set}
    if "normalise" in common:
        steps = common["normalise"]
        common["normalise"] = (steps,) if isinstance(steps, str) else tuple(steps)
    return Written(said.mask, place, dict(said.model_extra or {}), common, places)


def settle(written: Written, named: Mapping[str, Entry], within: str | None = None) -> Rule:
    """The rule that ``written`` is: taken from a named rule and changed, or a masker's own.

    ``within`` is the named rule being defined: in there its own name means the masker.
    """
    base = named.get(written.mask) if written.mask != within else None
    if base is None:
        return Rule(written.mask, written.place, written.params, written.places, **written.common)
    rule = base.rule
    return replace(
        rule,
        place=written.place,
        params={**rule.params, **written.params} if written.params else rule.params,
        places={**rule.places, **written.places} if written.places else rule.places,
        named=(base.pattern, base.place),
        **written.common,
    )


def settle_named(
    written: Mapping[str, tuple[Place, Written]],
) -> tuple[dict[str, Entry], list[Finding]]:
    """All named rules, each after those it is made from; one finding for each circle of them."""
    done: dict[str, Entry] = {}
    findings: list[Finding] = []
    for start in written:
        chain: dict[str, None] = {}  # a list that knows at once what it holds
        name = last = start
        while name in written and name not in done and name not in chain:
            chain[name] = None
            last, name = name, written[name][1].mask
        # The last one naming itself is no circle: it means the masker of its name.
        if name in chain and name != last:
            names = list(chain)
            circle = [*names[names.index(name) :], name]
            findings.append(_circle(circle, written[name][1].place))
        for link in reversed(chain):
            place, rule = written[link]
            done[link] = Entry(link, place, settle(rule, done, within=link))
    return {name: done[name] for name in written}, findings


def lineage(policy: Policy, rule: Rule) -> tuple[tuple[str, Place], ...]:
    """The named rules that a rule came through, the nearest first."""
    steps: list[tuple[str, Place]] = []
    while rule.named is not None:
        steps.append(rule.named)
        rule = policy.rules[rule.named[0]].rule
    return tuple(steps)


def resolve(
    policy: Policy,
    value: object,
    place: Place,
    *,
    places: Mapping[str, Place] | None = None,
    within: Sequence[str] = (),
) -> Rule:
    """The rule that stands in a parameter, such as a JSON path's: a name, a mapping, or None.

    Args:
        policy: knows the named rules.
        value: the parameter's value as YAML gave it.
        place: where it stands.
        places: where its own keys stand, by key and dotted path (see `places_below`).
        within: the named rules whose parameters enclose it, the innermost last; that one's name
            means the masker, the others' would never end.

    Raises:
        PolicyError: it is no rule, or it leads back to one it stands in.
    """
    known = places or {}
    try:
        spec = RuleSpec.model_validate(value)
    except ValidationError as error:

        def locate(path: Path, _of_key: bool) -> Place:
            return known.get(".".join(map(str, path)), place)

        found = mistakes.findings(error.errors(include_url=False), value, locate)
        raise PolicyError(tuple(found)) from None
    written = write(spec, place, known)
    inner = within[-1] if within else None
    if written.mask != inner and written.mask in within:
        circle = [*within[within.index(written.mask) :], written.mask]
        raise PolicyError((_circle(circle, place),))
    return settle(written, policy.rules, within=inner)


def places_below(rule: Rule, key: str) -> dict[str, Place]:
    """The places of what stands below a parameter, by the path from there.

    ``places_below(rule, "paths.$.a")`` is what `resolve` takes as ``places`` for that path's rule.
    """
    prefix = f"{key}."
    return {
        name[len(prefix) :]: place for name, place in rule.places.items() if name.startswith(prefix)
    }


def _circle(names: Sequence[str], place: Place) -> Finding:
    told = names if len(names) <= _TOLD else [*names[:_TOLD], "…", names[-1]]
    what = f"the named rules go in a circle: {' -> '.join(told)}"
    return Finding("rule-cycle", what, "let one of them name a masker", place)
