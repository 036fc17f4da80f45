"""Maskers of the addresses that reach a person: e-mail and telephone."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from maskr.keys import Draws
from maskr.maskers import TEXT, Mask, Site, Traits, masker
from maskr.maskers.characters import DIGITS, LETTERS, redrawn
from maskr.texts import Texts, joined

_UNIQUE_DIGITS = 24  # 96 bits: two of 10**9 addresses meet with a chance below 10**-10
# A "+" or "00" with two digits behind it, or a single "0", whatever separates them.
_COUNTRY = r"^[ (]*(?:\+[ (]*\d[ -]*\d|00[ -]*\d[ -]*\d|0)"
_LONG_NUMBER = 7  # digits
_LONGEST_NAME = 24  # characters kept of first name, dot and last name


@masker(
    kinds=TEXT,
    traits=lambda domain, unique: Traits(
        unique=unique,
        longest=_LONGEST_NAME + len(domain) + 1 + (_UNIQUE_DIGITS + 1 if unique else 5),
    ),
)
def email(
    site: Site,
    *,
    domain: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+$")] = "example.test",
    unique: bool = True,
) -> Mask:
    """An e-mail address that reaches nobody: ``first.last.<drawn>@example.test``.

    Drawn ``by`` the same column as ``first_name`` and ``last_name`` it is made of the same names.

    Args:
        site: where the mask works.
        domain: by default one that RFC 2606 reserves: no mail to it is ever delivered.
        unique: 24 hexadecimal digits (96 bits) behind the name, so that two addresses never meet
            and a unique column may take it. With ``false`` 4 digits, which read better.

    Example:
        ``email: {mask: email, domain: staging.example.test}``
    """
    first, last = _slug(site.pool("first_name")), _slug(site.pool("last_name"))
    digits = _UNIQUE_DIGITS if unique else 4

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        who = joined(draws.pick("first_name", first), ".", draws.pick("last_name", last))
        drawn = draws.hex("email", digits)
        return joined(who.str.slice(0, _LONGEST_NAME), ".", drawn, f"@{domain}")

    return mask


def _slug(pool: pl.Series) -> pl.Series:
    """The ASCII letters and digits of each word, lower case; ``x`` where none is left."""
    plain = pool.str.normalize("NFKD").str.to_lowercase().str.replace_all(r"[^a-z0-9]", "")
    return plain.set(plain == "", "x")


@masker(kinds=TEXT, traits=Traits(format_kept=True, smallest_domain=1_000_000))
def phone(site: Site) -> Mask:
    """A telephone number of the same shape: every separator stays, the digits are drawn.

    What stays of the digits: the first two after a leading ``+`` or ``00`` (where the country code
    is), and a leading ``0`` (the trunk prefix). Letters, as in ``555-TAXI``, are drawn too.

    Example:
        ``phone: phone``
    """

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        texts = Texts.of(values)
        digits = DIGITS[texts.buffer]
        chosen = digits | LETTERS[texts.buffer]
        # A short number is all person: nothing of it is kept.
        long = texts.rows_of(digits) >= _LONG_NUMBER
        kept = np.where(long, _kept_bytes(values), 0)
        for place in range(int(kept.max(initial=0))):
            chosen[texts.starts[kept > place] + place] = False
        return redrawn(texts, chosen, draws, "phone")

    return mask


def _kept_bytes(values: pl.Series) -> npt.NDArray[np.int64]:
    """How many of each number's leading bytes tell a country or a trunk, not a person."""
    prefix = values.str.extract(_COUNTRY, 0).str.len_bytes().fill_null(0)
    return prefix.cast(pl.Int64).to_numpy()
