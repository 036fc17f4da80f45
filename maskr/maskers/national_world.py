"""The numbers of persons outside of Europe: their shapes, and what makes them valid."""

from collections.abc import Mapping

import numpy as np

from maskr.maskers.checkdigits import day, luhn, put, rest_11, spelled, verhoeff, weighted
from maskr.maskers.structured import Finish, Grid, Scheme


def _us(grid: Grid, chance: Grid) -> None:
    area = 1 + chance[:, 0] % 898
    put(grid, 0, 3, area + (area >= 666))
    put(grid, 3, 5, 1 + chance[:, 1] % 99)
    put(grid, 5, 9, 1 + chance[:, 2] % 9999)


def _br(grid: Grid, chance: Grid) -> None:
    for place in (9, 10):
        check = rest_11(weighted(grid, range(place + 1, 1, -1)))
        grid[:, place] = np.where(check == 10, 0, check)


def _ca(grid: Grid, chance: Grid) -> None:
    grid[:, 0] = 1 + chance[:, 0] % 7
    grid[:, 8] = luhn(grid[:, :8])


def _cl(digits: int) -> Finish:
    weights = [2 + place % 6 for place in range(digits)][::-1]

    def finish(grid: Grid, chance: Grid) -> None:
        check = rest_11(weighted(grid, weights))
        grid[:, digits] = np.where(check == 10, spelled("K")[0], check)

    return finish


# Districts of Beijing, Tianjin and Shanghai that kept their numbers (GB/T 2260) all the while.
_DISTRICTS = np.array([110101, 110105, 120101, 310101, 310104])


def _cn(grid: Grid, chance: Grid) -> None:
    put(grid, 0, 6, _DISTRICTS[chance[:, 0] % len(_DISTRICTS)])
    put(grid, 6, 10, 1940 + chance[:, 6] % 60)
    day(grid, chance, 9, 10, 12)
    check = (12 - weighted(grid, [2 ** (17 - place) % 11 for place in range(17)])) % 11
    grid[:, 17] = np.where(check == 10, spelled("X")[0], check)


def _il(grid: Grid, chance: Grid) -> None:
    grid[:, 8] = luhn(grid[:, :8])


def _in(grid: Grid, chance: Grid) -> None:
    grid[:, 0] = 2 + chance[:, 0] % 8
    grid[:, 11] = verhoeff(grid[:, :11])


def _kr(grid: Grid, chance: Grid) -> None:
    day(grid, chance, 0, 2, 4)
    grid[:, 6] = 1 + chance[:, 6] % 2
    put(grid, 7, 9, chance[:, 7] % 97)
    grid[:, 12] = (11 - weighted(grid, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11) % 10


def _tr(grid: Grid, chance: Grid) -> None:
    grid[:, 0] = 1 + chance[:, 0] % 9
    grid[:, 9] = (7 * grid[:, 0:9:2].sum(axis=1) - grid[:, 1:8:2].sum(axis=1)) % 10
    grid[:, 10] = grid[:, :10].sum(axis=1) % 10


def _za(grid: Grid, chance: Grid) -> None:
    day(grid, chance, 0, 2, 4)
    grid[:, 10] = chance[:, 10] % 2
    grid[:, 11] = 8
    grid[:, 12] = luhn(grid[:, :12])


SCHEMES: Mapping[str, tuple[Scheme, ...]] = {
    "br": (Scheme("99999999999", _br),),
    "ca": (Scheme("999999999", _ca),),
    "cl": (Scheme("99999999?", _cl(8)), Scheme("9999999?", _cl(7))),
    "cn": (Scheme("99999999999999999?", _cn),),
    "il": (Scheme("999999999", _il),),
    "in": (Scheme("999999999999", _in),),
    "kr": (Scheme("9999999999999", _kr),),
    "tr": (Scheme("99999999999", _tr),),
    "us": (Scheme("999999999", _us),),
    "za": (Scheme("9999999999999", _za),),
}
