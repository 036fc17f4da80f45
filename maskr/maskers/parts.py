"""Maskers that keep or rewrite parts of a text."""

from typing import Annotated

import polars as pl
from pydantic import AfterValidator, Field

from maskr.keys import Draws
from maskr.maskers import TEXT, Mask, Site, Traits, masker
from maskr.maskers.characters import DIGITS, LETTERS, redrawn
from maskr.texts import Texts


@masker(
    kinds=TEXT,
    traits=lambda keep_first, keep_last, filler: Traits(
        keeps=keep_first + keep_last > 0, longest=keep_first + keep_last + len(filler)
    ),
)
def partial(
    site: Site,
    *,
    keep_first: Annotated[int, Field(ge=0)] = 0,
    keep_last: Annotated[int, Field(ge=0)] = 4,
    filler: str = "****",
) -> Mask:
    """A few characters of the value around a filler: ``****1234``.

    Args:
        site: where the mask works.
        keep_first: characters that stay at the beginning.
        keep_last: characters that stay at the end. A value too short to lose at least as many
            characters as it keeps loses all of them.
        filler: what stands for the rest, however long that was.

    Example:
        ``card_number: {mask: partial, keep_last: 4}``
    """
    kept = keep_first + keep_last

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        partly = values.str.head(keep_first) + filler + values.str.tail(keep_last)
        long_enough = (values.str.len_chars() >= 2 * kept).fill_null(False)
        return partly.zip_with(long_enough, pl.Series([filler]))

    return mask


@masker(kinds=TEXT, traits=Traits(keeps=True))
def truncate(site: Site, *, length: Annotated[int, Field(ge=0)]) -> Mask:
    """The first characters of the value, the rest is gone.

    Args:
        site: where the mask works.
        length: how many stay.

    Example:
        ``postcode: {mask: truncate, length: 3}``
    """

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        return values.str.head(length)

    return mask


@masker(kinds=TEXT, traits=Traits(format_kept=True, smallest_domain=1_000_000))
def scramble(site: Site) -> Mask:
    """Every character anew within its own class: digit for digit, capital for capital.

    Letters beyond ASCII become small ASCII ones, one for each of their bytes; spaces and
    punctuation stay.

    Example:
        ``tax_number: scramble``
    """

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        texts = Texts.of(values)
        return redrawn(texts, DIGITS[texts.buffer] | LETTERS[texts.buffer], draws, "scramble")

    return mask


def _pattern(text: str) -> str:
    """As polars' own engine takes it (Rust's regex, which has no look-around)."""
    try:
        pl.Series([""]).str.contains(text)
    except pl.exceptions.ComputeError:
        raise ValueError("this is no regular expression (of Rust's regex)") from None
    return text


@masker(kinds=TEXT, traits=Traits(keeps=True))
def regex_replace(
    site: Site, *, pattern: Annotated[str, AfterValidator(_pattern)], replacement: str = ""
) -> Mask:
    """Replaces every match of a regular expression; what does not match stays readable.

    A value without any match is one that cannot be read (see ``on_invalid``): nothing gets through
    because it is written otherwise than expected.

    Args:
        site: where the mask works.
        pattern: in the syntax of Rust's regex, which is linear in time.
        replacement: ``$1`` or ``${name}`` stands for a group, ``$$`` for a dollar.

    Example:
        ``url: {mask: regex_replace, pattern: "user=[^&]*", replacement: "user=x"}``
    """

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        matches = values.str.contains(pattern)
        nothing = pl.Series([None], dtype=pl.String)
        return values.str.replace_all(pattern, replacement).zip_with(
            matches.fill_null(False), nothing
        )

    return mask
