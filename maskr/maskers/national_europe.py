"""The numbers of persons in Europe: their shapes, and what makes them valid."""

from collections.abc import Mapping

import numpy as np

from maskr.maskers.checkdigits import (
    DAYS,
    Right,
    day,
    digit,
    ean,
    luhn,
    mod_11_10,
    number,
    put,
    rest_11,
    spelled,
    weighted,
)
from maskr.maskers.structured import Grid, Scheme


def _at(grid: Grid, chance: Grid) -> Right:
    grid[:, 0] = 1 + chance[:, 0] % 9
    day(grid, chance, 8, 6, 4)
    return digit(grid, 3, weighted(grid, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11)


def _be(grid: Grid, chance: Grid) -> None:
    day(grid, chance, 0, 2, 4)
    put(grid, 6, 9, 1 + chance[:, 6] % 997)
    put(grid, 9, 11, 97 - number(grid, 0, 9) % 97)


def _bg(grid: Grid, chance: Grid) -> None:
    day(grid, chance, 0, 2, 4)
    grid[:, 9] = weighted(grid, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10


def _ch(grid: Grid, chance: Grid) -> None:
    put(grid, 0, 3, np.full(len(grid), 756))
    grid[:, 12] = ean(grid[:, :12])


def _cz(grid: Grid, chance: Grid) -> Right:
    put(grid, 0, 2, 54 + chance[:, 0] % 46)
    day(grid, chance, 1, 2, 4)
    grid[:, 2] += 5 * (chance[:, 6] % 2)  # a woman's month is 50 more
    return digit(grid, 9, number(grid, 0, 9) % 11)


def _de(grid: Grid, chance: Grid) -> None:
    # Of the first ten digits one stands twice and one is missing; the first is not zero.
    order = np.argsort(chance[:, :10], axis=1)
    order[:, 0], order[:, 9] = (
        np.where(order[:, 0] == 0, order[:, 9], order[:, 0]),
        np.where(order[:, 0] == 0, 0, order[:, 9]),
    )
    grid[:, :10] = order
    rows = np.arange(len(grid))
    grid[:, 9] = order[rows, chance[:, 10] % 9]
    grid[:, 10] = mod_11_10(grid[:, :10])


def _dk(grid: Grid, chance: Grid) -> None:
    day(grid, chance, 4, 2, 0)
    grid[:, 6] = chance[:, 6] % 4  # born from 1900 to 1999


def _ee(grid: Grid, chance: Grid) -> None:
    grid[:, 0] = 3 + chance[:, 0] % 2
    day(grid, chance, 1, 3, 5)
    first = weighted(grid, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11
    second = weighted(grid, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11
    grid[:, 10] = np.where(first == 10, second, first) % 10


_DNI = spelled("TRWAGMYFPDXBNJZSQVHLCKE")


def _es_dni(grid: Grid, chance: Grid) -> None:
    grid[:, 8] = _DNI[number(grid, 0, 8) % 23]


def _es_nie(grid: Grid, chance: Grid) -> None:
    kind = chance[:, 0] % 3
    grid[:, 0] = spelled("XYZ")[kind]
    grid[:, 8] = _DNI[(number(grid, 1, 8) + kind * 10_000_000) % 23]


_HETU = spelled("0123456789ABCDEFHJKLMNPRSTUVWXY")


def _fi(grid: Grid, chance: Grid) -> None:
    day(grid, chance, 4, 2, 0)
    last = grid.shape[1] - 1
    if last == 10:  # a letter for the century: born after 1999
        put(grid, 4, 6, chance[:, 4] // 12 % 20)
    put(grid, last - 3, last, 2 + chance[:, 7] % 898)
    grid[:, last] = _HETU[(number(grid, 0, 6) * 1000 + number(grid, last - 3, last)) % 31]


def _fr(grid: Grid, chance: Grid) -> None:
    grid[:, 0] = 1 + chance[:, 0] % 2
    put(grid, 3, 5, 1 + chance[:, 3] % 12)
    department = 1 + chance[:, 5] % 94
    put(grid, 5, 7, department + (department >= 20))  # no 20: Corsica writes 2A and 2B
    put(grid, 7, 10, 1 + chance[:, 7] % 989)
    put(grid, 10, 13, 1 + chance[:, 10] % 999)
    put(grid, 13, 15, 97 - number(grid, 0, 13) % 97)


_NINO_FIRST, _NINO_SECOND = spelled("ABCEGHJKLMNOPRSTWXYZ"), spelled("ABCEGHJKLMNPRSTWXYZ")
_NINO_UNUSED = np.array([int(pair, 36) for pair in ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ")])


def _gb(grid: Grid, chance: Grid) -> Right:
    grid[:, 0] = _NINO_FIRST[chance[:, 0] % len(_NINO_FIRST)]
    grid[:, 1] = _NINO_SECOND[chance[:, 1] % len(_NINO_SECOND)]
    grid[:, 8] = spelled("ABCD")[chance[:, 8] % 4]
    right: Right = ~np.isin(36 * grid[:, 0] + grid[:, 1], _NINO_UNUSED)
    return right


def _gb_nhs(grid: Grid, chance: Grid) -> Right:
    return digit(grid, 9, rest_11(weighted(grid, range(10, 1, -1))))


def _gr(grid: Grid, chance: Grid) -> None:
    day(grid, chance, 4, 2, 0)
    grid[:, 10] = luhn(grid[:, :10])


def _hr(grid: Grid, chance: Grid) -> None:
    grid[:, 10] = mod_11_10(grid[:, :10])


_PPS = spelled("WABCDEFGHIJKLMNOPQRSTUV")


def _ie(grid: Grid, chance: Grid) -> None:
    total = weighted(grid, range(8, 1, -1))
    if grid.shape[1] == 9:  # since 2013 another letter follows, which counts nine times
        grid[:, 8] = spelled("AB")[chance[:, 8] % 2]
        total += 9 * (grid[:, 8] - 9)
    grid[:, 7] = _PPS[total % 23]


_ODD_DIGITS = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21]
_ODD_OTHERS = [2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
_ODD = np.array([*_ODD_DIGITS, *_ODD_DIGITS, *_ODD_OTHERS])
_EVEN = np.concatenate((np.arange(10), np.arange(26)))
_MONTHS = spelled("ABCDEHLMPRST")


def _it(grid: Grid, chance: Grid) -> None:
    put(grid, 6, 8, chance[:, 6] % 100)
    grid[:, 8] = _MONTHS[chance[:, 8] % 12]
    put(grid, 9, 11, 1 + chance[:, 9] % DAYS + 40 * (chance[:, 10] % 2))  # a woman's: 40 more
    grid[:, 11] = spelled("ABCDEFGHI")[chance[:, 11] % 9]
    put(grid, 12, 15, chance[:, 12] % 1000)
    total = _ODD[grid[:, 0:15:2]].sum(axis=1) + _EVEN[grid[:, 1:15:2]].sum(axis=1)
    grid[:, 15] = 10 + total % 26


def _nl(grid: Grid, chance: Grid) -> Right:
    return digit(grid, 8, weighted(grid, range(9, 1, -1)) % 11)


def _no(grid: Grid, chance: Grid) -> Right:
    day(grid, chance, 4, 2, 0)
    put(grid, 6, 9, chance[:, 6] % 500)  # born from 1900 to 1999
    first = digit(grid, 9, rest_11(weighted(grid, [3, 7, 6, 1, 8, 9, 4, 5, 2])))
    return first & digit(grid, 10, rest_11(weighted(grid, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2])))


def _pl(grid: Grid, chance: Grid) -> None:
    day(grid, chance, 0, 2, 4)
    grid[:, 10] = -weighted(grid, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10


def _pt(grid: Grid, chance: Grid) -> None:
    grid[:, 0] = 1 + chance[:, 0] % 3
    check = rest_11(weighted(grid, range(9, 1, -1)))
    grid[:, 8] = np.where(check == 10, 0, check)


def _ro(grid: Grid, chance: Grid) -> None:
    grid[:, 0] = 1 + chance[:, 0] % 2
    day(grid, chance, 1, 3, 5)
    put(grid, 7, 9, 1 + chance[:, 7] % 46)
    put(grid, 9, 12, 1 + chance[:, 9] % 999)
    check = weighted(grid, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11
    grid[:, 12] = np.where(check == 10, 1, check)


def _se(grid: Grid, chance: Grid) -> None:
    if grid.shape[1] == 12:
        put(grid, 0, 2, np.full(len(grid), 19))
    short = grid[:, -10:]
    day(short, chance, 0, 2, 4)
    short[:, 9] = luhn(short[:, :9])


def _si(grid: Grid, chance: Grid) -> Right:
    day(grid, chance, 5, 2, 0)
    put(grid, 4, 7, 930 + chance[:, 4] // 12 % 70)
    put(grid, 7, 9, np.full(len(grid), 50))
    return digit(grid, 12, rest_11(weighted(grid, [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2])))


SCHEMES: Mapping[str, tuple[Scheme, ...]] = {
    "at": (Scheme("9999999999", _at),),
    "be": (Scheme("99999999999", _be),),
    "bg": (Scheme("9999999999", _bg),),
    "ch": (Scheme("9999999999999", _ch),),
    "cz": (Scheme("9999999999", _cz),),
    "de": (Scheme("99999999999", _de),),
    "dk": (Scheme("9999999999", _dk),),
    "ee": (Scheme("99999999999", _ee),),
    "es": (Scheme("99999999A", _es_dni), Scheme("A9999999A", _es_nie)),
    "fi": (Scheme("999999999?", _fi), Scheme("999999=999?", _fi)),
    "fr": (Scheme("999999?99999999", _fr),),
    "gb": (Scheme("AA999999A", _gb), Scheme("9999999999", _gb_nhs)),
    "gr": (Scheme("99999999999", _gr),),
    "hr": (Scheme("99999999999", _hr),),
    "ie": (Scheme("9999999A", _ie), Scheme("9999999AA", _ie)),
    "it": (Scheme("AAAAAA??A??A???A", _it),),
    "lt": (Scheme("99999999999", _ee),),
    "nl": (Scheme("999999999", _nl),),
    "no": (Scheme("99999999999", _no),),
    "pl": (Scheme("99999999999", _pl),),
    "pt": (Scheme("999999999", _pt),),
    "ro": (Scheme("9999999999999", _ro),),
    "se": (Scheme("9999999999", _se), Scheme("999999999999", _se)),
    "si": (Scheme("9999999999999", _si),),
    "sk": (Scheme("9999999999", _cz),),
}
