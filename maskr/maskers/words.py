"""Words of several locales, drawn so that what belongs together agrees.

Which locale a row is of is drawn under one label, so the parts of one person or of one address,
drawn `by` one column, are of one locale. A word is drawn by its place in its pool, and so one draw
gives the same person's first name to every column that tells it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from maskr.keys import Draws
from maskr.maskers import Site

#: The parameter ``locale``: one, several, or several with a weight each.
Locale = str | list[str] | dict[str, Annotated[int, Field(ge=1)]] | None
#: For each row the number of the pool that its word comes from.
Which = npt.NDArray[np.int64]

# In the languages of Faker's largest locales, and by ISO/IEC 5218.
_FEMALE = "f|female|w|woman|weiblich|frau|mrs|ms|miss|femme|mme|mujer|femenino|mulher|2"
_MALE = "m|male|man|männlich|herr|mr|homme|masculin|hombre|masculino|homem|1"


@dataclass(frozen=True, slots=True)
class Words:
    """Pools laid end to end.

    Attributes:
        starts, sizes: of each pool, in words.
    """

    words: pl.Series
    starts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]

    @classmethod
    def of(cls, pools: Sequence[pl.Series], room: int | None = None) -> "Words":
        """From one pool or more; ``room`` is how many characters a word may have."""
        sizes = np.array([len(pool) for pool in pools])
        words = pl.concat([pool if room is None else fitted(pool, room) for pool in pools])
        return cls(words, np.cumsum(sizes) - sizes, sizes)

    @property
    def longest(self) -> int:
        """Characters of the longest word."""
        return max(self.words.str.len_chars().to_list(), default=0)

    def drawn(self, draws: Draws, label: str, which: Which) -> pl.Series:
        """A word a row, from the pool that ``which`` tells."""
        if len(self.sizes) == 1:
            return draws.pick(label, self.words)
        place = draws.words(label) % self.sizes[which].astype(np.uint64)
        return self.words.gather(pl.Series(self.starts[which] + place.astype(np.int64)))


def fitted(pool: pl.Series, room: int) -> pl.Series:
    """The pool with every word that is too long exchanged for another one, all others in place."""
    fits = pool.str.len_chars() <= room
    fitting = pool.filter(fits)
    if fitting.is_empty():
        return pool.str.slice(0, room)
    return pool.zip_with(fits, fitting.gather(np.arange(len(pool)) % len(fitting)))


@dataclass(frozen=True, slots=True)
class Choice:
    """Which pool each row draws from: by locale, and by gender where a column tells it.

    Attributes:
        locales: the distinct ones.
        limits: the sums of their weights up to and with each.
        locale_from, gender: the columns that tell, whose values a mask is handed in this order.
    """

    locales: tuple[str, ...]
    limits: tuple[int, ...]
    locale_from: str | None
    gender: str | None

    def pools(self, pool: Callable[[str], pl.Series]) -> list[pl.Series]:
        """One pool a locale."""
        return [pool(locale) for locale in self.locales]

    def which(self, draws: Draws, beside: Sequence[pl.Series]) -> Which:
        """For each row the number of its locale's pool, the female ones behind, then the male."""
        columns = iter(beside)
        found = np.zeros(len(draws), np.int64)
        if len(self.locales) > 1:
            drawn = draws.below("locale", self.limits[-1]).astype(np.int64)
            found = np.searchsorted(np.array(self.limits), drawn, side="right").astype(np.int64)
        if self.locale_from is not None:
            told = _numbered(next(columns), _spellings(self.locales))
            found = np.where(told >= 0, told, found)
        if self.gender is not None:
            names = {
                **dict.fromkeys(_FEMALE.split("|"), 1),
                **dict.fromkeys(_MALE.split("|"), 2),
            }
            found += len(self.locales) * np.maximum(_numbered(next(columns), names), 0)
        return found


def choice(
    site: Site, locale: Locale, locale_from: str | None, gender: str | None = None
) -> Choice:
    """What the parameters of these names say; without ``locale`` the policy's are meant."""
    if locale is None:
        weights = dict.fromkeys(site.locales, 1)
    elif isinstance(locale, str):
        weights = {locale: 1}
    else:
        weights = locale if isinstance(locale, dict) else dict.fromkeys(locale, 1)
    limits = tuple(int(limit) for limit in np.cumsum(list(weights.values())))
    return Choice(tuple(weights), limits, locale_from, gender)


def told_by(*, locale_from: str | None, gender: str | None = None, **_: object) -> list[str]:
    """The columns that a masker with these parameters reads."""
    return [column for column in (locale_from, gender) if column is not None]


def _numbered(values: pl.Series, names: Mapping[str, int]) -> Which:
    """The number of each value's name; -1 where it has none."""
    plain = values.str.strip_chars(" .").str.to_lowercase()
    return plain.replace_strict(names, default=-1, return_dtype=pl.Int64).to_numpy()


def _spellings(locales: Sequence[str]) -> Mapping[str, int]:
    """``de_at``, ``de-at``, the country ``at``, the language ``de``: the first locale wins."""
    names: dict[str, int] = {}
    parts = [locale.lower().split("_") for locale in locales]
    for number, part in enumerate(parts):
        names |= {"_".join(part): number, "-".join(part): number}
    for place in (-1, 0):
        for number, part in enumerate(parts):
            names.setdefault(part[place], number)
    return names
