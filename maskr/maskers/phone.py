"""The masker of telephone numbers."""

from collections.abc import Iterator, Mapping
from functools import cache
from random import Random
from typing import Annotated

import numpy as np
import polars as pl
from pydantic import AfterValidator

from maskr.keys import Draws
from maskr.maskers import TEXT, Mask, Site, Traits, masker
from maskr.maskers.characters import DIGITS, LETTERS, grids, redrawn
from maskr.maskers.dialling import LONG_NUMBER, Digits, Flags, permuted_phones
from maskr.texts import Counts, Texts

# Beginnings of numbers looked for, a country and length: those of the numbering plan that hold one
# in a thousand are found, which takes a twentieth of a second.
_TRIED = 2000
# Digits that are drawn behind a beginning: no plan tells more of a number than its first digits.
_FREE = 6
_CODES = 1000  # calling codes have up to three digits
_ZERO = np.uint8(ord("0"))


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
        drawn = LETTERS[buffer]
        for rows, places in grids(texts, DIGITS[buffer]):
            if places.shape[1] < LONG_NUMBER:
                drawn[places] = True
                continue
            digits = buffer[places] - _ZERO
            plus, double = _international(values, texts, rows, places, digits)
            for some, head, code in _countries(digits, plus, double, home):
                pool = beginnings(code, places.shape[1] - head) if code else None
                if pool is None:
                    drawn[places[some, head:]] = True
                else:
                    made = _numbers(pool, places.shape[1] - head, draws, rows[some])
                    buffer[places[some, head:]] = made
        if not drawn.any():
            return texts.replaced(buffer)
        return redrawn(Texts(buffer, texts.starts, texts.sizes), drawn, draws, "phone")

    return mask


def _international(
    values: pl.Series, texts: Texts, rows: Counts, places: Counts, digits: Digits
) -> tuple[Flags, Flags]:
    """Which of the rows begin with a plus, and which with two zeros in its stead."""
    ahead = places[:, 0] - texts.starts[rows]
    plus = (ahead == 1) & (texts.buffer[places[:, 0] - 1] == ord("+"))
    double = (ahead == 0) & (digits[:, 0] == 0) & (digits[:, 1] == 0)
    double &= places[:, 1] == places[:, 0] + 1
    # Whatever stands before these two, a bracket say, is too rare to be looked at by byte.
    rare = np.flatnonzero((ahead > 0) & ~plus)
    if len(rare):
        prefix = values.gather(rows[rare]).str.extract(r"^[\s(]*(\+|00)", 1)
        plus[rare] = (prefix == "+").fill_null(False).to_numpy()
        double[rare] = (prefix == "00").fill_null(False).to_numpy()
    return plus, double


def _countries(
    digits: Digits, plus: Flags, double: Flags, home: int | None
) -> Iterator[tuple[Counts | slice, int, int]]:
    """The rows by how many leading digits stay and their country's calling code, or 0."""
    heads, codes = _split(digits, plus, double, home)
    kinds = heads * _CODES + codes
    found = np.flatnonzero(np.bincount(kinds)).tolist()
    for kind in found:
        some = slice(None) if len(found) == 1 else np.flatnonzero(kinds == kind)
        yield some, *divmod(kind, _CODES)


def _split(digits: Digits, plus: Flags, double: Flags, home: int | None) -> tuple[Counts, Counts]:
    """How many leading digits of each number stay, and its country's calling code or 0."""
    heads = np.where(double, 2, 0)
    rows = np.arange(len(digits))
    ahead = sum(
        digits[rows, heads + place].astype(np.int64) * 10 ** (2 - place) for place in range(3)
    )
    codes = np.where(plus | double, _codes()[ahead], 0)
    heads = heads + sum((codes >= least).astype(np.int64) for least in (1, 10, 100))
    heads[double & (codes == 0)] = 0
    if home is not None:
        codes = np.where(plus | double, codes, home)
    # The trunk prefix: 0 in most countries, as in "+49 (0)171"; 1 before ten digits in America.
    ahead = digits[rows, np.minimum(heads, digits.shape[1] - 1)]
    trunk = (ahead == 0) & ((codes == 0) | ~np.isin(codes, [1, 39]))
    trunk |= (codes == 1) & ~plus & ~double & (ahead == 1) & (digits.shape[1] == 11)
    return heads + trunk, codes


def _numbers(pool: Digits, length: int, draws: Draws, rows: Counts) -> Digits:
    """For each of the rows a beginning out of the pool, and digits behind it, as ASCII."""
    known = pool.shape[1]
    made = np.empty((len(rows), length), np.uint8)
    made[:, :known] = pool.take(
        draws.below("phone/beginning", len(pool))[rows].astype(np.int64), axis=0
    )
    rest = draws.below("phone/rest", 10 ** (length - known))[rows].astype(np.uint32)
    for place in range(length - 1, known - 1, -1):
        rest, made[:, place] = np.divmod(rest, np.uint32(10))
    made += _ZERO
    return made


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
def _codes() -> Counts:
    """The calling code that each three digits begin with, or 0: none begins another."""
    codes = np.zeros(_CODES, np.int64)
    for code in _regions():
        behind = 10 ** (3 - len(str(code)))
        codes[code * behind : (code + 1) * behind] = code
    return codes


def _calling_code(region: str) -> int:
    return next(code for code, regions in _regions().items() if region.upper() in regions)


def _known(region: str) -> str:
    if not any(region.upper() in regions for regions in _regions().values()):
        raise ValueError("two letters of a country (ISO 3166-1), such as US or DE")
    return region
