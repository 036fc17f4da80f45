"""Telephone numbers that could be given out, as tables, and a permutation of them.

Knows a number as digits: how many of them stand before the subscriber's own is for the caller.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl

from maskr.keys import Draws
from maskr.maskers import Mask
from maskr.maskers.characters import DIGITS, LETTERS, grids
from maskr.maskers.permuting import permuted_numbers, permuted_numerals
from maskr.texts import Texts

Digits = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
#: Of digits, and whether a ``+`` or ``00`` stands before them: how many lead, and the calling code.
Split = Callable[[Digits, Flags, Flags], tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]

#: The fewest digits of a number whose country is kept; a shorter one is all person.
LONG_NUMBER = 7
# Digits that are looked at to tell whether a number could be given out: hardly a plan says more
# of the sixth, and a table of 10**5 is made in a fifth of a second.
_TOLD_BY = 5
_MOST_DIGITS = 15  # of a number with its country (ITU-T E.164)


def permuted_phones(split: Split) -> Mask:
    """The mask that gives every number another one of its country and shape, each once."""

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        texts = Texts.of(values)
        buffer = texts.buffer.copy()
        plus = _matches(values, r"^[\s(]*\+")
        paired = _matches(values, r"^[\s(]*[0-9]{2}")
        for rows, places in grids(texts, DIGITS[buffer]):
            digits = (buffer[places] - ord("0")).astype(np.uint8)
            if places.shape[1] < LONG_NUMBER:
                made = permuted_numerals(digits, 10, draws, "phone/short")
            else:
                made = _permuted(digits, _Reading(plus[rows], paired[rows], split), draws)
            buffer[places] = made + ord("0")
        # Letters in it, or no digits: nothing to encrypt it by.
        readable = (texts.rows_of(LETTERS[buffer]) == 0) & (texts.rows_of(DIGITS[buffer]) > 0)
        read = pl.Series(readable) | (values == "")
        return texts.replaced(buffer).zip_with(read, pl.Series([None], dtype=pl.String))

    return mask


def _matches(values: pl.Series, pattern: str) -> Flags:
    return values.str.contains(pattern).fill_null(False).to_numpy()


@dataclass(frozen=True, slots=True)
class _Reading:
    """How numbers are read, beside their digits.

    Attributes:
        plus: which have a ``+`` before them.
        paired: which begin with two digits and nothing between, such as ``00``.
    """

    plus: Flags
    paired: Flags
    split: Split

    def of(self, digits: Digits, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Of some of the rows, which have these digits: calling code, how many lead, ``00``.

        All three in one number: `_code_and_head` takes it apart.
        """
        double = self.paired[rows] & (digits[:, :2] == 0).all(axis=1) & ~self.plus[rows]
        heads, codes = self.split(digits, self.plus[rows], double)
        read: npt.NDArray[np.int64] = codes << 8 | heads << 1 | double
        return read


def _permuted(digits: Digits, reading: _Reading, draws: Draws) -> Digits:
    read = reading.of(digits, np.arange(len(digits)))
    out = digits.copy()
    for alike in np.unique(read).tolist():
        code, head = _code_and_head(alike)
        ahead = np.flatnonzero(read == alike)
        # A fake that would be read otherwise is permuted once more (cycle walking): so those that
        # are read alike change places among themselves, and never meet the others.
        while len(ahead):
            out[ahead, head:] = _moved(out[ahead, head:], code, draws)
            ahead = ahead[reading.of(out[ahead], ahead) != alike]
    return out


def _code_and_head(read: int) -> tuple[int, int]:
    return read >> 8, read >> 1 & 127


def _moved(national: Digits, code: int, draws: Draws) -> Digits:
    """What could be given out becomes another such number, all else another of all else."""
    length = national.shape[1]
    label = f"phone/{code}/{length}"
    plan = _plan(code, length) if code and length <= _MOST_DIGITS else None
    if plan is None:
        return permuted_numerals(national, 10, draws, label)
    told = min(length, _TOLD_BY)
    begins, ends = _number(national[:, :told]), _number(national[:, told:])
    rest = 10 ** (length - told)
    out = np.empty_like(national)
    for given_out, beginnings in ((True, plan.given_out), (False, plan.others)):
        rows = plan.table[begins] == given_out
        if not rows.any():
            continue
        places = np.searchsorted(beginnings, begins[rows]) * rest + ends[rows]
        moved = permuted_numbers(
            places.astype(np.uint64), len(beginnings) * rest, draws, f"{label}/{given_out}"
        ).astype(np.int64)
        out[rows, :told] = _digits(beginnings[moved // rest], told)
        out[rows, told:] = _digits(moved % rest, length - told)
    return out


def _number(digits: Digits) -> npt.NDArray[np.int64]:
    worth = 10 ** np.arange(digits.shape[1] - 1, -1, -1)
    number: npt.NDArray[np.int64] = digits.astype(np.int64) @ worth
    return number


def _digits(numbers: npt.NDArray[np.int64], count: int) -> Digits:
    worth = 10 ** np.arange(count - 1, -1, -1)
    return (numbers[:, None] // worth % 10).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which beginnings of national numbers of one length could be given out.

    Attributes:
        table: by the beginning as a number.
        given_out, others: those beginnings, sorted.
    """

    table: Flags
    given_out: npt.NDArray[np.int64]
    others: npt.NDArray[np.int64]


@cache
def _plan(code: int, length: int) -> _Plan | None:
    """None where no number of that length could be given out."""
    told = min(length, _TOLD_BY)
    begins = pl.select(pl.int_range(10**told).cast(pl.String).str.zfill(told)).to_series()
    rest = length - told
    table = np.ones(10**told, np.bool_)
    for end in {"0" * rest, "9" * rest, "123456789"[:rest].zfill(rest), "5" * rest}:
        table &= _valid(begins + end, code).to_numpy()
    if not table.any():
        return None
    return _Plan(table, np.flatnonzero(table), np.flatnonzero(~table))


def _valid(numbers: pl.Series, code: int) -> pl.Series:
    """Which national numbers are valid, as Google's libphonenumber says it one by one."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata  # 0.1 s to import

    valid = pl.Series([False]).new_from_index(0, len(numbers))
    undecided = ~valid
    for region in COUNTRY_CODE_TO_REGION_CODE[code]:
        plan = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
        general, *kinds = (getattr(getattr(plan, kind), _PATTERN, None) for kind in _KINDS)
        every = "|".join(kind for kind in kinds if kind)
        fits = numbers.str.contains(f"^(?:{general})$") & numbers.str.contains(f"^(?:{every})$")
        # A region with leading digits of its own has all numbers that begin with them.
        leading = getattr(plan, "leading_digits", None)
        own = numbers.str.contains(f"^(?:{leading})") if leading else fits
        valid |= undecided & own & fits
        undecided &= ~own
    return valid


# What a plan is made of; what every number fits comes first.
_PATTERN = "national_number_pattern"
_KINDS = (
    "general_desc",
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
    "voicemail",
)
