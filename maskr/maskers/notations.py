"""Maskers of values that hold values: arrays, composites, hstore.

Each reads PostgreSQL's own notation, masks the values inside and leaves every other byte.
"""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from maskr.maskers import Mask, Nested, Site, Traits, element, leaf, masker
from maskr.maskers.spans import Notation, Span, rewriting
from maskr.model import Kind

# PostgreSQL manual, "Array Input and Output Syntax". Bounds may stand before the braces.
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|[^{},"]+', re.DOTALL)
_DIMENSIONS = re.compile(r"(?:\[-?\d+:-?\d+\])+=")
_PLAIN_ELEMENT = re.compile(r'[^\s{},"\\]+')
# "Composite Type Input and Output Syntax"; an empty field is NULL.
_FIELD = re.compile(r'(?:"((?:[^"\\]|\\.|"")*)"|[^,()"\\]*)(?=[,)])', re.DOTALL)
_PLAIN_FIELD = re.compile(r'[^\s,()"\\]+')
_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"=>(?:"((?:[^"\\]|\\.)*)"|NULL)', re.DOTALL)

_Rules = Annotated[dict[str, Nested], Field(min_length=1)]
_Numbered = Annotated[
    dict[Annotated[str, Field(pattern=r"^[1-9]\d*$")], Nested], Field(min_length=1)
]


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def _element_text(token: str) -> str:
    return _unescaped(token[1:-1]) if token.startswith('"') else token


def _element_token(fake: str | None, _: str) -> str:
    if fake is None:
        return "NULL"
    plain = _PLAIN_ELEMENT.fullmatch(fake) and fake.upper() != "NULL"
    return fake if plain else _quoted(fake)


def _elements(text: str) -> Iterator[Span]:
    bounds = _DIMENSIONS.match(text)
    for found in _ELEMENT.finditer(text, bounds.end() if bounds else 0):
        if found[0].upper() != "NULL":
            yield Span(found.start(), found.end(), 0)


@masker(
    kinds=frozenset({Kind.ARRAY}),
    traits=Traits(keeps=True, format_kept=True),
    rules=lambda elements: {"elements": elements},
    inside=element,
)
def array(site: Site, *, elements: Nested) -> Mask:
    """Masks every element of an array; its dimensions and its NULLs stay.

    An element gets the very fake that a column of its type gets.

    Args:
        site: where the mask works.
        elements: the rule of the elements.

    Example:
        ``emails: {mask: array, elements: email}``
    """
    # The type box alone separates its elements by something else, and no masker makes boxes.
    notation = Notation(_elements, _element_text, _element_token)
    return rewriting(notation, [site.nested("elements")])


def _field_text(token: str) -> str:
    plain = token[1:-1].replace('""', '\\"') if token.startswith('"') else token
    return _unescaped(plain)


def _field_token(fake: str | None, _: str) -> str:
    if fake is None:
        return ""
    return fake if _PLAIN_FIELD.fullmatch(fake) else _quoted(fake)


@masker(
    kinds=frozenset({Kind.COMPOSITE}),
    traits=Traits(keeps=True, format_kept=True),
    rules=lambda fields: {f"fields.{number}": rule for number, rule in fields.items()},
    inside=leaf,
)
def composite(site: Site, *, fields: _Numbered) -> Mask:
    """Masks fields of a composite value; the others and NULLs stay.

    Args:
        site: where the mask works.
        fields: from a field's number, in quotes and counted from 1, to its rule.

    Example:
        ``address: {mask: composite, fields: {"1": street_address, "2": city}}``
    """
    wanted = {int(number): which for which, number in enumerate(fields)}

    def find(text: str) -> list[Span] | None:
        if not (text.startswith("(") and text.endswith(")")):
            return None
        spans: list[Span] = []
        at, number = 1, 1
        while found := _FIELD.match(text, at):
            if found[0] and number in wanted:
                spans.append(Span(found.start(), found.end(), wanted[number]))
            at, number = found.end() + 1, number + 1
        return spans

    return rewriting(
        Notation(find, _field_text, _field_token),
        [site.nested(f"fields.{each}") for each in fields],
    )


@masker(
    kinds=frozenset({Kind.HSTORE}),
    traits=Traits(keeps=True, format_kept=True),
    rules=lambda keys: {f"keys.{key}": rule for key, rule in keys.items()},
    inside=leaf,
)
def hstore(site: Site, *, keys: _Rules) -> Mask:
    """Masks the values of some keys of an hstore; the others and NULLs stay.

    Args:
        site: where the mask works.
        keys: from key to rule; ``*`` is every key that is not named.

    Example:
        ``attributes: {mask: hstore, keys: {phone: phone, "*": lorem}}``
    """
    wanted = {key: which for which, key in enumerate(keys)}

    def find(text: str) -> Iterator[Span]:
        for found in _PAIR.finditer(text):
            which = wanted.get(_unescaped(found[1]), wanted.get("*"))
            if which is not None and found[2] is not None:
                yield Span(found.start(2) - 1, found.end(2) + 1, which)

    def encode(fake: str | None, _: str) -> str:
        return "NULL" if fake is None else _quoted(fake)

    return rewriting(
        Notation(find, _element_text, encode), [site.nested(f"keys.{each}") for each in keys]
    )
