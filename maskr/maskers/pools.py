"""Word pools from Faker: built once, then a draw picks. The only importer of faker.

Faker takes tens of microseconds a word (see BENCHMARKS.md), a pick takes nanoseconds: so Faker
never sees a row. A pool depends on the provider, its arguments, the locales and the key's seed,
and on Faker's version, which is why that is pinned.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from maskr.maskers import ANY, Mask, Site, masker

if TYPE_CHECKING:
    from faker import Faker

    from maskr.keys import Draws

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


class UnknownProviderError(ValueError):
    """Faker has no such provider, or it does not take these arguments."""


def build_pool(
    provider: str, locale: Sequence[str], seed: int, arguments: Mapping[str, object]
) -> pl.Series:
    """The distinct words of a Faker provider, as text, in the order they were drawn.

    Raises:
        UnknownProviderError: there is no such provider in these locales, or its arguments are off.
    """
    faker = _faker(tuple(locale))
    faker.seed_instance(seed)
    if provider.startswith("_") or provider in _NO_PROVIDER:
        raise UnknownProviderError(provider)
    try:
        method = getattr(faker, provider)
        words = dict.fromkeys(_text(method(**arguments)) for _ in range(_DRAWS))
    except (AttributeError, TypeError, ValueError, KeyError):
        raise UnknownProviderError(provider) from None
    return pl.Series(list(words), dtype=pl.String)


@cache
def _faker(locale: tuple[str, ...]) -> "Faker":
    from faker import Faker  # 0.2 s to import: only where a pool is made

    return Faker(list(locale))


def _text(value: object) -> str:
    """As PostgreSQL would read it; no word holds a NUL or a line break."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return re.sub(r"[\0\r\n]+", ", ", text)


@masker(kinds=ANY)
def faker(site: Site, *, provider: str, arguments: dict[str, object] | None = None) -> Mask:
    """Any provider of Faker, drawn from a pool of up to 4,096 of its values.

    Args:
        site: where the mask works.
        provider: its name in Faker's documentation (``job``, ``license_plate``, ``swift``).
        arguments: handed to the provider as they are.

    Example:
        ``agent: {mask: faker, provider: user_agent}``
    """
    pool = site.pool(provider, **(arguments or {}))

    def mask(values: pl.Series, draws: "Draws") -> pl.Series:
        return draws.pick(f"faker/{provider}", pool)

    return mask
