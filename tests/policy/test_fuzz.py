"""Whatever stands in a policy file: a policy or a PolicyError, nothing else."""

from contextlib import suppress
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from maskr.errors import Finding, PolicyError
from maskr.model import TableName
from maskr.policy import Effective, format_text, load, load_text
from maskr.policy.excerpt import excerpt
from maskr.policy.tree import parse

FIXTURES = Path(__file__).parents[2] / "fixtures" / "policies"
SEEDS = sorted(
    path.read_bytes().decode("utf-8", "replace").removeprefix("\ufeff")
    for folder in ("good", "bad")
    for path in (FIXTURES / folder).glob("*.yaml")
)
PIECES = st.sampled_from(
    [
        "\n",
        "  ",
        "\t",
        ": ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        "#",
        "&a ",
        "*a",
        "<<",
        "!!x ",
        ">",
        "null",
        "~",
        "010",
        "no",
        "mask",
        "tables:",
        "columns:",
        "rules:",
        "\x00",
        "\ufeff",
        "\u2028",
        "version: 1\n",
        "{mask: x}",
        "*.a: ",
        "include: ",
    ]
)


def _nothing(path: str) -> bytes:
    raise FileNotFoundError(2, "No such file or directory", path)


def _findings(text: str) -> tuple[Finding, ...]:
    """What is wrong with a text; nothing where it is a policy, which is then put to use."""
    try:
        policy = load_text(text, read=_nothing)
    except PolicyError as error:
        return error.findings
    Effective(policy).decide(TableName("public", "a"), "a")
    return policy.findings


def _tells(text: str) -> None:
    """Every finding has a place and can be shown there."""
    for finding in _findings(text):
        assert finding.place is not None
        assert excerpt(finding, {finding.place.file: text}).startswith(str(finding))


@given(st.text())
@example("\ud800")
@example("%YAML 3.0\n---\na: 1")
@example("a: \ufeff")
@example("version: 1\nrules: {a: 1e999, b: {mask: x, y: " + "9" * 5000 + "}}")
def test_any_text(text: str) -> None:
    _tells(text)


@given(st.binary())
def test_any_bytes(raw: bytes) -> None:
    with suppress(PolicyError):
        load("policy.yaml", lambda _: raw)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_pieces_of_yaml(text: str) -> None:
    _tells(f"version: 1\n{text}")


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A policy with some stretches of it cut out, doubled or replaced."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        text = text[:start] + draw(PIECES | st.just(text[start:end] * 2)) + text[end:]
    return text


@given(mutated())
def test_any_mutated_policy(text: str) -> None:
    _tells(text)


@given(mutated())
def test_the_formatter_formats_or_tells(text: str) -> None:
    with suppress(PolicyError):
        assert parse(format_text(text), "f")[0] is not None
