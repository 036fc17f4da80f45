"""Maskers of documents: what is named inside is masked, everything else keeps its very bytes.

A document is never parsed into objects and printed again: numbers, key order, big integers and
duplicate keys stay spelled as they were, because only the span of a masked leaf is replaced.
"""

import json as jsonlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import polars as pl
from pydantic import AfterValidator, Field

from maskr.keys import Draws
from maskr.maskers import Mask, Nested, Site, Traits, masker
from maskr.maskers.text import lorem
from maskr.model import Kind

Segment = tuple[Literal["key", "index", "any", "deep"], str]
Path = tuple[Segment, ...]
#: How far each path has come: (which path, how many of its segments are behind us).
States = frozenset[tuple[int, int]]

_SEGMENT = re.compile(
    r"""\.\.(?=[\w*\[])(?P<deep>)|\.\*\*(?P<stars>)|\.\*(?P<any>)|\[\*\](?P<each>)"""
    r"""|\.(?P<key>[^\s.\[\]*'"]+)|\['(?P<quoted>(?:[^'\\]|\\.)*)'\]|\[(?P<index>\d+)\]"""
)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")


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
    key: str | None = None
    index: int = 0
    children: dict[object, States] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Paths:
    """Several paths, looked for in one scan of a document."""

    paths: tuple[Path, ...]

    def leaves(self, text: str) -> Iterator[tuple[int, int, int]]:
        """The spans ``(start, end, which path)`` of every scalar at or below a path.

        A scalar that two paths name goes to the first of them. NULL is no value: it is left out.
        """
        stack: list[_Container] = []
        start: States = self._settle(frozenset((path, 0) for path in range(len(self.paths))))
        for token in _TOKEN.finditer(text):
            word = token[0]
            if word in "{[":
                states = self._child(stack[-1]) if stack else start
                stack.append(_Container(states, word == "{"))
            elif word in "}]":
                stack.pop()
            elif word == ",":
                stack[-1].index += 1
                stack[-1].key = None
            elif word == ":":
                continue
            elif stack and stack[-1].is_object and stack[-1].key is None:
                stack[-1].key = jsonlib.loads(word) if "\\" in word else word[1:-1]
            elif word != "null":
                states = self._child(stack[-1]) if stack else start
                done = [path for path, at in states if at == len(self.paths[path])]
                if done:
                    yield token.start(), token.end(), min(done)

    def _child(self, parent: _Container) -> States:
        if not parent.states:
            return parent.states
        step = parent.key if parent.is_object else parent.index
        known = parent.children.get(step)
        if known is None:
            known = parent.children[step] = self._step(parent.states, step, parent.is_object)
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


def _checked(path: str) -> str:
    parse_path(path)
    return path


@masker(
    kinds=frozenset({Kind.JSON, Kind.TEXT}),
    traits=Traits(keeps=True, format_kept=True),
    rules=lambda paths: {f"paths.{path}": rule for path, rule in paths.items()},
)
def json(
    site: Site,
    *,
    paths: Annotated[dict[Annotated[str, AfterValidator(_checked)], Nested], Field(min_length=1)],
) -> Mask:
    """Masks what stands at the named paths of a JSON document, and nothing else.

    A leaf gets the very fake that a column with the same rule gets. A path that ends at an object
    or array masks every leaf below it. A text that is no JSON is rewritten whole, as by ``lorem``.

    Args:
        site: where the mask works.
        paths: from JSONPath to rule. ``$.a.b``, ``$['a b']``, ``$.list[*].name``, ``$.list[0]``,
            ``$.*``, and ``$..phone`` (or ``$.**.phone``) at any depth.

    Example:
        ``profile: {mask: json, paths: {"$.contact.email": email, "$..phone": phone}}``
    """
    finder = Paths(tuple(parse_path(path) for path in paths))
    masks = [site.nested(f"paths.{path}") for path in paths]
    opaque = lorem(site)
    always_valid = site.column.kind is Kind.JSON

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        documents: list[str | None] = values.to_list()
        bad = [] if always_valid else [row for row, text in enumerate(documents) if _broken(text)]
        for row in bad:
            documents[row] = None
        spans = [[] if text is None else list(finder.leaves(text)) for text in documents]
        masked = pl.Series(values.name, _replaced(documents, spans, masks), dtype=pl.String)
        if bad:
            masked = masked.scatter(bad, opaque(values, draws).gather(bad))
        return masked

    return mask


def _broken(text: str | None) -> bool:
    if text is None:
        return False
    try:
        jsonlib.loads(text)
    except (ValueError, RecursionError):
        return True
    return False


def _replaced(
    documents: Sequence[str | None],
    spans: Sequence[Sequence[tuple[int, int, int]]],
    masks: Sequence[Callable[[pl.Series], pl.Series]],
) -> list[str | None]:
    """The documents with every span's leaf masked: all leaves of one path in one go."""
    leaves: dict[int, list[str]] = {path: [] for path in range(len(masks))}
    for text, found in zip(documents, spans, strict=True):
        for start, end, path in found:
            assert text is not None  # noqa: S101 - a NULL has no spans
            leaves[path].append(_leaf(text[start:end]))
    fakes = {path: iter(_masked(masks[path], texts)) for path, texts in leaves.items() if texts}
    return [
        text if text is None or not found else _edited(text, found, fakes)
        for text, found in zip(documents, spans, strict=True)
    ]


def _masked(mask: Callable[[pl.Series], pl.Series], texts: list[str]) -> list[str | None]:
    return mask(pl.Series(texts, dtype=pl.String)).to_list()


def _leaf(token: str) -> str:
    """A scalar's value as text: what a column of the same value would hold."""
    return str(jsonlib.loads(token)) if token.startswith('"') else token


def _edited(
    text: str,
    found: Sequence[tuple[int, int, int]],
    fakes: Mapping[int, Iterator[str | None]],
) -> str:
    pieces: list[str] = []
    at = 0
    for start, end, path in found:
        pieces += (text[at:start], _token(next(fakes[path]), text[start] == '"'))
        at = end
    return "".join((*pieces, text[at:]))


def _token(fake: str | None, quoted: bool) -> str:
    """A fake as JSON: a number or a boolean stays one where the fake can be written as one."""
    if fake is None:
        return "null"
    if not quoted and (_NUMBER.fullmatch(fake) or fake in ("true", "false")):
        return fake
    return jsonlib.dumps(fake, ensure_ascii=False)
