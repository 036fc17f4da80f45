"""The masker of telephone numbers."""

from collections.abc import Mapping
from functools import cache
from random import Random
from typing import Annotated

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import AfterValidator

from maskr.keys import Draws
from maskr.maskers import TEXT, Mask, Site, Traits, masker
from maskr.maskers.characters import DIGITS, LETTERS, grids, redrawn
from maskr.maskers.dialling import LONG_NUMBER, Digits, permuted_phones
from maskr.texts import Texts

# Beginnings of numbers looked for, a country and length: those of the numbering plan that hold one
# in a thousand are found, which takes a twentieth of a second.
_TRIED = 2000
# Digits that are drawn behind a beginning: no plan tells more of a number than its first digits.
_FREE = 6


@masker(
    kinds=TEXT,
    traits=lambda region, unique: Traits(
        unique=unique, reversible=unique, format_kept=True, smallest_domain=1_000_000
    ),
)
def phone(
    site: Site,
    *,
    region: Annotated[str, AfterValidator(lambda code: _known(code))] | None = None,
    unique: bool = False,
) -> Mask:
    """A telephone number of the same country and shape: every separator stays.

    A number whose country is known, by its ``+49`` or ``0049`` or by ``region``, becomes one that
    could be given out there (as Google's libphonenumber knows it). Of any other number the digits
    are drawn, but for a leading ``0``. Letters, as in ``555-TAXI``, are drawn too.

    Args:
        site: where the mask works.
        region: two letters (ISO 3166-1): the country of the numbers that name none.
        unique: encrypted in its shape (FF1) instead of drawn: no two numbers get one fake, a unique
            column may take it, and who holds the key can undo it. With letters it cannot be read.

    Example:
        ``phone: {mask: phone, region: US}``
    """
    home = _calling_code(region) if region else None
    if unique:
        return permuted_phones(lambda digits, plus, double: _split(digits, plus, double, home))

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        texts = Texts.of(values)
        buffer = texts.buffer.copy()
        drawn = (DIGITS | LETTERS)[buffer]
        prefix = values.str.extract(r"^[\s(]*(\+|00)", 1)
        plus = (prefix == "+").fill_null(False).to_numpy()
        double = (prefix == "00").fill_null(False).to_numpy()
        for rows, places in grids(texts, DIGITS[buffer]):
            if places.shape[1] < LONG_NUMBER:
                continue
            digits = buffer[places] - ord("0")
            heads, codes = _split(digits, plus[rows], double[rows], home)
            for head, code in set(zip(heads.tolist(), codes.tolist(), strict=True)):
                some = (heads == head) & (codes == code)
                drawn[places[some][:, :head]] = False
                pool = beginnings(code, places.shape[1] - head) if code else None
                if pool is not None:
                    which = np.zeros(len(values), np.bool_)
                    which[rows[some]] = True
                    made = _number(pool, places.shape[1] - head, draws.take(pl.Series(which)))
                    buffer[places[some][:, head:]] = made + ord("0")
                    drawn[places[some]] = False
        return redrawn(Texts(buffer, texts.starts, texts.sizes), drawn, draws, "phone")

    return mask


def _split(
    digits: Digits,
    plus: npt.NDArray[np.bool_],
    double: npt.NDArray[np.bool_],
    home: int | None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """How many leading digits of each number stay, and its country's calling code or 0."""
    heads = np.where(double, 2, 0)
    codes = np.zeros(len(digits), np.int64)
    rows = np.arange(len(digits))
    for size in (1, 2, 3):
        ahead = sum(
            digits[rows, heads + place].astype(np.int64) * 10 ** (size - 1 - place)
            for place in range(size)
        )
        known = (plus | double) & (codes == 0) & np.isin(ahead, _codes_of(size))
        codes = np.where(known, ahead, codes)
    heads = heads + sum((codes >= least).astype(np.int64) for least in (1, 10, 100))
    heads[double & (codes == 0)] = 0
    if home is not None:
        codes = np.where(plus | double, codes, home)
    # The trunk prefix: 0 in most countries, as in "+49 (0)171"; 1 before ten digits in America.
    ahead = digits[rows, np.minimum(heads, digits.shape[1] - 1)]
    trunk = (ahead == 0) & ((codes == 0) | ~np.isin(codes, [1, 39]))
    trunk |= (codes == 1) & ~plus & ~double & (ahead == 1) & (digits.shape[1] == 11)
    return heads + trunk, codes


def _number(pool: Digits, length: int, draws: Draws) -> Digits:
    """A beginning out of the pool a row, and digits behind it."""
    first = pool[draws.below("phone/beginning", len(pool)).astype(np.int64)]
    rest = length - pool.shape[1]
    words = draws.stream("phone/rest", np.full(len(draws), rest)).reshape(-1, rest)
    return np.hstack([first, (words % np.uint64(10)).astype(np.uint8)])


@cache
def beginnings(code: int, length: int) -> Digits | None:
    """Beginnings of valid national numbers of that many digits; None where none was found.

    They are all that varies by chance in the looking, and the chance is always the same.
    """
    from phonenumbers import PhoneNumber, is_valid_number  # 0.1 s to import

    free = min(_FREE, length - 3)
    if free < 2:
        return None
    chance = Random(f"{code}/{length}")  # noqa: S311 - what is looked for is public

    def valid(text: str) -> bool:
        leading_zeros = len(text) - len(text.lstrip("0"))
        number = PhoneNumber(
            country_code=code,
            national_number=int(text),
            italian_leading_zero=leading_zeros > 0,
            number_of_leading_zeros=leading_zeros or None,
        )
        return is_valid_number(number)

    def digits(count: int) -> str:
        return "".join(chance.choices("0123456789", k=count))

    found = {
        begin
        for begin in (digits(length - free) for _ in range(_TRIED))
        if all(valid(begin + end) for end in (digits(free), "0" * free, "9" * free, digits(free)))
    }
    rows = [[int(digit) for digit in begin] for begin in sorted(found)]
    return np.array(rows, np.uint8) if rows else None


@cache
def _regions() -> Mapping[int, tuple[str, ...]]:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return COUNTRY_CODE_TO_REGION_CODE


@cache
def _codes_of(size: int) -> list[int]:
    """The calling codes of that many digits: none is the beginning of another."""
    return [code for code in _regions() if len(str(code)) == size]


def _calling_code(region: str) -> int:
    return next(code for code, regions in _regions().items() if region.upper() in regions)


def _known(region: str) -> str:
    if not any(region.upper() in regions for regions in _regions().values()):
        raise ValueError("two letters of a country (ISO 3166-1), such as US or DE")
    return region
