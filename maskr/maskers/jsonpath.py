"""JSONPath: reads paths, and finds the spans that they name in a document in one scan.

The document is never parsed into objects: only where things stand in its text is worked out.
"""

import json as jsonlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from maskr.maskers.spans import Span

Segment = tuple[Literal["key", "index", "any", "deep"], str]
Path = tuple[Segment, ...]
#: How far each path has come: (which path, how many of its segments are behind us).
States = frozenset[tuple[int, int]]

_SEGMENT = re.compile(
    r"""\.\.(?=[\w*\[])(?P<deep>)|\.\*\*(?P<stars>)|\.\*(?P<any>)|\[\*\](?P<each>)"""
    r"""|\.(?P<key>[^\s.\[\]*'"]+)|\['(?P<quoted>(?:[^'\\]|\\.)*)'\]|\[(?P<index>\d+)\]"""
)
_MOST_STEPS = 10_000
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)


def parse_path(text: str) -> Path:
    """A JSONPath (RFC 9535, without filters and slices) as segments.

    >>> parse_path("$.contact['e-mail'][0]")
    (('key', 'contact'), ('key', 'e-mail'), ('index', '0'))
    >>> parse_path("$.**.phone") == parse_path("$..phone")
    True

    Raises:
        ValueError: it is not such a path; the message says where it breaks off.
    """
    if not text.startswith("$"):
        raise ValueError("a path begins with $")
    segments: list[Segment] = []
    at = 1
    while at < len(text):
        # ".." is followed by a name without a dot of its own: read that as ".name".
        found = _SEGMENT.match(text, at) or (
            _SEGMENT.match("." + text[at:]) if segments and segments[-1][0] == "deep" else None
        )
        if found is None or found.lastgroup is None:
            raise ValueError(f"cannot read {text[at:]!r} in the path {text!r}")
        at += found.end() - found.start() - (found.string is not text)
        segments.append(_segment(found.lastgroup, found[found.lastgroup]))
    return tuple(segments)


def _segment(group: str, text: str) -> Segment:
    if group in ("deep", "stars"):
        return ("deep", "")
    if group in ("any", "each"):
        return ("any", "")
    if group == "index":
        return ("index", text)
    return ("key", re.sub(r"\\(.)", r"\1", text))


@dataclass(slots=True)
class _Container:
    """An object or array that the scan is inside of."""

    states: States
    is_object: bool
    start: int
    key: str | None = None
    key_start: int = 0
    index: int = 0


@dataclass(frozen=True, slots=True)
class Paths:
    """Several paths, looked for in one scan of a document.

    Attributes:
        whole: of the paths, so many first ones mean whatever stands there, containers too, and
            NULLs; the others mean the scalars there or below.
        members: of those, so many first ones mean the key before the value as well.
    """

    paths: tuple[Path, ...]
    whole: int = 0
    members: int = 0
    _steps: dict[tuple[States, object], States] = field(default_factory=dict, repr=False)

    def spans(self, text: str) -> Iterator[Span]:
        """The spans of a valid document, from left to right; what two paths name is the first's."""
        stack: list[_Container] = []
        start = self._settle(frozenset((path, 0) for path in range(len(self.paths))))
        taken: list[tuple[int, int, int]] = []  # (depth, start, path) of a container that is named
        for token in _TOKEN.finditer(text):
            word = token[0]
            if word in "{[":
                states = self._child(stack[-1]) if stack else start
                stack.append(_Container(states, word == "{", token.start()))
                path = self._named(states)
                if not taken and path is not None and path < self.whole:
                    taken.append((len(stack), self._start(stack[:-1], token.start(), path), path))
            elif word in "}]":
                if taken and taken[-1][0] == len(stack):
                    _, begin, path = taken.pop()
                    yield Span(begin, token.end(), path)
                stack.pop()
            elif word == ",":
                stack[-1].index += 1
                stack[-1].key = None
            elif word == ":":
                continue
            elif stack and stack[-1].is_object and stack[-1].key is None:
                stack[-1].key = jsonlib.loads(word) if "\\" in word else word[1:-1]
                stack[-1].key_start = token.start()
            elif not taken:
                path = self._named(self._child(stack[-1]) if stack else start)
                if path is not None and (word != "null" or path < self.whole):
                    yield Span(self._start(stack, token.start(), path), token.end(), path)

    def _named(self, states: States) -> int | None:
        return min((p for p, at in states if at == len(self.paths[p])), default=None)

    def _start(self, stack: list[_Container], start: int, path: int) -> int:
        """Where the span begins: at the key, where a whole member is meant."""
        member = path < self.members and stack and stack[-1].is_object
        return stack[-1].key_start if member else start

    def _child(self, parent: _Container) -> States:
        """The states one step further; every step is worked out once for all documents."""
        if not parent.states:
            return parent.states
        step = parent.key if parent.is_object else parent.index
        known = self._steps.get((parent.states, step))
        if known is None:
            if len(self._steps) >= _MOST_STEPS:  # keys that are data: they never come to an end
                self._steps.clear()
            known = self._step(parent.states, step, parent.is_object)
            self._steps[parent.states, step] = known
        return known

    def _step(self, states: States, step: object, is_object: bool) -> States:
        reached: set[tuple[int, int]] = set()
        for path, at in states:
            segments = self.paths[path]
            if at == len(segments):
                reached.add((path, at))  # below what was named: masked all the way down
                continue
            what, name = segments[at]
            if what == "deep":
                reached.add((path, at))
            elif what == "any" or (name == str(step) and (what == "key") == is_object):
                reached.add((path, at + 1))
        return self._settle(frozenset(reached))

    def _settle(self, states: States) -> States:
        """``deep`` matches no level at all, too."""
        more = {
            (path, at + 1)
            for path, at in states
            if at < len(self.paths[path]) and self.paths[path][at][0] == "deep"
        }
        return self._settle(states | more) if more - states else states
