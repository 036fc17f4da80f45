"""Word pools from Faker: built once, then a draw picks. The only importer of faker.

Faker takes tens of microseconds a word (see BENCHMARKS.md), a pick takes nanoseconds: so Faker
never sees a row. A pool depends on the provider, its arguments, the locales and the key's seed,
and on Faker's version, which is why that is pinned.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from maskr.maskers import ANY, TEXT, Mask, Site, masker
from maskr.maskers.words import Locale, Words, choice, told_by

if TYPE_CHECKING:
    from faker import Faker

# Words asked of Faker a pool. Its largest list of first names in one locale has about 700 entries
# and 4096 draws find nearly all of them; a pool of made-up values (streets, companies) has as many
# members as draws, and 4096 of them are built in a quarter of a second.
_DRAWS = 4096

# Faker's own methods that are no providers: none of them gives a value.
_NO_PROVIDER = frozenset(
    [
        "add_provider",
        "del_arguments",
        "enum",
        "format",
        "get_arguments",
        "get_formatter",
        "get_providers",
        "items",
        "optional",
        "parse",
        "provider",
        "random",
        "seed",
        "seed_instance",
        "seed_locale",
        "set_arguments",
        "set_formatter",
        "unique",
        "factories",
        "locales",
        "weights",
        "cache_pattern",
        "generator_attrs",
    ]
)


# What separates the parts of a word that has several; no word of Faker's holds one.
_SEPARATOR = "\x1f"
#: The parts of a `PLACE`'s words, in this order.
PLACE_PARTS = ("city", "state", "state_abbr", "postcode", "country")
#: A provider of our own: whole places, whose parts belong together as far as Faker knows.
PLACE = "maskr/place"


class UnknownProviderError(ValueError):
    """Faker has no such provider or locale, or the provider does not take these arguments."""


def build_pool(
    provider: str, locale: Sequence[str], seed: int, arguments: Mapping[str, object]
) -> pl.Series:
    """The distinct words of a Faker provider, as text, in the order they were drawn.

    Raises:
        UnknownProviderError: there is no such provider in these locales, or its arguments are off.
    """
    if provider.startswith("_") or provider in _NO_PROVIDER:
        raise UnknownProviderError(provider)
    try:
        faker = _faker(tuple(locale))
        faker.seed_instance(seed)
        if provider == PLACE:
            method = partial(_place, faker, faker.current_country())
        else:
            method = getattr(faker, provider)
        words = dict.fromkeys(_text(method(**arguments)) for _ in range(_DRAWS))
    except (AttributeError, TypeError, ValueError, KeyError):
        raise UnknownProviderError(provider) from None
    return pl.Series(list(words), dtype=pl.String)


@cache
def _faker(locale: tuple[str, ...]) -> "Faker":
    from faker import Faker  # 0.2 s to import: only where a pool is made

    # Each word as likely as the next: a pool holds every word once, so Faker's weights would only
    # make it miss the rare ones, and take thirty times as long.
    return Faker(list(locale), use_weighting=False)


def _place(faker: "Faker", country: str) -> str:
    state, abbreviation, postcode = "", "", ""
    if hasattr(faker, "postcode_in_state") and hasattr(faker, "state_abbr"):
        abbreviation = faker.state_abbr(
            include_territories=False, include_freely_associated_states=False
        )
        state, postcode = _us_states()[abbreviation], faker.postcode_in_state(abbreviation)
    else:
        state = str(faker.administrative_unit()) if hasattr(faker, "administrative_unit") else ""
        postcode = faker.postcode()
    parts = (faker.city(), state, abbreviation or state, postcode, country)
    return _SEPARATOR.join(parts)


@cache
def _us_states() -> Mapping[str, str]:
    from faker.providers.address.en_US import Provider

    abbreviations = [each for each in Provider.states_abbr if each != "DC"]
    named = dict(zip(abbreviations, Provider.states, strict=True))
    return {**named, "DC": "District of Columbia"}


def parted(places: pl.Series) -> Mapping[str, pl.Series]:
    """The parts of a pool of `PLACE`, by the names of `PLACE_PARTS`."""
    fields = places.str.split_exact(_SEPARATOR, len(PLACE_PARTS) - 1).struct
    return {
        name: fields.field(f"field_{number}").alias("") for number, name in enumerate(PLACE_PARTS)
    }


def _text(value: object) -> str:
    """As PostgreSQL would read it; no word holds a NUL or a line break."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return re.sub(r"[\0\r\n]+", ", ", text)


@masker(kinds=ANY, reads=told_by)
def faker(
    site: Site,
    *,
    provider: str,
    arguments: dict[str, object] | None = None,
    locale: Locale = None,
    locale_from: str | None = None,
) -> Mask:
    """Any provider of Faker, drawn from a pool of up to 4,096 of its values.

    Args:
        site: where the mask works.
        provider: its name in Faker's documentation (``job``, ``license_plate``, ``swift``).
        arguments: handed to the provider as they are.
        locale: as for ``first_name``.
        locale_from: as for ``first_name``.

    Example:
        ``agent: {mask: faker, provider: user_agent}``
    """
    chosen = choice(site, locale, locale_from)
    given = arguments or {}
    pools = chosen.pools(lambda locale: site.pool(provider, (locale,), **given))
    words = Words.of(pools, site.column.length)
    label = f"faker/{provider}"
    return lambda values, draws, *beside: words.drawn(draws, label, chosen.which(draws, beside))


@masker(kinds=TEXT)
def user_agent(site: Site) -> Mask:
    """What a browser calls itself.

    Example:
        ``agent: user_agent``
    """
    words = Words.of([site.pool("user_agent")], site.column.length)
    return lambda values, draws: words.drawn(draws, "user_agent", np.zeros(len(values), np.int64))
