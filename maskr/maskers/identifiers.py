"""Maskers of numbers that things have: accounts, companies, books, devices, cars."""

from dataclasses import replace

import numpy as np
import polars as pl

from maskr.keys import Draws, scaled
from maskr.maskers import TEXT, Mask, Site, Traits, masker
from maskr.maskers.characters import DIGITS, LETTERS, redrawn
from maskr.maskers.checkdigits import (
    ean as ean_digit,
)
from maskr.maskers.checkdigits import (
    luhn,
    mod_97,
    number,
    put,
    rest_11,
    spelled,
    weighted,
)
from maskr.maskers.permuting import Numerals, permuted_numerals
from maskr.maskers.structured import Grid, Scheme, structured
from maskr.texts import Texts, split

_SAME_SHAPE = Traits(format_kept=True, smallest_domain=1_000_000)


def _iban(grid: Grid, chance: Grid) -> None:
    grid[:, 2:4] = 0
    turned = np.hstack([grid[:, 4:], grid[:, :4]])
    put(grid, 2, 4, 98 - mod_97(turned))


# From 15 characters (Norway) to 34, which is the most that the standard allows.
_IBANS = [Scheme("@@99" + "?" * size, _iban) for size in range(11, 31)]


@masker(
    kinds=TEXT,
    traits=lambda unique: replace(_SAME_SHAPE, unique=unique, reversible=unique),
)
def iban(site: Site, *, unique: bool = False) -> Mask:
    """An international bank account number with valid check digits (ISO 13616, MOD 97-10).

    The country stays, and so do the length, the places of letters and the separators; bank, branch
    and account are drawn. Check digits that some countries have inside the account number are
    drawn as well.

    Args:
        site: where the mask works.
        unique: encrypted in its shape (FF1) instead of drawn: no two accounts get one fake, a
            unique column may take it, and who holds the key can undo it. Check digits that were
            wrong are wrong afterwards.

    Example:
        ``iban: iban``
    """
    return structured(_IBANS, "iban", _permuted_iban if unique else Scheme.drawn)


def _permuted_iban(scheme: Scheme, grid: Grid, draws: Draws, label: str) -> Grid:
    """Bank, branch and account encrypted, the check digits as far from right as they were."""
    out = grid.copy()
    letter = grid[:, 4:] >= 10
    patterns = letter @ (1 << np.arange(letter.shape[1]))  # a bit a place
    for each in np.unique(patterns):
        rows = patterns == each
        account, pattern = grid[rows, 4:], letter[rows][0]
        digits = permuted_numerals(account[:, ~pattern].astype(np.uint8), 10, draws, label)
        account[:, ~pattern] = digits
        if pattern.any():
            letters = (account[:, pattern] - 10).astype(np.uint8)
            letters = permuted_numerals(letters, 26, draws, f"{label}/letters")
            # Moved on by what the digits are now, so that one bank's letters are not one fake's.
            counts = np.full(len(letters), letters.shape[1])
            moves = draws.of(_texts(digits)).stream(f"{label}/letters", counts)
            account[:, pattern] = (letters + scaled(moves, 26).reshape(letters.shape)) % 26 + 10
        out[rows, 4:] = account
    right, made = grid.copy(), out.copy()
    scheme.finish(right, right)
    scheme.finish(made, made)
    wrong_by = number(grid, 2, 4) - number(right, 2, 4)
    put(out, 2, 4, (number(made, 2, 4) + wrong_by) % 100)
    return out


def _texts(digits: Numerals) -> pl.Series:
    rows, width = digits.shape
    spelt = np.zeros((rows, width + 1), np.uint8)  # a NUL behind each
    spelt[:, :width] = digits + ord("0")
    return split(spelt.tobytes()[:-1], rows)


def _ean(grid: Grid, chance: Grid) -> None:
    grid[:, -1] = ean_digit(grid[:, :-1])


@masker(kinds=TEXT, traits=_SAME_SHAPE)
def ean(site: Site) -> Mask:
    """A number of goods: EAN-8, UPC-A, EAN-13 or GTIN-14 with its check digit (GS1).

    Example:
        ``barcode: ean``
    """
    return structured([Scheme("9" * size, _ean) for size in (8, 12, 13, 14)], "ean")


def _isbn_10(grid: Grid, chance: Grid) -> None:
    check = rest_11(weighted(grid, range(10, 1, -1)))
    grid[:, 9] = np.where(check == 10, spelled("X")[0], check)


def _isbn_13(grid: Grid, chance: Grid) -> None:
    put(grid, 0, 3, np.full(len(grid), 978))
    _ean(grid, chance)


@masker(kinds=TEXT, traits=_SAME_SHAPE)
def isbn(site: Site) -> Mask:
    """A book's number with its check digit: ISBN-13 or ISBN-10 (ISO 2108).

    Example:
        ``isbn: isbn``
    """
    schemes = [Scheme("9" * 13, _isbn_13), Scheme("999999999?", _isbn_10)]
    return structured(schemes, "isbn")


def _imei(grid: Grid, chance: Grid) -> None:
    grid[:, 14] = luhn(grid[:, :14])


@masker(kinds=TEXT, traits=_SAME_SHAPE)
def imei(site: Site) -> Mask:
    """A mobile device's number with its check digit (3GPP TS 23.003); 16 digits (IMEISV) have none.

    The first two digits stay: they name the body that gave the number out.

    Example:
        ``imei: imei``
    """
    schemes = [Scheme("##" + "9" * 13, _imei), Scheme("##" + "9" * 14, lambda grid, chance: None)]
    return structured(schemes, "imei")


_VIN_SIGNS = spelled("0123456789ABCDEFGHJKLMNPRSTUVWXYZ")  # no I, O or Q
_VIN_LETTERS = [1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9]
_VIN_WORTH = np.array([*range(10), *_VIN_LETTERS])
_VIN_WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
_VIN_YEARS = spelled("ABCDEFGHJKLMNPRSTVWXY123456789")


def _vin(grid: Grid, chance: Grid) -> None:
    letters = grid >= 10
    letters[:, :3] = False
    grid[letters] = _VIN_SIGNS[10 + chance[letters] % (len(_VIN_SIGNS) - 10)]
    grid[:, 9] = _VIN_YEARS[chance[:, 9] % len(_VIN_YEARS)]
    check = _VIN_WORTH[grid] @ np.array(_VIN_WEIGHTS) % 11
    grid[:, 8] = np.where(check == 10, spelled("X")[0], check)


@masker(kinds=TEXT, traits=_SAME_SHAPE)
def vin(site: Site) -> Mask:
    """A vehicle's identification number with its check digit (ISO 3779; 49 CFR 565).

    The first three characters, the maker's, stay.

    Example:
        ``vin: vin``
    """
    return structured([Scheme("===" + "?" * 14, _vin)], "vin")


@masker(kinds=TEXT, traits=_SAME_SHAPE)
def license_plate(site: Site) -> Mask:
    """A licence plate of the same shape: letters and digits are drawn, all else stays.

    Example:
        ``plate: license_plate``
    """

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        texts = Texts.of(values)
        return redrawn(texts, (DIGITS | LETTERS)[texts.buffer], draws, "license_plate")

    return mask
