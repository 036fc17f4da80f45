"""Maskers of JSON: what is named inside is masked, everything else keeps its very bytes.

A document is never parsed into objects and printed again: numbers, key order, big integers and
duplicate keys stay spelled as they were, because only the span of a masked leaf is replaced.
"""

import json as jsonlib
import re
from collections.abc import Callable, Sequence
from json.encoder import encode_basestring
from typing import Annotated

import numpy as np
import polars as pl
from pydantic import AfterValidator

from maskr.keys import Draws
from maskr.maskers import Inner, Mask, Nested, Site, Traits, leaf, masker
from maskr.maskers.jsonindex import Flags, Leaves, find, key_path, simple
from maskr.maskers.jsonpath import Path, Paths, parse_path
from maskr.maskers.pieces import replaced, slices
from maskr.maskers.spans import Notation, Span, rewrite
from maskr.model import Kind
from maskr.texts import joined

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_ESCAPED = r'[\x00-\x1f"\\]'  # what JSON never shows as it is (RFC 8259, section 7)
_UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")
# Stands for a member that is gone until its comma is, too. PostgreSQL's text never holds a NUL.
_GONE = "\0"


def _checked(path: str) -> str:
    parse_path(path)
    return path


_Path = Annotated[str, AfterValidator(_checked)]


@masker(
    kinds=frozenset({Kind.JSON, Kind.TEXT}),
    traits=Traits(keeps=True, format_kept=True),
    rules=lambda paths, **_: {f"paths.{path}": rule for path, rule in (paths or {}).items()},
    inside=leaf,
)
def json(
    site: Site,
    *,
    paths: dict[_Path, Nested] | None = None,
    set: dict[_Path, object] | None = None,
    delete: list[_Path] | None = None,
) -> Mask:
    """Masks what stands at the named paths of a JSON document, and nothing else.

    A leaf gets the very fake that a column of text with the same rule gets. A path that ends at an
    object or array masks every leaf below it; of two paths that name one leaf, the first counts:
    ``{"$.country": keep, "$": lorem}`` keeps the country and masks every other leaf. A text that
    is no JSON is one that cannot be read (see ``on_invalid``).

    Args:
        site: where the mask works.
        paths: from JSONPath to rule. ``$.a.b``, ``$['a b']``, ``$.list[*].name``, ``$.list[0]``,
            ``$.*``, and ``$..phone`` (or ``$.**.phone``) at any depth.
        set: from JSONPath to the value that replaces whatever stands there. Nothing is added.
        delete: what is taken out: members with their key, elements of arrays.

    Example:
        ``profile: {mask: json, paths: {"$.contact.email": email, "$..phone": phone}}``
    """
    gone, fixed, masked = delete or [], set or {}, paths or {}
    every = tuple(parse_path(path) for path in (*gone, *fixed, *masked))
    finder = Paths(every, whole=len(gone) + len(fixed), members=len(gone))
    masks: list[Inner | str] = [_GONE] * len(gone)
    masks += [jsonlib.dumps(value, ensure_ascii=False) for value in fixed.values()]
    masks += [site.nested(f"paths.{path}") for path in masked]
    always_valid = site.column.kind is Kind.JSON

    def scan(text: str) -> list[Span] | None:
        return list(finder.spans(text)) if always_valid or _valid(text) else None

    notation = Notation(scan, _leaf, _token)
    quick = _quick(every, notation, masks) if always_valid else None

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        out = quick(values) if quick else rewrite(values, notation, masks)
        if not gone:
            return out
        after = out.str.replace_all(rf"{_GONE}\s*,\s*", "")
        return after.str.replace_all(rf"\s*,\s*{_GONE}|{_GONE}", "")

    return mask


def _quick(
    paths: Sequence[Path], notation: Notation, masks: Sequence[Inner | str]
) -> Callable[[pl.Series], pl.Series] | None:
    """The same as `rewrite`, many times as fast; None where a path is more than keys."""
    keys = [found for found in map(key_path, paths) if found is not None]
    inner = [mask for mask in masks if not isinstance(mask, str)]
    if len(keys) < len(paths) or len(inner) < len(masks):
        return None

    def quick(values: pl.Series) -> pl.Series:
        plain = simple(values).fill_null(False)
        easy = plain.arg_true()
        documents = values.gather(easy)
        leaves = find(documents, keys)
        out = replaced(documents, leaves, _fakes(documents, leaves, inner))
        scanned = pl.concat([easy.gather(leaves.hard), (~plain).arg_true()])
        if len(easy) == len(values) and scanned.is_empty():
            return out
        rewritten = rewrite(values.gather(scanned), notation, masks)
        return values.scatter(easy, out).scatter(scanned, rewritten)

    return quick


def _fakes(documents: pl.Series, leaves: Leaves, masks: Sequence[Inner]) -> pl.Series:
    """What stands in the place of each leaf, as JSON."""
    tokens = slices(documents.gather(leaves.rows), leaves.starts, leaves.ends)
    texts = tokens.str.strip_chars('"')
    made = texts
    for which, mask in enumerate(masks):
        rows = np.flatnonzero(leaves.paths == which)
        made = made.scatter(rows, mask(texts.gather(rows)))
    return _printed(made, tokens, leaves.quoted)


def _printed(fakes: pl.Series, tokens: pl.Series, quoted: Flags) -> pl.Series:
    """The same as `_token` for a whole column."""
    out = joined('"', fakes, '"').fill_null("null")
    odd = (fakes.str.contains(_ESCAPED).fill_null(False) | pl.Series(~quoted)).arg_true()
    if odd.is_empty():
        return out
    pairs = zip(fakes.gather(odd).to_list(), tokens.gather(odd).to_list(), strict=True)
    return out.scatter(odd, pl.Series([_token(*pair) for pair in pairs], dtype=pl.String))


def _valid(text: str) -> bool:
    try:
        jsonlib.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _leaf(token: str) -> str:
    """A scalar's value as text: what a column of the same value would hold."""
    if not token.startswith('"'):
        return token
    if "\\" not in token:
        return token[1:-1]
    # What JSON may spell and PostgreSQL's text cannot hold: NUL and half a surrogate pair.
    return _UNSTORABLE.sub("\ufffd", str(jsonlib.loads(token)))


def _token(fake: str | None, old: str) -> str:
    """A fake as JSON: a number or a boolean stays one where the fake can be written as one."""
    if fake is None:
        return "null"
    if old[0] != '"' and (_NUMBER.fullmatch(fake) or fake in ("true", "false")):
        return fake
    return encode_basestring(fake)
