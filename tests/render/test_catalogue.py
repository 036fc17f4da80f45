"""The catalogue says what the maskers are, and what they are called elsewhere."""

import pytest

from maskr.errors import Place
from maskr.maskers import registry
from maskr.policy import load_text, resolve
from maskr.policy.tree import parse
from maskr.render.catalogue import as_data, promised
from maskr.render.peers import PEERS, masker_of
from tests.command import ROOT, maskr
from tests.masking import Masking

EVERY = [
    (peer, theirs, rule) for peer, functions in PEERS.items() for theirs, rule in functions.items()
]


@pytest.mark.parametrize(("peer", "theirs", "rule"), EVERY)
def test_what_stands_for_a_function_of_another_tool_is_a_rule(
    peer: str, theirs: str, rule: str
) -> None:
    tree, _ = parse(f"rule: {rule}", "peers")
    assert tree is not None
    data = tree.data
    assert isinstance(data, dict)
    read = resolve(load_text("version: 1"), data["rule"], Place("peers", 1, 1))
    assert read.mask == masker_of(rule)
    assert registry()[read.mask].parse(read.params)[1] == ()


def test_greenmasks_transformers_are_all_there() -> None:
    assert len(PEERS["Greenmask"]) >= 51


def test_the_catalogue_is_what_the_maskers_say() -> None:
    """To renew it: maskr maskers --format markdown > .github/maskers.md."""
    written = (ROOT / ".github" / "maskers.md").read_text("utf-8")
    assert written == maskr("maskers", "--format", "markdown").out


def test_what_is_promised_is_that_of_the_example() -> None:
    assert promised(registry()["email"]).unique
    assert not promised(registry()["username"]).unique
    assert as_data(registry()["fpe"])["reversible"] is True


@pytest.mark.parametrize("rule", sorted({rule for *_, rule in EVERY if "faker" in rule}))
def test_a_provider_that_stands_for_a_function_of_another_tool_is_there(rule: str) -> None:
    assert Masking(f"c: {rule}")(["x"]) != ["x"]
