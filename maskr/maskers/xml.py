"""The masker of XML: what is named is masked, everything else keeps its very bytes."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from maskr.maskers import Mask, Nested, Site, Traits, leaf, masker
from maskr.maskers.spans import Notation, Span, rewriting
from maskr.model import Kind

_TOKEN = re.compile(
    r"""<!--.*?-->|<\?.*?\?>|<!\[CDATA\[(?P<cdata>.*?)\]\]>|<!(?:[^\[>]|\[.*?\])*>"""
    r"""|</(?P<close>[^\s>]+)\s*>"""
    r"""|<(?P<open>[^\s/>!?]+)(?P<attributes>(?:[^"'>/]|"[^"]*"|'[^']*'|/(?!>))*)(?P<empty>/?)>"""
    r"""|(?P<text>[^<]+)""",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([^\s=]+)\s*=\s*("[^"]*"|'[^']*')""")
_PATH = r"^(?://?[^/@\s\[\]()]+)*(?://?@[^/@\s\[\]()]+)?$"
_ENTITY = re.compile(r"&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(lt|gt|amp|quot|apos));")
# XML 1.0, "Predefined Entities".
_PREDEFINED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_ESCAPED = {sign: f"&{name};" for name, sign in _PREDEFINED.items()}
# XML 1.0, "Characters": no document may hold these, not even as entities.
_UNSTORABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@masker(
    kinds=frozenset({Kind.XML, Kind.TEXT}),
    traits=Traits(keeps=True, format_kept=True),
    rules=lambda paths: {f"paths.{path}": rule for path, rule in paths.items()},
    inside=leaf,
)
def xml(
    site: Site,
    *,
    paths: Annotated[
        dict[Annotated[str, Field(min_length=2, pattern=_PATH)], Nested], Field(min_length=1)
    ],
) -> Mask:
    """Masks texts and attributes at the named paths of an XML document, and nothing else.

    A text gets the very fake that a column with the same rule gets. A path that ends at an element
    masks its attributes and all that is below it; of two paths that name a text, the first counts.
    A text that is no XML is one that cannot be read (see ``on_invalid``).

    Args:
        site: where the mask works.
        paths: from path to rule. ``/order/buyer/name``, ``//phone`` at any depth, ``/a/*/name``,
            ``//buyer/@id`` for an attribute. Names are compared as they are written, prefixes
            included.

    Example:
        ``form: {mask: xml, paths: {"//phone": phone, "/order/@buyer": name}}``
    """
    patterns = [_pattern(path) for path in paths]
    known: dict[str, int | None] = {}

    def which(place: str) -> int | None:
        if place not in known:
            hits = (at for at, pattern in enumerate(patterns) if pattern.fullmatch(place))
            known[place] = next(hits, None)
        return known[place]

    def find(text: str) -> list[Span] | None:
        stack = [""]
        spans: list[Span] = []
        at = 0

        def note(start: int, end: int, place: str) -> None:
            if (mask := which(place)) is not None:
                spans.append(Span(start, end, mask))

        while found := _TOKEN.match(text, at):
            at = found.end()
            if found["open"]:
                stack.append(f"{stack[-1]}/{found['open']}")
                for start, end, name in _attributes(found):
                    note(start, end, f"{stack[-1]}/@{name}")
            if found["close"] or found["empty"]:
                ended = stack.pop()
                if not stack or (found["close"] and ended != f"{stack[-1]}/{found['close']}"):
                    return None
            elif found["cdata"] or (found["text"] or "").strip():
                note(found.start(), found.end(), stack[-1])
        whole = at == len(text) and len(stack) == 1
        document = site.column.kind is Kind.XML or text.lstrip().startswith("<")
        return spans if whole and document else None

    return rewriting(
        Notation(find, _decoded, _encoded), [site.nested(f"paths.{path}") for path in paths]
    )


def _pattern(path: str) -> re.Pattern[str]:
    """What matches ``/a/b`` for an element, ``/a/b/@c`` for an attribute, at the path or below."""
    steps = re.findall(r"(//?)([^/]+)", path)
    parts = (
        ("(?:/[^/]+)*/" if slashes == "//" else "/")
        + ("[^/@]+" if name == "*" else re.escape(name))
        for slashes, name in steps
    )
    return re.compile("".join(parts) + "(?:/.*)?", re.DOTALL)


def _attributes(tag: re.Match[str]) -> Iterator[tuple[int, int, str]]:
    """Where each value begins and ends between its quotes, and the attribute's name."""
    start = tag.start("attributes")
    for found in _ATTRIBUTE.finditer(tag["attributes"]):
        if len(found[2]) > 2:
            yield start + found.start(2) + 1, start + found.end(2) - 1, found[1]


def _decoded(token: str) -> str:
    if token.startswith("<![CDATA["):
        return token[9:-3]
    return _UNSTORABLE.sub("\ufffd", _ENTITY.sub(_sign, token))


def _sign(entity: re.Match[str]) -> str:
    if entity[3]:
        return _PREDEFINED[entity[3]]
    code = int(entity[1]) if entity[1] else int(entity[2], 16)
    return chr(code) if code <= 0x10FFFF else "\ufffd"


def _encoded(fake: str | None, _: str) -> str:
    return "".join(_ESCAPED.get(sign, sign) for sign in _UNSTORABLE.sub("\ufffd", fake or ""))
