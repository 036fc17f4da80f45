"""Maskers of what a person is called: names in the policy's locales.

The labels are shared: with ``by: customer_id`` a first name, a whole name, a user name and an
e-mail address are drawn from the same numbers, and so agree with each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from maskr.keys import Draws
from maskr.maskers import TEXT, Mask, Site, Traits, masker
from maskr.maskers.words import Choice, Locale, Words, choice, told_by
from maskr.texts import joined

#: Hexadecimal digits that keep any two values apart.
UNIQUE_DIGITS = 24  # 96 bits: two of 10**9 names meet with a chance below 10**-10
_LONGEST_LOGIN = 24  # characters kept of first name, dot and last name


@dataclass(frozen=True, slots=True)
class Person:
    """The names of the persons of a column.

    Attributes:
        dotted: the first names with a dot behind each, for logins.
    """

    choice: Choice
    firsts: Words
    lasts: Words
    dotted: Words

    @classmethod
    def of(cls, site: Site, chosen: Choice, *, slugs: bool = False) -> "Person":
        """Makes the pools; with ``slugs`` their words are plain ASCII, for logins and addresses."""
        genders = ["", "_female", "_male"] if chosen.gender else [""]
        shape = slug if slugs else _same
        room = None if slugs else site.column.length
        firsts = [
            shape(site.pool(f"first_name{gender}", (locale,)))
            for gender in genders
            for locale in chosen.locales
        ]
        lasts = [shape(site.pool("last_name", (locale,))) for locale in chosen.locales]
        words = Words.of(firsts, room)
        dotted = replace(words, words=words.words + ".")
        return cls(chosen, words, Words.of(lasts * len(genders), room), dotted)

    def first(self, draws: Draws, beside: Sequence[pl.Series]) -> pl.Series:
        """The first names."""
        return self.firsts.drawn(draws, "first_name", self.choice.which(draws, beside))

    def last(self, draws: Draws, beside: Sequence[pl.Series]) -> pl.Series:
        """The last names."""
        return self.lasts.drawn(draws, "last_name", self.choice.which(draws, beside))

    def login(
        self, draws: Draws, beside: Sequence[pl.Series], most: int = _LONGEST_LOGIN
    ) -> pl.Series:
        """``first.last``, in at most ``most`` characters and never more than 24."""
        which = self.choice.which(draws, beside)
        first = self.dotted.drawn(draws, "first_name", which)
        whole = joined(first, self.lasts.drawn(draws, "last_name", which))
        most = min(most, _LONGEST_LOGIN)
        fits = self.dotted.longest + self.lasts.longest <= most
        return whole if fits else whole.str.slice(0, most)


def room(site: Site) -> int:
    """How many characters the column holds; plenty where it has no bound."""
    return site.column.length or 1 << 20


def slug(pool: pl.Series) -> pl.Series:
    """The ASCII letters and digits of each word, lower case; ``x`` where none is left."""
    plain = pool.str.normalize("NFKD").str.to_lowercase().str.replace_all(r"[^a-z0-9]", "")
    return plain.set(plain == "", "x")


def _same(pool: pl.Series) -> pl.Series:
    return pool


@masker(kinds=TEXT, traits=Traits(smallest_domain=1000), reads=told_by)
def first_name(
    site: Site, *, gender: str | None = None, locale: Locale = None, locale_from: str | None = None
) -> Mask:
    """A first name.

    Args:
        site: where the mask works.
        gender: a column of the row that tells it (``f``, ``female``, ``Mrs``, ``2``, …, and so
            on for men); where it says neither, any name is drawn.
        locale: instead of the policy's: one, a list, or a mapping from locale to weight.
        locale_from: a column that tells each row's locale, country or language (``de_AT``, ``AT``,
            ``de``); where it says none of the locales, one is drawn.

    Example:
        ``first_name: {mask: first_name, by: id, locale: {en_US: 3, de_DE: 1}}``
    """
    person = Person.of(site, choice(site, locale, locale_from, gender))
    return lambda values, draws, *beside: person.first(draws, beside)


@masker(kinds=TEXT, traits=Traits(smallest_domain=1000), reads=told_by)
def last_name(site: Site, *, locale: Locale = None, locale_from: str | None = None) -> Mask:
    """A family name.

    Args:
        site: where the mask works.
        locale: as for ``first_name``.
        locale_from: as for ``first_name``.

    Example:
        ``last_name: {mask: last_name, by: id}``
    """
    person = Person.of(site, choice(site, locale, locale_from))
    return lambda values, draws, *beside: person.last(draws, beside)


@masker(kinds=TEXT, traits=Traits(smallest_domain=1000), reads=told_by)
def name(
    site: Site, *, gender: str | None = None, locale: Locale = None, locale_from: str | None = None
) -> Mask:
    """A first and a last name.

    Drawn ``by`` the same column as ``first_name`` and ``last_name``, with the same parameters, it
    is made of the very same.

    Args:
        site: where the mask works.
        gender: as for ``first_name``.
        locale: as for ``first_name``.
        locale_from: as for ``first_name``.

    Example:
        ``holder: {mask: name, by: customer_id}``
    """
    person = Person.of(site, choice(site, locale, locale_from, gender))

    def mask(values: pl.Series, draws: Draws, *beside: pl.Series) -> pl.Series:
        return joined(person.first(draws, beside), " ", person.last(draws, beside))

    return mask


@masker(
    kinds=TEXT,
    # A narrow column gets less of the name.
    traits=lambda unique, **_: Traits(unique=unique, longest=2 + (UNIQUE_DIGITS if unique else 4)),
    reads=told_by,
)
def username(
    site: Site,
    *,
    unique: bool = True,
    gender: str | None = None,
    locale: Locale = None,
    locale_from: str | None = None,
) -> Mask:
    """A login, ``first.last.<drawn>``, of the names that ``first_name`` and ``last_name`` give.

    Args:
        site: where the mask works.
        unique: 24 hexadecimal digits (96 bits) behind the name, so that no two logins meet. With
            ``false`` 4 digits, which read better.
        gender: as for ``first_name``.
        locale: as for ``first_name``.
        locale_from: as for ``first_name``.

    Example:
        ``login: {mask: username, unique: false}``
    """
    person = Person.of(site, choice(site, locale, locale_from, gender), slugs=True)
    digits = UNIQUE_DIGITS if unique else 4
    most = room(site) - digits - 1

    def mask(values: pl.Series, draws: Draws, *beside: pl.Series) -> pl.Series:
        return joined(person.login(draws, beside, most), ".", draws.hex("username", digits))

    return mask


@masker(kinds=TEXT, reads=told_by)
def company(site: Site, *, locale: Locale = None, locale_from: str | None = None) -> Mask:
    """A company's name.

    Faker's pool holds about 4,000 of them; a drawn number is not added, so that the names look
    like names: where more companies than that must stay apart, use ``template`` with a hash.

    Args:
        site: where the mask works.
        locale: as for ``first_name``.
        locale_from: as for ``first_name``.

    Example:
        ``company: company``
    """
    return word(site, "company", choice(site, locale, locale_from))


@masker(kinds=TEXT, reads=told_by)
def job(site: Site, *, locale: Locale = None, locale_from: str | None = None) -> Mask:
    """What somebody does for a living.

    Args:
        site: where the mask works.
        locale: as for ``first_name``.
        locale_from: as for ``first_name``.

    Example:
        ``title: job``
    """
    return word(site, "job", choice(site, locale, locale_from))


def word(site: Site, provider: str, chosen: Choice) -> Mask:
    """A mask that draws from a pool of one provider."""
    words = Words.of(
        chosen.pools(lambda locale: site.pool(provider, (locale,))), site.column.length
    )
    return lambda values, draws, *beside: words.drawn(draws, provider, chosen.which(draws, beside))
