"""Maskers of the addresses that reach a person: e-mail and telephone."""

from typing import Annotated

import numpy as np
import polars as pl
from pydantic import Field

from maskr.keys import Draws
from maskr.maskers import TEXT, Mask, Site, Traits, masker
from maskr.maskers.characters import DIGITS, LETTERS, redrawn
from maskr.texts import Texts

_UNIQUE_DIGITS = 24  # 96 bits: two of 10**9 addresses meet with a chance below 10**-10
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
        who = draws.pick("first_name", first) + "." + draws.pick("last_name", last)
        return who.str.slice(0, _LONGEST_NAME) + "." + draws.hex("email", digits) + f"@{domain}"

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
        drawn = DIGITS[texts.buffer] | LETTERS[texts.buffer]
        kept = _country_digits(values)
        ordinal = np.cumsum(drawn, dtype=np.int64)
        before = np.concatenate(([0], ordinal))[texts.starts]
        row_of = np.repeat(np.arange(len(values)), texts.rows_of(drawn))
        chosen = drawn.copy()
        chosen[drawn] = ordinal[drawn] - before[row_of] > kept[row_of]
        return redrawn(texts, chosen, draws, "phone")

    return mask


def _country_digits(values: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """How many of each number's leading digits tell a country or a trunk, not a person."""
    plain = values.fill_null("").str.strip_chars(" (")
    digits = plain.str.count_matches(r"\d")
    plus = plain.str.starts_with("+").cast(pl.Int64) * 2
    double = plain.str.starts_with("00").cast(pl.Int64) * 4
    trunk = plain.str.starts_with("0").cast(pl.Int64)
    frame = pl.DataFrame({"plus": plus, "double": double, "trunk": trunk, "digits": digits})
    # A short number is all person: nothing of it is kept.
    kept = frame.select(
        pl.when(pl.col("digits") > 6)
        .then(pl.max_horizontal("plus", "double", "trunk"))
        .otherwise(0)
    )
    return kept.to_series().to_numpy()
