"""The masker of e-mail addresses."""

from typing import Annotated

import numpy as np
import polars as pl
from pydantic import Field

from maskr.keys import Draws
from maskr.maskers import TEXT, Mask, Site, Traits, masker
from maskr.maskers.network import DOMAIN
from maskr.maskers.person import UNIQUE_DIGITS, Person, room
from maskr.maskers.words import Locale, choice, told_by
from maskr.texts import Bytes, fixed, joined

_Domain = Annotated[str, Field(pattern=DOMAIN)]


def _traits(domain: str | list[str], unique: bool, keep_domain: bool, **_: object) -> Traits:
    width = max(map(len, _domains(domain)))
    # A narrow column gets less of the name.
    longest = 1 + (UNIQUE_DIGITS if unique else 4) + 1 + width
    return Traits(unique=unique, keeps=keep_domain, longest=1 + longest)


@masker(kinds=TEXT, traits=_traits, reads=told_by)
def email(
    site: Site,
    *,
    domain: _Domain | Annotated[list[_Domain], Field(min_length=1)] = "example.test",
    keep_domain: bool = False,
    unique: bool = True,
    gender: str | None = None,
    locale: Locale = None,
    locale_from: str | None = None,
) -> Mask:
    """An e-mail address that reaches nobody: ``first.last.<drawn>@example.test``.

    Drawn ``by`` the same column as ``first_name`` and ``last_name``, with the same parameters, it
    is made of the same names.

    Args:
        site: where the mask works.
        domain: one, or several to draw from; by default one that RFC 2606 reserves: no mail to it
            is ever delivered.
        keep_domain: the original's domain stays, and mail may be delivered. A value without one
            (or with one that the column has no room for) gets ``domain``.
        unique: 24 hexadecimal digits (96 bits) behind the name, so that two addresses never meet
            and a unique column may take it. With ``false`` 4 digits, which read better.
        gender: as for ``first_name``.
        locale: as for ``first_name``.
        locale_from: as for ``first_name``.

    Example:
        ``email: {mask: email, domain: staging.example.test}``
    """
    person = Person.of(site, choice(site, locale, locale_from, gender), slugs=True)
    digits = UNIQUE_DIGITS if unique else 4
    domains = pl.Series(_domains(domain))
    most = room(site) - digits - 3  # a dot, the sign @ and a character of the name

    def mask(values: pl.Series, draws: Draws, *beside: pl.Series) -> pl.Series:
        login = person.login(draws, beside)
        if len(domains) == 1 and not keep_domain:
            # One piece of one length in every row, which is quicker to join than four.
            end = fixed(_framed(".", draws.hex_digits("email", digits), f"@{domains[0]}"))
        else:
            at = domains if len(domains) == 1 else draws.pick("email/domain", domains)
            if keep_domain:
                own = values.str.extract(r"@([^@\s]+)\s*$", 1)
                at = own.zip_with((own.str.len_chars() <= most).fill_null(False), at)
            end = joined(".", draws.hex("email", digits), "@", at)
        if site.column.length is not None:
            left = site.column.length - end.str.len_chars().cast(pl.Int64)
            login = login.str.slice(0, left.clip(1))
        return joined(login, end)

    return mask


def _framed(before: str, content: Bytes, behind: str) -> Bytes:
    """The rows of ``content`` between two constants."""
    ends = (np.frombuffer(text.encode(), np.uint8) for text in (before, behind))
    first, last = (np.broadcast_to(end, (len(content), len(end))) for end in ends)
    return np.hstack([first, content, last])


def _domains(domain: str | list[str]) -> list[str]:
    return [domain] if isinstance(domain, str) else domain
