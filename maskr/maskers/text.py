"""Maskers of text as text: redacted, rewritten word by word, or composed from other columns."""

import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import AfterValidator, Field

from maskr.keys import Draws, scaled
from maskr.maskers import TEXT, Mask, Site, Traits, masker
from maskr.maskers.characters import CAPITALS, DIGITS, LETTERS
from maskr.texts import Bytes, Counts, Texts


@masker(
    kinds=TEXT,
    traits=lambda keep_first, keep_last, length, character: Traits(
        keeps=keep_first + keep_last > 0, format_kept=length is None, longest=length
    ),
)
def redact(
    site: Site,
    *,
    keep_first: Annotated[int, Field(ge=0)] = 0,
    keep_last: Annotated[int, Field(ge=0)] = 0,
    length: Annotated[int, Field(ge=1)] | None = None,
    character: Annotated[str, Field(min_length=1, max_length=1)] = "*",
) -> Mask:
    """Stars in the place of every character.

    Args:
        site: where the mask works.
        keep_first: characters that stay at the beginning.
        keep_last: characters that stay at the end. A value too short to lose at least as many
            characters as it keeps loses all of them.
        length: a fixed number of characters, which hides the value's own length.
        character: what stands for each.

    Example:
        ``iban: {mask: redact, keep_first: 2, keep_last: 4}``
    """
    kept = keep_first + keep_last

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        stars = values.str.replace_all(r"(?s).", character, literal=False)
        if length is not None:
            return pl.Series([character * length]).new_from_index(0, len(values))
        if not kept:
            return stars
        size = values.str.len_chars()
        partly = (
            values.str.slice(0, keep_first)
            + stars.str.slice(kept)
            + values.str.slice(pl.Series(size).cast(pl.Int64) - keep_last, keep_last)
        )
        return partly.zip_with((size >= 2 * kept).fill_null(False), stars)

    return mask


# Latin words of each length from 1 on, as in every printer's specimen since the 1500s. A longer
# word is put together from these.
_LATIN = (
    "a e i o",
    "ab ac ad at ea et eu ex id in ut se si",
    "sed non est cum qui aut hic per sit nec quo vel eos nam",
    "amet enim quis nisi aute esse sint sunt anim quia modi quam nemo unde",
    "dolor magna minim velit nulla culpa ullam animi autem omnis error totam aperi",
    "tempor labore aliqua veniam cillum fugiat mollit beatae dictas soluta sequia",
    "laboris commodo officia eligend nostrum ratione placeat quisqua maiores itaques",
    "pariatur deserunt voluptas corporis suscipit explicab officiis sapiente debitiis",
    "consequat voluptate excepteur cupidatat molestiae temporibu architect deleniti",
    "incididunt adipiscing exercitati praesentiu voluptatem repellendu blanditiis",
)
_LONGEST = len(_LATIN)


def _word_table() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint64]]:
    """Words as bytes by ``[length, choice, position]``, and how many choices a length has."""
    words = [[w for w in line.split() if len(w) == n] for n, line in enumerate(_LATIN, 1)]
    most = max(map(len, words))
    table = np.zeros((_LONGEST + 1, most, _LONGEST), np.uint8)
    for size, choices in enumerate(words, 1):
        for choice, word in enumerate(choices):
            table[size, choice, :size] = np.frombuffer(word.encode(), np.uint8)
    return table, np.array([1, *map(len, words)], np.uint64)


@masker(kinds=TEXT, traits=Traits(format_kept=True))
def lorem(site: Site) -> Mask:
    """A text of the same shape without its words.

    Every word becomes a Latin one of the same length, capitals stay capitals, every digit becomes
    another digit; spaces, line breaks and punctuation stay. What is beyond ASCII counts as a letter
    a byte.

    Example:
        ``notes: lorem``
    """
    table, choices = _word_table()

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        texts = Texts.of(values)
        chosen = LETTERS[texts.buffer] | DIGITS[texts.buffer]
        drawn = draws.stream("lorem", texts.rows_of(chosen))
        buffer = texts.buffer.copy()
        digits = DIGITS[buffer[chosen]]
        letters = LETTERS[texts.buffer]
        word = _words(letters, drawn[~digits], table, choices)
        word[CAPITALS[texts.buffer[letters]]] -= 32  # ASCII: "a" - "A"
        buffer[letters] = word
        buffer[DIGITS[texts.buffer]] = scaled(drawn[digits], 10).astype(np.uint8) + ord("0")
        return texts.replaced(buffer)

    return mask


def _words(
    letters: npt.NDArray[np.bool_],
    drawn: npt.NDArray[np.uint64],
    table: Bytes,
    choices: npt.NDArray[np.uint64],
) -> Bytes:
    """New bytes for every letter of the buffer: each run of letters gets a word of its length."""
    if not len(drawn):
        return np.empty(0, np.uint8)
    places = np.flatnonzero(letters)
    begins = np.concatenate(([True], np.diff(places) != 1))
    word_of = np.cumsum(begins) - 1
    first = np.flatnonzero(begins)
    size: Counts = np.diff(np.append(first, len(places)))
    position = np.arange(len(places)) - first[word_of]
    # A word longer than any in the table is made of pieces.
    piece, within = np.divmod(position, _LONGEST)
    length = np.minimum(_LONGEST, size[word_of] - piece * _LONGEST)
    start = np.arange(len(places)) - within
    choice = scaled(drawn[start], choices[length])
    made: Bytes = table[length, choice.astype(np.int64), within]
    return made


_FILTERS: dict[str, Callable[[pl.Series], pl.Series]] = {
    "lower": lambda text: text.str.to_lowercase(),
    "upper": lambda text: text.str.to_uppercase(),
    "title": lambda text: text.str.to_titlecase(),
    "initial": lambda text: text.str.slice(0, 1),
    "slug": lambda text: (
        text.str.normalize("NFKD").str.to_lowercase().str.replace_all(r"[^a-z0-9]", "")
    ),
}


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a template: literal text, and what follows it.

    That is a column (its ``original`` value or its fake) or so many drawn digits.
    """

    literal: str
    column: str | None = None
    filters: tuple[str, ...] = ()
    digits: int = 0
    original: bool = False


def _parts(template: str) -> tuple[_Part, ...]:
    return tuple(
        _part(literal, name, spec) for literal, name, spec, _ in string.Formatter().parse(template)
    )


def _part(literal: str, name: str | None, spec: str | None) -> _Part:
    if name is None:
        return _Part(literal)
    if name == "hash" and spec:
        if not spec.isdecimal() or not 1 <= int(spec) <= 32:
            raise ValueError("{hash:N} takes 1 to 32 digits")
        return _Part(literal, digits=int(spec))
    column, *filters = name.split("|")
    original = filters[:1] == ["original"]
    filters = filters[original:]
    unknown = [each for each in filters if each not in _FILTERS]
    if unknown or spec or not column:
        known = ", ".join(_FILTERS)
        raise ValueError(
            f"fields are {{column}}, {{column|original}}, {{column|filter}}, {{hash:N}}; "
            f"filters: {known}"
        )
    return _Part(literal, column, tuple(filters), original=original)


def _columns(template: str, *, original: bool) -> list[str]:
    parts = _parts(template)
    return [each.column for each in parts if each.column and each.original == original]


def _valid(template: str) -> str:
    _parts(template)
    return template


@masker(
    kinds=TEXT,
    traits=lambda format: Traits(
        unique=any(part.digits >= 24 for part in _parts(format)),
        keeps=any(part.original for part in _parts(format)),
    ),
    reads=lambda format: _columns(format, original=False),
    originals=lambda format: _columns(format, original=True),
)
def template(site: Site, *, format: Annotated[str, AfterValidator(_valid)]) -> Mask:
    """Text composed from the row's other columns, as they are in staging (masked, that is).

    Args:
        site: where the mask works.
        format: ``{column}`` is that column's masked value (nothing where it is NULL),
            ``{column|lower}`` filtered (lower, upper, title, initial, slug; several in a row).
            ``{column|original}`` is its value in production, for what tells nothing of a person;
            filters may follow.
            ``{hash:6}`` that many hexadecimal digits drawn from this column's own value. With
            ``{hash:24}`` or more a unique column may take it. Braces are doubled: ``{{``.

    Example:
        ``login: {mask: template, format: "{first_name|slug}.{last_name|slug}.{hash:6}"}``
    """
    parts = _parts(format)
    reads = len(_columns(format, original=False))

    def mask(values: pl.Series, draws: Draws, *siblings: pl.Series) -> pl.Series:
        fakes = iter(siblings[:reads])
        originals = iter(siblings[reads:])
        text = pl.Series([""]).new_from_index(0, len(values))
        for part in parts:
            text = text + part.literal
            if part.digits:
                text = text + draws.hex("template", part.digits)
            if part.column is not None:
                sibling = next(originals if part.original else fakes).fill_null("")
                for each in part.filters:
                    sibling = _FILTERS[each](sibling)
                text = text + sibling
        return text

    return mask
