"""Rewrites pieces of texts in place: a notation finds them, masks fake them, the rest stays.

All pieces of one mask, of all texts of the column, are masked in one go.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from maskr.keys import Draws
from maskr.maskers import Inner, Mask


class Span(NamedTuple):
    """A piece of a text: where it begins and ends (characters), and which mask it gets."""

    start: int
    end: int
    mask: int


@dataclass(frozen=True, slots=True)
class Notation:
    """How values are written inside a text.

    Attributes:
        find: the spans of a text, from left to right, none within another; None for a text that
            is not written so.
        decode: what a piece stands for.
        encode: a fake (None for NULL) as a piece; it is told the old one, for its style.
    """

    find: Callable[[str], Iterable[Span] | None]
    decode: Callable[[str], str] = str
    encode: Callable[[str | None, str], str] = lambda fake, _: fake or ""


def rewrite(
    values: pl.Series, notation: Notation, masks: Sequence[Inner | str], draws: Draws | None = None
) -> pl.Series:
    """The texts with every piece masked; NULL where a text cannot be read.

    In the place of a mask may stand a text that replaces each of its pieces as it is. With
    ``draws`` (one a text) all pieces of a text are drawn from those, otherwise each from what it
    stands for.
    """
    texts: list[str | None] = values.to_list()
    spans = [None if text is None else _found(notation, text) for text in texts]
    return pl.Series(values.name, replaced(texts, spans, notation, masks, draws), dtype=pl.String)


def replaced(
    texts: Sequence[str | None],
    spans: Sequence[Sequence[Span] | None],
    notation: Notation,
    masks: Sequence[Inner | str],
    draws: Draws | None = None,
) -> list[str | None]:
    """The texts with the ``spans`` that were found in them masked, as `rewrite` does."""
    pieces: dict[int, list[str]] = {}
    rows: dict[int, list[int]] = {}
    for row, (text, found) in enumerate(zip(texts, spans, strict=True)):
        for start, end, mask in found or ():
            if text is None or isinstance(masks[mask], str):
                continue
            pieces.setdefault(mask, []).append(notation.decode(text[start:end]))
            rows.setdefault(mask, []).append(row)
    fakes: dict[int, Iterator[str | None] | str] = {
        mask: made for mask, made in enumerate(masks) if isinstance(made, str)
    }
    for mask, leaves in pieces.items():
        own = draws and draws.take(pl.Series(rows[mask]))
        fakes[mask] = iter(_masked(masks[mask], leaves, own))
    return [
        None if text is None or found is None else _edited(text, found, fakes, notation.encode)
        for text, found in zip(texts, spans, strict=True)
    ]


def rewriting(notation: Notation, masks: Sequence[Inner]) -> Mask:
    """The mask that rewrites every text of its column so."""

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        return rewrite(values, notation, masks)

    return mask


def _found(notation: Notation, text: str) -> list[Span] | None:
    found = notation.find(text)
    return None if found is None else list(found)


def _masked(mask: Inner | str, leaves: list[str], draws: Draws | None) -> list[str | None]:
    assert not isinstance(mask, str)  # noqa: S101 - such pieces are not gathered
    return mask(pl.Series(leaves, dtype=pl.String), draws).to_list()


def _edited(
    text: str,
    spans: Sequence[Span],
    fakes: Mapping[int, Iterator[str | None] | str],
    encode: Callable[[str | None, str], str],
) -> str:
    """The text with each span replaced by the next fake of its mask."""
    if not spans:
        return text
    pieces: list[str] = []
    at = 0
    for start, end, mask in spans:
        given = fakes[mask]
        new = given if isinstance(given, str) else encode(next(given), text[start:end])
        pieces += (text[at:start], new)
        at = end
    return "".join((*pieces, text[at:]))
