"""The masker of companies' tax numbers, by which some are persons: sole traders have them, too."""

from collections.abc import Mapping

import numpy as np

from maskr.maskers import TEXT, Mask, Site, Traits, masker
from maskr.maskers.checkdigits import (
    Right,
    digit,
    luhn,
    mod_11_10,
    number,
    put,
    rest_11,
    spelled,
    weighted,
)
from maskr.maskers.structured import Finish, Grid, Scheme, structured


def _at(grid: Grid, chance: Grid) -> None:
    digits = grid[:, 3:10]
    doubled = np.array([0, 2, 4, 6, 8, 1, 3, 5, 7, 9])[digits[:, 1::2]].sum(axis=1)
    grid[:, 10] = (6 - digits[:, 0::2].sum(axis=1) - doubled) % 10


def _be(grid: Grid, chance: Grid) -> None:
    grid[:, 2] = 0
    grid[:, 3] = 2 + chance[:, 3] % 8
    put(grid, 10, 12, 97 - number(grid, 2, 10) % 97)


def _de(grid: Grid, chance: Grid) -> None:
    grid[:, 2] = 1 + chance[:, 2] % 9
    grid[:, 10] = mod_11_10(grid[:, 2:10])


def _dk(grid: Grid, chance: Grid) -> Right:
    grid[:, 2] = 1 + chance[:, 2] % 9
    return digit(grid, 9, rest_11(weighted(grid[:, 2:], [2, 7, 6, 5, 4, 3, 2])))


def _es(grid: Grid, chance: Grid) -> None:
    grid[:, 2] = spelled("AB")[chance[:, 2] % 2]  # a company with a digit behind
    grid[:, 10] = luhn(grid[:, 3:10])


def _fi(grid: Grid, chance: Grid) -> Right:
    return digit(grid, 9, rest_11(weighted(grid[:, 2:], [7, 9, 10, 5, 8, 4, 2])))


def _fr(grid: Grid, chance: Grid) -> None:
    grid[:, 12] = luhn(grid[:, 4:12])
    put(grid, 2, 4, (number(grid, 4, 13) * 100 + 12) % 97)


def _gb(grid: Grid, chance: Grid) -> None:
    put(grid, 2, 5, 100 + chance[:, 2] % 800)
    put(grid, 9, 11, 97 - weighted(grid[:, 2:], range(8, 1, -1)) % 97)


def _it(grid: Grid, chance: Grid) -> None:
    put(grid, 9, 12, 1 + chance[:, 9] % 100)  # the province of the office
    grid[:, 12] = luhn(grid[:, 2:12])


def _lu(grid: Grid, chance: Grid) -> None:
    put(grid, 8, 10, number(grid, 2, 8) % 89)


def _nl(grid: Grid, chance: Grid) -> Right:
    right = digit(grid, 10, weighted(grid[:, 2:], range(9, 1, -1)) % 11)
    grid[:, 11] = spelled("B")[0]
    put(grid, 12, 14, 1 + chance[:, 12] % 99)
    return right


def _pl(grid: Grid, chance: Grid) -> Right:
    grid[:, 2] = 1 + chance[:, 2] % 9
    return digit(grid, 11, weighted(grid[:, 2:], [6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11)


def _pt(grid: Grid, chance: Grid) -> None:
    grid[:, 2] = 5
    check = rest_11(weighted(grid[:, 2:], range(9, 1, -1)))
    grid[:, 10] = np.where(check == 10, 0, check)


def _se(grid: Grid, chance: Grid) -> None:
    grid[:, 11] = luhn(grid[:, 2:11])
    put(grid, 12, 14, np.full(len(grid), 1))


_COUNTRIES: Mapping[str, tuple[str, Finish]] = {
    "at": ("@@@99999999", _at),
    "be": ("@@9999999999", _be),
    "de": ("@@999999999", _de),
    "dk": ("@@99999999", _dk),
    "es": ("@@?9999999?", _es),
    "fi": ("@@99999999", _fi),
    "fr": ("@@99999999999", _fr),
    "gb": ("@@999999999", _gb),
    "it": ("@@99999999999", _it),
    "lu": ("@@99999999", _lu),
    "nl": ("@@999999999A99", _nl),
    "pl": ("@@9999999999", _pl),
    "pt": ("@@999999999", _pt),
    "se": ("@@999999999999", _se),
}


@masker(kinds=TEXT, traits=Traits(format_kept=True, smallest_domain=1_000_000))
def vat(site: Site) -> Mask:
    """A VAT number that its country's check digits agree with; the country and separators stay.

    Read are those of Austria, Belgium, Denmark, Finland, France, Germany, Italy, Luxembourg, the
    Netherlands, Poland, Portugal, Spain, Sweden and the United Kingdom, written with the country's
    two letters in front.

    Example:
        ``vat_number: vat``
    """
    schemes = [
        Scheme(shape, finish, prefix=country.upper())
        for country, (shape, finish) in _COUNTRIES.items()
    ]
    return structured(schemes, "vat")
