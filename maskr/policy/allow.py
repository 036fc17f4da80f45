"""Finds ``# maskr: allow CODE -- reason``: the comments that accept a finding on their line.

A comment that has a line to itself speaks of the next line that is neither blank nor a comment.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence

from maskr.errors import Finding, Place
from maskr.policy.model import Allowance
from maskr.policy.tree import Tree, lines_of

_COMMENT = re.compile(r"(?<![^\s])#[ \t]*maskr:[ \t]*(.*)")
_ALLOW = re.compile(r"allow[ \t]+([a-z][a-z0-9]*(?:-[a-z0-9]+)*)[ \t]+--[ \t]+(\S.*?)[ \t]*")
_SAYS_NOTHING = re.compile(r"\s*(#.*)?")


def allowances(tree: Tree, text: str) -> tuple[list[Allowance], list[Finding]]:
    """The accepted findings of one file, and a finding for each comment that is not one."""
    accepted: list[Allowance] = []
    findings: list[Finding] = []
    if "maskr:" not in text:
        return accepted, findings
    lines = lines_of(text)
    spoken_of = _spoken_of(tree.file, lines)
    mentions = sorted(tree.mentions)
    start = 0
    for number, line in enumerate(lines):
        match = _COMMENT.search(line)
        if match and not _inside(start + match.start(), mentions):
            place = Place(tree.file, number + 1, match.start() + 1)
            if said := _ALLOW.fullmatch(match[1]):
                alone = not line[: match.start()].strip()
                meant = spoken_of[number] if alone else place
                accepted.append(Allowance(said[1], said[2], meant or place))
            else:
                hint = "write # maskr: allow CODE -- reason"
                what = "this comment accepts nothing"
                findings.append(Finding("bad-allowance", what, hint, place))
        start += len(line) + (2 if text.startswith("\r\n", start + len(line)) else 1)
    return accepted, findings


def _spoken_of(file: str, lines: Sequence[str]) -> list[Place | None]:
    """For each line, where the next one begins that says something."""
    places: list[Place | None] = []
    ahead: Place | None = None
    for number in range(len(lines), 0, -1):
        line = lines[number - 1]
        places.append(ahead)
        if not _SAYS_NOTHING.fullmatch(line):
            ahead = Place(file, number, len(line) - len(line.lstrip()) + 1)
    return places[::-1]


def _inside(at: int, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a character stands in one of the spans, which are ordered and apart."""
    before = bisect_right(spans, (at, at)) - 1
    return before >= 0 and at < spans[before][1]
