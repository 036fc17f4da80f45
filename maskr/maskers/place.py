"""Maskers of where somebody lives: the parts of an address, which agree with each other.

City, state, postcode and country of a row come from one place out of a pool of whole places:
drawn ``by`` one column they belong together, as far as Faker knows what belongs together (the
United States' postcodes are of their state; of elsewhere only the country is sure to be right).
"""

from dataclasses import replace
from functools import cache
from typing import Annotated

import polars as pl
from pydantic import Field

from maskr.keys import Draws
from maskr.maskers import TEXT, Mask, Site, Traits, masker
from maskr.maskers.characters import DIGITS, LETTERS, redrawn
from maskr.maskers.pools import PLACE, parted
from maskr.maskers.words import Choice, Locale, Words, choice, told_by
from maskr.texts import Texts, joined

_FAR = 10_000  # house numbers are drawn below this


def _part(site: Site, part: str, chosen: Choice) -> Mask:
    """One part of the row's place."""
    pools = chosen.pools(lambda locale: parted(site.pool(PLACE, (locale,)))[part])
    words = Words.of(pools, site.column.length)
    return lambda values, draws, *beside: words.drawn(draws, "place", chosen.which(draws, beside))


@masker(kinds=TEXT, reads=told_by)
def city(site: Site, *, locale: Locale = None, locale_from: str | None = None) -> Mask:
    """A city's name.

    Args:
        site: where the mask works.
        locale: as for ``first_name``.
        locale_from: as for ``first_name``.

    Example:
        ``city: {mask: city, by: address_id}``
    """
    return _part(site, "city", choice(site, locale, locale_from))


@masker(kinds=TEXT, reads=told_by)
def state(
    site: Site,
    *,
    abbreviated: bool = False,
    locale: Locale = None,
    locale_from: str | None = None,
) -> Mask:
    """A state, province or whatever the country is divided into.

    Args:
        site: where the mask works.
        abbreviated: two letters, for the United States; other countries' stay whole.
        locale: as for ``first_name``.
        locale_from: as for ``first_name``.

    Example:
        ``state: {mask: state, by: address_id, abbreviated: true}``
    """
    part = "state_abbr" if abbreviated else "state"
    return _part(site, part, choice(site, locale, locale_from))


@masker(kinds=TEXT, traits=Traits(coincides=True), reads=told_by)
def country(site: Site, *, locale: Locale = None, locale_from: str | None = None) -> Mask:
    """The English name of the country that the row's place is in: that of its locale.

    Args:
        site: where the mask works.
        locale: as for ``first_name``.
        locale_from: as for ``first_name``.

    Example:
        ``country: {mask: country, by: address_id, locale: [en_US, en_GB, fr_FR, de_DE]}``
    """
    return _part(site, "country", choice(site, locale, locale_from))


@masker(
    kinds=TEXT,
    traits=lambda keep, **_: Traits(keeps=keep > 0, format_kept=keep > 0, coincides=True),
    reads=told_by,
)
def postcode(
    site: Site,
    *,
    keep: Annotated[int, Field(ge=0)] = 0,
    locale: Locale = None,
    locale_from: str | None = None,
) -> Mask:
    """A postcode.

    Args:
        site: where the mask works.
        keep: so many leading characters stay, the letters and digits behind them are drawn, and
            the locale does not matter. A value no longer than that loses all of them.
        locale: as for ``first_name``.
        locale_from: as for ``first_name``.

    Example:
        ``zip: {mask: postcode, keep: 2}``
    """
    if not keep:
        return _part(site, "postcode", choice(site, locale, locale_from))

    def mask(values: pl.Series, draws: Draws, *beside: pl.Series) -> pl.Series:
        head = values.str.slice(0, keep)
        long = (values.str.len_chars() > keep).fill_null(False)
        tail = values.str.slice(keep).zip_with(long, values)
        texts = Texts.of(tail)
        drawn = redrawn(texts, (DIGITS | LETTERS)[texts.buffer], draws, "postcode")
        return joined(head, drawn).zip_with(long, drawn)

    return mask


@masker(kinds=TEXT, reads=told_by)
def street_address(site: Site, *, locale: Locale = None, locale_from: str | None = None) -> Mask:
    """A street and a house number, written as the locale does.

    The street comes from a pool of about 4,000, its number from the draw: tens of millions of
    distinct addresses, so that a large table keeps its cardinality.

    Args:
        site: where the mask works.
        locale: as for ``first_name``.
        locale_from: as for ``first_name``.

    Example:
        ``street: {mask: street_address, by: address_id}``
    """
    return _street(site, choice(site, locale, locale_from))


def _street(site: Site, chosen: Choice) -> Mask:
    room = site.column.length
    # The number may become longer than the one that is exchanged for it.
    spare = None if room is None else max(1, room - len(str(_FAR)) + 2)
    pools = chosen.pools(lambda locale: site.pool("street_address", (locale,)))
    words = Words.of(pools, spare)
    # Only the first number of an address is drawn anew: "12", not the "3" of "Apt. 3".
    numbered = r"^(\D*)\d+((?s:.*))$"
    before = replace(words, words=words.words.str.extract(numbered, 1).fill_null(""))
    after = replace(words, words=words.words.str.extract(numbered, 2).fill_null(" " + words.words))

    def mask(values: pl.Series, draws: Draws, *beside: pl.Series) -> pl.Series:
        which = chosen.which(draws, beside)
        number = draws.pick("house", _house_numbers())
        head, tail = (part.drawn(draws, "street", which) for part in (before, after))
        return joined(head, number, tail)

    return mask


@cache
def _house_numbers() -> pl.Series:
    return pl.Series(range(1, _FAR)).cast(pl.String)


@masker(kinds=TEXT, reads=told_by)
def address(site: Site, *, locale: Locale = None, locale_from: str | None = None) -> Mask:
    """A whole address on one line, made of what the maskers of its parts give.

    Where states have an abbreviation it is ``street, city, ST postcode``; elsewhere
    ``street, postcode city``.

    Args:
        site: where the mask works.
        locale: as for ``first_name``.
        locale_from: as for ``first_name``.

    Example:
        ``address: {mask: address, by: customer_id}``
    """
    chosen = choice(site, locale, locale_from)
    street = _street(site, chosen)
    pools = chosen.pools(lambda locale: _towns(site.pool(PLACE, (locale,))))
    towns = Words.of(pools)

    def mask(values: pl.Series, draws: Draws, *beside: pl.Series) -> pl.Series:
        town = towns.drawn(draws, "place", chosen.which(draws, beside))
        return joined(street(values, draws, *beside), ", ", town)

    return mask


def _towns(places: pl.Series) -> pl.Series:
    part = parted(places)
    american = joined(part["city"], ", ", part["state_abbr"], " ", part["postcode"])
    other = joined(part["postcode"], " ", part["city"])
    return american.zip_with(part["state_abbr"].str.contains(r"^[A-Z]{2}$"), other)
