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
from maskr.maskers.jsonindex import Leaves, find, key_path, simple
from maskr.maskers.jsonpath import Path, Paths, parse_path
from maskr.maskers.spans import Notation, Span, rewrite
from maskr.model import Kind
from maskr.texts import Texts, split

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
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
    names = [f'"{path.keys[-1].decode()}"' for path in keys]

    def quick(values: pl.Series) -> pl.Series:
        plain = simple(values).fill_null(False)
        worth = plain & values.str.contains_any(names).fill_null(False)
        easy = worth.arg_true()
        texts = Texts.of(values.gather(easy))
        leaves = find(texts, keys)
        made = split(_patched(texts, leaves, inner), len(easy))
        out = values.scatter(easy, made)
        scanned = pl.concat([easy.gather(leaves.hard), (~plain).arg_true()])
        return out.scatter(scanned, rewrite(values.gather(scanned), notation, masks))

    return quick


def _patched(texts: Texts, leaves: Leaves, masks: Sequence[Inner]) -> bytes:
    """The buffer with each leaf's fake in its place."""
    data = texts.buffer.tobytes()
    spans = list(zip(leaves.starts.tolist(), leaves.ends.tolist(), strict=True))
    tokens = [data[start:end].decode() for start, end in spans]
    fakes: list[str | None] = [None] * len(tokens)
    for which, mask in enumerate(masks):
        rows = np.flatnonzero(leaves.paths == which).tolist()
        own = mask(pl.Series([_leaf(tokens[row]) for row in rows], dtype=pl.String))
        for row, fake in zip(rows, own.to_list(), strict=True):
            fakes[row] = fake
    pieces: list[bytes] = []
    at = 0
    for (start, end), fake, token in zip(spans, fakes, tokens, strict=True):
        pieces += (data[at:start], _token(fake, token).encode())
        at = end
    return b"".join((*pieces, data[at:]))


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
