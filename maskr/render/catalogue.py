"""The catalogue of maskers as one Markdown document, with what other tools call each."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from maskr.maskers import ANY, Masker, Traits
from maskr.policy.tree import parse
from maskr.render.peers import PEERS, names

_HEAD = """\
# The maskers

`maskr maskers NAME` shows the page of one, `maskr maskers NAME --try VALUE` what it makes of a
value. *Unique*: distinct values get distinct fakes. *Repeatable*: a value has one fake, run after
run, under one key. *Reversible*: whoever holds the key could compute the original. Each is said of
the rule in the example; parameters may change it, and `maskr explain` says what holds for a column.
"""
_PEERS_HEAD = """\
## Coming from another tool

Every function of theirs, and the rule that stands for it.
"""


def document(maskers: Iterable[Masker]) -> str:
    """The document, without a newline at its end."""
    lines = [_HEAD, *_table([_row(masker) for masker in maskers], _HEADINGS), "", _PEERS_HEAD]
    for peer, functions in PEERS.items():
        rows = [(theirs, f"`{rule}`") for theirs, rule in functions.items()]
        lines += [f"### {peer}", "", *_table(rows, (peer, "maskr")), ""]
    return "\n".join(lines).rstrip("\n")


def summary(masker: Masker) -> str:
    """What it does, in a sentence."""
    return masker.page.partition("\n")[0]


def kinds(masker: Masker) -> str:
    """The kinds of column that it takes, in words."""
    return "any" if masker.kinds == ANY else ", ".join(sorted(masker.kinds))


def example(masker: Masker) -> str:
    """The line of a policy that its page shows."""
    found = re.search(r"^Example:\n\s*``(.+?)``", masker.page, re.MULTILINE | re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def promised(masker: Masker) -> Traits:
    """What it promises with the parameters of its example."""
    tree, _ = parse(example(masker), "example")
    data: Any = tree.data if tree else {}
    [rule] = data.values() if data else [None]
    given: Mapping[str, Any] = rule if isinstance(rule, dict) else {}
    own = {name: value for name, value in given.items() if name in masker.parameters}
    return masker.traits(**masker.parse(own)[0])


def as_data(masker: Masker) -> dict[str, Any]:
    """The masker as JSON has it."""
    traits = promised(masker)
    return {
        "name": masker.name,
        "summary": summary(masker),
        "kinds": sorted(masker.kinds),
        "unique": traits.unique,
        "repeatable": traits.repeatable,
        "reversible": traits.reversible,
        "shows_original": traits.keeps,
        "format_kept": traits.format_kept,
        "longest": traits.longest,
        "smallest_domain": traits.smallest_domain,
        "parameters": masker.schema(),
        "example": example(masker),
        "called": dict(zip(PEERS, names(masker.name), strict=True)),
    }


_HEADINGS = ("masker", "kinds", "unique", "repeatable", "reversible", "example", *PEERS)


def _row(masker: Masker) -> tuple[str, ...]:
    traits = promised(masker)
    said = ("yes" if is_so else "" for is_so in (traits.unique, traits.repeatable))
    return (
        *(f"`{masker.name}`", kinds(masker), *said, "yes" if traits.reversible else ""),
        f"`{example(masker)}`",
        *(", ".join(theirs) for theirs in names(masker.name)),
    )


def _table(rows: Iterable[tuple[str, ...]], headings: tuple[str, ...]) -> list[str]:
    lines = [headings, tuple("---" for _ in headings), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
