"""Maskers of texts that hold fields: key=value pairs and CSV."""

import re
from typing import Annotated

from pydantic import Field

from maskr.maskers import Mask, Nested, Site, Traits, leaf, masker
from maskr.maskers.spans import Notation, Span, rewriting
from maskr.model import Kind

_CELL = re.compile(r'"((?:[^"]|"")*)"|[^",\r\n]*', re.DOTALL)

_Rules = Annotated[dict[str, Nested], Field(min_length=1)]
_Numbered = Annotated[
    dict[Annotated[str, Field(pattern=r"^[1-9]\d*$")], Nested], Field(min_length=1)
]


@masker(
    kinds=frozenset({Kind.TEXT}),
    traits=Traits(keeps=True, format_kept=True),
    rules=lambda keys, **_: {f"keys.{key}": rule for key, rule in keys.items()},
    inside=leaf,
)
def pairs(
    site: Site,
    *,
    keys: _Rules,
    separator: Annotated[str, Field(min_length=1)] = ";",
    equals: Annotated[str, Field(min_length=1)] = "=",
) -> Mask:
    """Masks the values of some keys in text such as ``name=Ann; mail=ann@example.com``.

    Blanks around keys and values stay. A text with a part that is no pair is one that cannot be
    read (see ``on_invalid``).

    Args:
        site: where the mask works.
        keys: from key to rule; ``*`` is every key that is not named.
        separator: stands between two pairs.
        equals: stands between key and value.

    Example:
        ``settings: {mask: pairs, keys: {mail: email, "*": lorem}, separator: ";"}``
    """
    wanted = {key: which for which, key in enumerate(keys)}

    def find(text: str) -> list[Span] | None:
        spans: list[Span] = []
        at = 0
        for part in text.split(separator):
            key, sign, value = part.partition(equals)
            if part.strip() and not sign:
                return None
            which = wanted.get(key.strip(), wanted.get("*"))
            if which is not None and value.strip():
                start = at + len(key) + len(sign) + len(value) - len(value.lstrip())
                spans.append(Span(start, start + len(value.strip()), which))
            at += len(part) + len(separator)
        return spans

    def encode(fake: str | None, _: str) -> str:
        # A fake must not begin a pair of its own.
        return (fake or "").replace(separator, " ")

    return rewriting(Notation(find, encode=encode), [site.nested(f"keys.{each}") for each in keys])


@masker(
    kinds=frozenset({Kind.TEXT}),
    traits=Traits(keeps=True, format_kept=True),
    rules=lambda fields, **_: {f"fields.{number}": rule for number, rule in fields.items()},
    inside=leaf,
)
def csv(
    site: Site,
    *,
    fields: _Numbered,
    separator: Annotated[str, Field(min_length=1, max_length=1, pattern=r'[^"\r\n]')] = ",",
) -> Mask:
    """Masks fields of CSV text (RFC 4180) in every line of a value; the others stay.

    Args:
        site: where the mask works.
        fields: from a field's number, in quotes and counted from 1, to its rule.
        separator: stands between two fields.

    Example:
        ``import_line: {mask: csv, fields: {"2": last_name, "3": email}}``
    """
    wanted = {int(number): which for which, number in enumerate(fields)}
    cell = re.compile(_CELL.pattern.replace(",", re.escape(separator)), re.DOTALL)

    def find(text: str) -> list[Span] | None:
        spans: list[Span] = []
        at, number = 0, 1
        while found := cell.match(text, at):
            at = found.end()
            if found[0] and number in wanted:
                spans.append(Span(found.start(), at, wanted[number]))
            if at == len(text):
                return spans
            if text[at] not in (separator, "\r", "\n"):
                return None  # something stands behind a closing quote
            number = number + 1 if text[at] == separator else 1
            at += 1
        return None

    def decode(token: str) -> str:
        return token[1:-1].replace('""', '"') if token.startswith('"') else token

    def encode(fake: str | None, _: str) -> str:
        text = fake or ""
        plain = not any(sign in text for sign in (separator, '"', "\r", "\n"))
        return text if plain else '"' + text.replace('"', '""') + '"'

    return rewriting(
        Notation(find, decode, encode), [site.nested(f"fields.{each}") for each in fields]
    )
