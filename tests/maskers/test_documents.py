"""JSON is masked in place: what is not named keeps its very bytes."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskr.errors import PolicyError
from tests.masking import Masking

_LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
_KEYS = st.sampled_from("abc")
_DOCUMENTS = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner), max_leaves=9
)


def masked(rule: str, document: str, type: str = "jsonb") -> str | None:
    return Masking(f"d: {rule}", type)([document])[0]


_WORDS = st.sampled_from(["", "a", '"', "\\", "{b", "]", ":", "é", "x,y", " ", "null"])
_NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS | _WORDS, inner),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(_NESTED, min_size=1, max_size=5), st.sampled_from([None, 1]))
@settings(deadline=None, max_examples=300)
def test_what_is_found_in_bulk_is_what_is_found_one_by_one(
    documents: list[object], indent: int | None
) -> None:
    texts = [json.dumps(each, ensure_ascii=False, indent=indent) for each in documents]
    assert_found_alike([None, *texts])


def assert_found_alike(texts: list[str | None]) -> None:
    """In a column of text every document is scanned; in one of jsonb most are found in bulk."""
    paths = (
        '{"$.a.b": redact, "$..c": {mask: constant, value: \'"\'}, "$.b": redact, "$..a.c": null,'
        " \"$['é']\": redact, \"$['']\": redact}"
    )
    in_bulk = Masking(f"d: {{mask: json, paths: {paths}}}", "jsonb")(texts)
    assert in_bulk == Masking(f"d: {{mask: json, paths: {paths}}}", "text")(texts)


@pytest.mark.parametrize("leaf", ['"x"', "-1.5", '"a {long} [text] "', "true "])
@pytest.mark.parametrize("filler", [0, 70, 300_000])
def test_what_is_found_in_bulk_may_be_long_and_many(leaf: str, filler: int) -> None:
    brackets = "[{" * filler
    member = (
        f'{{"c": {leaf}, "é": "c", "": {leaf}, "t": "{brackets}", "a": {{"q": [], "c": {leaf}}}}}'
    )
    many = ", ".join([member] * (1 if filler > 100 else 40))
    texts = [f'{{"a": {{"l": [{many}], "b": {leaf}}}, "b": {leaf}}}', "5", leaf, f"[{leaf}]", "{}"]
    assert_found_alike([*texts, *texts])


def test_a_key_that_reads_like_what_is_between_strings_is_no_trap() -> None:
    document = '{"a": ":5", ": ": "x"}'
    out = masked("{mask: json, paths: {\"$[': ']\": redact}}", document)
    assert out == '{"a": ":5", ": ": "*"}'


def test_a_leaf_gets_the_fake_that_a_column_gets() -> None:
    column = Masking("d: phone")(["+49 171 1234567"])[0]
    document = masked('{mask: json, paths: {"$.p": phone}}', '{"p": "+49 171 1234567"}')
    assert json.loads(str(document)) == {"p": column}


def test_a_leaf_is_evened_out_before_the_draw_as_a_column_is() -> None:
    rule = '{mask: json, paths: {"$.e": {mask: email, normalise: [trim, lower]}}}'
    one, other = Masking(f"d: {rule}", "json")(['{"e":"A@x.com"}', '{"e":" a@X.com"}'])
    assert one == other


@settings(deadline=None)
@given(_DOCUMENTS)
def test_what_no_path_names_keeps_its_bytes(document: object) -> None:
    text = json.dumps(document, indent=1)
    assert masked('{mask: json, paths: {"$.nowhere": phone}}', text, "json") == text


@pytest.mark.parametrize(
    "document",
    [
        '{"n": 12345678901234567890123456789, "x": 1.50, "e": 1E5}',
        '{"b": 1, "a": 2, "b": 3}',
        '{ "a" :\t"tab" }',
        r'{"a": "é \/"}',
    ],
)
def test_numbers_order_duplicates_and_spelling_stay(document: str) -> None:
    with_secret = document[:-1].rstrip() + ', "secret": "x"}'
    out = masked('{mask: json, paths: {"$.secret": {mask: constant, value: y}}}', with_secret)
    assert out == with_secret.replace('"x"}', '"y"}')


def test_a_container_is_masked_all_the_way_down_and_null_stays() -> None:
    out = masked('{mask: json, paths: {"$.a": redact}}', '{"a": [{"b": "xy"}, null, 7], "c": "xy"}')
    assert out == '{"a": [{"b": "**"}, null, "*"], "c": "xy"}'


def test_of_two_paths_the_first_counts_so_that_all_but_a_few_can_be_masked() -> None:
    out = masked('{mask: json, paths: {"$.a": keep, "$": redact}}', '{"a": 1, "b": {"a": "x"}}')
    assert out == '{"a": 1, "b": {"a": "*"}}'


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ('["$.a"]', '{"b": 2, "c": [1, 2]}'),
        ('["$.c"]', '{"a": 1, "b": 2}'),
        ('["$.b", "$.c"]', '{"a": 1}'),
        ('["$.a", "$.b", "$.c"]', "{}"),
        ('["$.c[0]"]', '{"a": 1, "b": 2, "c": [2]}'),
        ('["$.c[*]"]', '{"a": 1, "b": 2, "c": []}'),
    ],
)
def test_a_deleted_member_takes_its_comma_with_it(paths: str, expected: str) -> None:
    document = '{"a": 1, "b": 2, "c": [1, 2]}'
    assert masked(f"{{mask: json, delete: {paths}}}", document) == expected


@settings(deadline=None)
@given(_DOCUMENTS)
def test_deleting_leaves_a_document_without_the_key(document: object) -> None:
    out = masked('{mask: json, delete: ["$..a"]}', json.dumps(document), "json")

    def without(value: object) -> object:
        if isinstance(value, dict):
            return {key: without(inner) for key, inner in value.items() if key != "a"}
        return [without(inner) for inner in value] if isinstance(value, list) else value

    assert json.loads(str(out)) == without(document)


def test_set_replaces_whatever_stands_there_and_adds_nothing() -> None:
    rule = '{mask: json, set: {"$.a": {k: [1, null]}, "$.b": x, "$.z": 1}}'
    out = masked(rule, '{"a": [1, {"b": 2}], "b": null}')
    assert out == '{"a": {"k": [1, null]}, "b": "x"}'


def test_a_text_that_is_no_json_is_masked_as_text() -> None:
    out = masked('{mask: json, paths: {"$.a": redact}}', "Call Ann Miller", "text")
    assert out is not None
    assert len(out) == len("Call Ann Miller")
    assert "Ann" not in out


def test_what_text_cannot_hold_does_not_end_the_run() -> None:
    document = r'{"a": "\u0000 \ud800"}'
    out = masked('{mask: json, paths: {"$.a": lorem}}', document, "json")
    assert set(json.loads(str(out))) == {"a"}


@pytest.mark.parametrize("rule", ["{mask: phone, by: x}", '{mask: template, format: "{x}"}'])
def test_a_rule_that_needs_a_row_is_refused_inside(rule: str) -> None:
    with pytest.raises(PolicyError) as refused:
        Masking(f'd: {{mask: json, paths: {{"$.a": {rule}}}}}', "jsonb", ["x"])
    assert {finding.code for finding in refused.value.findings} == {"bad-nested-rule"}


def test_a_rule_that_makes_no_text_is_refused_inside() -> None:
    with pytest.raises(PolicyError) as refused:
        Masking('d: {mask: json, paths: {"$.a": {mask: json, paths: {"$.b": array}}}}', "jsonb")
    assert refused.value.findings
