"""A finding as text, with its line and caret."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from maskr.errors import Finding, Place
from maskr.policy.excerpt import excerpt


def _shown(line: str, column: int) -> list[str]:
    finding = Finding("code", "wrong", "mend it", Place("f", 2, column))
    return excerpt(finding, {"f": f"first\n{line}\nlast"}).split("\n")


def test_the_caret_stands_under_the_place() -> None:
    assert _shown("a: phnoe", 4) == [
        "f:2:4: error[code] wrong; mend it",
        "  a: phnoe",
        "     ^",
    ]


def test_wide_and_combining_characters_take_their_room() -> None:
    assert _shown("日本: x", 5)[2] == "        ^"
    assert _shown("e\u0301: x", 5)[2] == "     ^"


def test_tabs_stay_tabs() -> None:
    assert _shown("\ta: x", 5)[2] == "  \t   ^"


def test_a_long_line_is_cut_around_the_caret() -> None:
    _, line, caret = _shown("x" * 5000 + "HERE" + "x" * 5000, 5001)
    assert len(line) < 250
    assert line[caret.index("^") :].startswith("HERE")


def test_no_control_character_reaches_the_terminal() -> None:
    assert "\x1b" not in "".join(_shown("a: \x1b[2J", 1))


def test_without_the_file_the_finding_still_stands() -> None:
    finding = Finding("code", "wrong", place=Place("gone", 1, 1))
    assert excerpt(finding, {}) == "gone:1:1: error[code] wrong"
    assert excerpt(Finding("code", "wrong"), {}) == "error[code] wrong"


@given(st.text(max_size=40), st.integers(1, 60), st.integers(0, 5))
def test_any_text_and_any_place_can_be_shown(text: str, column: int, line: int) -> None:
    shown = excerpt(Finding("c", "w", place=Place("f", line, column)), {"f": text})
    assert not any(unicodedata.category(char) == "Cc" for char in shown if char not in "\n\t")
