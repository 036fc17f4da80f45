"""Named rules: taken over, changed, circular, and those that stand within a parameter."""

import pytest

from maskr.errors import Place, PolicyError
from maskr.policy import Policy, lineage, load_text, places_below, resolve

HERE = Place("policy.yaml", 9, 9)


def _policy(rules: str) -> Policy:
    return load_text(f"version: 1\nrules: {{{rules}}}\n")


def test_a_named_rule_gives_its_parameters_and_takes_changes() -> None:
    policy = _policy(
        "base: {mask: email, domain: a.test, keep: 1, by: id, reason: why},"
        "other: {mask: base, domain: b.test, by: login}"
    )
    rule = policy.rules["other"].rule
    assert rule.mask == "email"
    assert rule.params == {"domain": "b.test", "keep": 1}
    assert (rule.by, rule.reason) == ("login", "why")
    assert rule.named == ("base", policy.rules["base"].place)
    assert rule.places["keep"] == policy.rules["base"].rule.places["keep"]
    assert rule.places["domain"] != policy.rules["base"].rule.places["domain"]


def test_a_named_rule_of_a_maskers_name_means_the_masker_in_its_own_definition() -> None:
    policy = _policy("phone: {mask: phone, region: DE}, other: phone, plain: plain")
    assert policy.rules["phone"].rule.mask == "phone"
    assert policy.rules["phone"].rule.named is None
    assert policy.rules["other"].rule.params == {"region": "DE"}
    assert policy.rules["plain"].rule.mask == "plain"


def test_null_is_a_masker_wherever_a_rule_stands() -> None:
    policy = _policy("gone: null, also: {mask: null}")
    assert policy.rules["gone"].rule.mask == "null"
    assert policy.rules["also"].rule.mask == "null"
    assert resolve(policy, None, HERE).mask == "null"


def test_the_lineage_names_every_rule_on_the_way() -> None:
    policy = _policy("a: email, b: {mask: a, x: 1}, c: b")
    assert [name for name, _ in lineage(policy, policy.rules["c"].rule)] == ["b", "a"]


@pytest.mark.parametrize(
    ("rules", "circles"),
    [
        ("a: b, b: a", ["a -> b -> a"]),
        ("x: a, a: b, b: c, c: a", ["a -> b -> c -> a"]),
        ("a: b, b: a, c: d, d: c", ["a -> b -> a", "c -> d -> c"]),
        ("a: b, b: b", []),
    ],
)
def test_each_circle_is_told_once(rules: str, circles: list[str]) -> None:
    try:
        _policy(rules)
        told = []
    except PolicyError as error:
        told = [finding.what.rpartition(": ")[2] for finding in error.findings]
    assert told == circles


def test_a_rule_in_a_parameter_is_looked_up_like_any_other() -> None:
    policy = _policy("mail: {mask: email, domain: a.test}")
    assert resolve(policy, "mail", HERE).params == {"domain": "a.test"}
    assert resolve(policy, "phone", HERE).mask == "phone"
    changed = resolve(policy, {"mask": "mail", "domain": "b.test", "by": "id"}, HERE)
    assert (changed.mask, changed.params, changed.by) == ("email", {"domain": "b.test"}, "id")
    assert changed.place == HERE


def test_a_rule_in_a_parameter_knows_the_places_of_its_own() -> None:
    policy = _policy('doc: {mask: json, paths: {"$.a": {mask: email, domain: x}}}')
    rule = policy.rules["doc"].rule
    places = places_below(rule, "paths.$.a")
    inner = resolve(
        policy, {"mask": "email", "domain": "x"}, rule.places["paths.$.a"], places=places
    )
    assert inner.place.column == 42
    assert inner.places["domain"] == rule.places["paths.$.a.domain"]
    assert inner.places["domain"].column == 64


@pytest.mark.parametrize(
    ("value", "code", "column"),
    [
        (5, "bad-value", 9),
        (["email"], "bad-value", 9),
        ({"domain": "x"}, "missing-key", 9),
        ({"mask": "email", "by": 5}, "bad-value", 77),
        ("", "empty-value", 9),
    ],
)
def test_what_is_no_rule_in_a_parameter_is_told_with_its_place(
    value: object, code: str, column: int
) -> None:
    with pytest.raises(PolicyError) as error:
        resolve(_policy(""), value, HERE, places={"by": Place("policy.yaml", 9, 77)})
    (finding,) = error.value.findings
    assert finding.code == code
    assert finding.place == Place("policy.yaml", 9, column)


def test_a_rule_within_itself_means_the_masker_and_in_another_is_a_circle() -> None:
    policy = _policy("a: {mask: json, x: 1}, b: {mask: json, y: 1}")
    assert resolve(policy, "a", HERE, within=("a",)).params == {}
    assert resolve(policy, "b", HERE, within=("a",)).params == {"y": 1}
    with pytest.raises(PolicyError, match="1 error") as error:
        resolve(policy, "a", HERE, within=("a", "b"))
    assert error.value.findings[0].code == "rule-cycle"
