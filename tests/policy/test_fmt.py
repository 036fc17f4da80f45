"""The formatter: it moves text about and never changes what is said."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskr.errors import PolicyError
from maskr.policy import format_text
from maskr.policy.tree import parse

FIXTURES = Path(__file__).parents[2] / "fixtures" / "policies"
GOOD = sorted((FIXTURES / "good").glob("*.yaml"))


def _data(text: str) -> object:
    tree, _ = parse(text, "f")
    assert tree is not None
    return tree.data


def _comments(text: str) -> list[str]:
    return [line[line.index("#") :].rstrip() for line in text.splitlines() if "#" in line]


@st.composite
def layouts(draw: st.DrawFn, depth: int = 0, indent: int = 0) -> str:
    """A block of YAML in somebody's own style: odd steps, comments, blank lines and ends."""
    lines: list[str] = []
    step = draw(st.integers(1, 5))
    dashes = draw(st.booleans())
    for at in range(draw(st.integers(1, 4))):
        head = "- " + " " * draw(st.integers(0, 2)) if dashes else f"k{at}: "
        lines += [" " * draw(st.integers(0, 9)) + "# note"] * draw(st.integers(0, 1))
        lines += [" " * draw(st.integers(0, 3))] * draw(st.integers(0, 3))
        start = " " * indent + head
        kind = draw(st.sampled_from(["word", "block", "folded", "quoted", "flow", "below"]))
        inner = " " * (indent + step)
        if kind == "block":
            mark = draw(st.sampled_from(["|", ">", "|-", "|+", f"|{step}"]))
            lines += [start + mark, inner + "one ", "", inner + "  two", inner + "# no comment"]
        elif kind == "folded":
            lines += [start + "one  ", inner + " two", "", inner + "three"]
        elif kind == "quoted":
            lines += [start + '"one  ', "", inner + 'two"  # yes']
        elif kind == "flow":
            lines += [start + "{a: [1,", inner + "2], ", inner + "b: 'x", inner + " y'}"]
        elif kind == "below" and depth < 3:
            lines += [start.rstrip(), draw(layouts(depth + 1, indent + step))]
        else:
            lines += [start + draw(st.sampled_from(["x", "1", "null", "'#'", "x  # c", "'y'"]))]
    return "\n".join(lines)


ENDS = st.sampled_from(["\n", "\r\n"])


@given(layouts(), ENDS)
def test_what_is_said_stays_and_a_second_time_changes_nothing(text: str, end: str) -> None:
    text = text.replace("\n", end)
    done = format_text(text)
    assert _data(done) == _data(text)
    assert format_text(done) == done
    assert _comments(done) == _comments(text)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_policy_says_the_same_afterwards(path: Path) -> None:
    text = path.read_bytes().decode()
    done = format_text(text)
    assert _data(done) == _data(text.removeprefix("\ufeff"))
    assert format_text(done) == done


def test_the_layout_is_made_even() -> None:
    untidy = (FIXTURES / "fmt" / "untidy.yaml").read_bytes().decode()
    assert format_text(untidy) == (FIXTURES / "fmt" / "tidy.yaml").read_text()


def test_what_is_no_yaml_is_refused() -> None:
    with pytest.raises(PolicyError):
        format_text("a: [")
