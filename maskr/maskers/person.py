"""Maskers of what a person or a company is called and where it lives: Faker's words, drawn.

The labels are shared: with ``by: customer_id`` a first name, a whole name and an e-mail address
are drawn from the same numbers, and so agree with each other.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from maskr.keys import Draws
from maskr.maskers import TEXT, Mask, Site, Traits, masker
from maskr.texts import joined

_FAR = 10_000  # house numbers and the like are drawn below this


def _picked(provider: str) -> Callable[[Site], Mask]:
    """What every masker does that picks one word of one pool."""

    def build(site: Site) -> Mask:
        pool = site.pool(provider)
        return lambda values, draws: draws.pick(provider, pool)

    return build


@masker(kinds=TEXT, traits=Traits(smallest_domain=1000))
def first_name(site: Site) -> Mask:
    """A first name in the policy's locales.

    Example:
        ``first_name: {mask: first_name, by: id}``
    """
    return _picked("first_name")(site)


@masker(kinds=TEXT, traits=Traits(smallest_domain=1000))
def last_name(site: Site) -> Mask:
    """A family name in the policy's locales.

    Example:
        ``last_name: last_name``
    """
    return _picked("last_name")(site)


@masker(kinds=TEXT, traits=Traits(smallest_domain=1000))
def name(site: Site) -> Mask:
    """A first and a last name.

    Drawn ``by`` the same column as ``first_name`` and ``last_name`` it is made of the very same.

    Example:
        ``holder: {mask: name, by: customer_id}``
    """
    first, last = site.pool("first_name"), site.pool("last_name")

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        return joined(draws.pick("first_name", first), " ", draws.pick("last_name", last))

    return mask


@masker(kinds=TEXT)
def city(site: Site) -> Mask:
    """A city's name.

    Example:
        ``city: {mask: city, by: address_id}``
    """
    return _picked("city")(site)


@masker(kinds=TEXT)
def company(site: Site) -> Mask:
    """A company's name.

    Faker's pool holds about 4,000 of them; a drawn number is not added, so that the names look
    like names: where more companies than that must stay apart, use ``template`` with a hash.

    Example:
        ``company: company``
    """
    return _picked("company")(site)


@masker(kinds=TEXT)
def street_address(site: Site) -> Mask:
    """A street and a house number, written as the locale does.

    The street comes from a pool of about 4,000, its numbers from the draw: tens of millions of
    distinct addresses, so that a large table keeps its cardinality.

    Example:
        ``street: street_address``
    """
    pool = site.pool("street_address")
    # Only the first number of an address is drawn anew: "12", not the "3" of "Apt. 3".
    before = pool.str.extract(r"^(\D*)\d+", 1).fill_null("")
    after = pool.str.extract(r"^\D*\d+((?s:.*))$", 1).fill_null(" " + pool)

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        street = pl.Series(draws.below("street", len(pool)), dtype=pl.UInt32)
        number = pl.Series(draws.below("house", _FAR - 1) + np.uint64(1)).cast(pl.String)
        return joined(before.gather(street), number, after.gather(street))

    return mask
