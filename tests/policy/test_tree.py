"""YAML's scalars and places."""

from hypothesis import given
from hypothesis import strategies as st

from maskr.errors import Place
from maskr.policy.tree import ambiguous, parse, scalar


@given(st.integers(min_value=-(10**30), max_value=10**30))
def test_a_whole_number_is_read_as_one(number: int) -> None:
    assert scalar(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_with_a_point_is_read_as_one(number: float) -> None:
    assert scalar(repr(number)) == number


@given(st.text())
def test_a_word_of_several_readings_stays_a_text(text: str) -> None:
    if ambiguous(text):
        assert scalar(text) == text


def test_what_no_float_can_hold_stays_a_text() -> None:
    for text in ("1e999", "-1e999", "9" * 5000, "+", "-", ".", "+.", "e5", ".e5", "1.2.3"):
        assert scalar(text) == text


def test_quotes_make_a_text_of_anything() -> None:
    tree, findings = parse("""{a: '1', b: "true", c: "null", d: '', e: 1, f: "~"}""", "f")
    assert tree is not None
    assert tree.data == {"a": "1", "b": "true", "c": "null", "d": "", "e": 1, "f": "~"}
    assert findings == []


def test_places_count_characters_from_one() -> None:
    tree, _ = parse("größe:\n  日本: [x, {ключ: wert}]\n", "f")
    assert tree is not None
    assert tree.key_place(("größe", "日本")) == Place("f", 2, 3)
    assert tree.place(("größe", "日本", 0)) == Place("f", 2, 8)
    assert tree.place(("größe", "日本", 1, "ключ")) == Place("f", 2, 18)


def test_the_place_of_what_is_not_there_is_its_parents() -> None:
    tree, _ = parse("a: {b: 1}", "f")
    assert tree is not None
    assert tree.place(("a", "c", "d")) == Place("f", 1, 4)
