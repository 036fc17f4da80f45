"""A policy that is written says the same when it is read."""

from hypothesis import given
from hypothesis import strategies as st

from maskr.model import TableName
from maskr.policy import load_text, written
from maskr.policy.effective import Effective
from maskr.policy.written import Line

# No NUL in PostgreSQL's names; no lone surrogates in UTF-8.
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
VALUES = st.one_of(st.booleans(), st.integers(), st.none(), NAMES)
PARAMETERS = st.dictionaries(NAMES.filter(lambda name: name not in ("mask", "value")), VALUES)
RULES = st.builds(
    lambda nested, value: {"mask": "constant", "value": value, "nested": nested},
    PARAMETERS,
    st.one_of(VALUES, st.lists(VALUES)),
)


@given(NAMES, NAMES, NAMES, RULES, RULES)
def test_what_is_written_is_read_again(
    schema: str, table: str, column: str, shared: object, own: object
) -> None:
    name = TableName(schema, table)
    text = written.policy({column: Line(shared, "why")}, {name: {column: Line(own)}})
    policy = load_text(text)
    assert policy.findings == ()
    effective = Effective(policy)
    for where, rule in ((name, own), (TableName(schema, f"{table}_other"), shared)):
        decision = effective.decide(where, column)
        assert decision is not None
        assert {"mask": decision.rule.mask, **decision.rule.params} == rule


def test_a_rule_without_parameters_is_a_word() -> None:
    text = written.policy({"a": Line("email"), "on": Line(None), "b": Line("keep", "so")}, {})
    assert text.splitlines() == [
        "version: 1",
        "columns:",
        '  "*.a": email',
        '  "*.on": null',
        '  "*.b": keep  # so',
    ]
