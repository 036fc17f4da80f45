"""The arithmetic of check digits over many numbers at once, and small pieces to build them of."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from maskr.maskers.structured import Grid

Numbers = npt.NDArray[np.int64]
#: Which numbers came out right.
Right = npt.NDArray[np.bool_]

DAYS = 28  # every month has so many

_DOUBLED = np.array([0, 2, 4, 6, 8, 1, 3, 5, 7, 9])
# Verhoeff 1969: multiplication in the dihedral group of ten elements, its inverses, and the
# permutation that is applied once more at each place.
_DIHEDRAL = np.array(
    [
        [(a % 5 + (-b if a > 4 else b)) % 5 + 5 * ((a > 4) != (b > 4)) for b in range(10)]
        for a in range(10)
    ]
)
_ONCE = np.array([1, 5, 7, 6, 2, 8, 3, 0, 9, 4])
_INVERSE = np.array([0, 4, 3, 2, 1, 5, 6, 7, 8, 9])


def number(grid: Grid, start: int, stop: int) -> Numbers:
    """The decimal number that stands in these places."""
    worth = 10 ** np.arange(stop - start - 1, -1, -1)
    total: Numbers = grid[:, start:stop] @ worth
    return total


def put(grid: Grid, start: int, stop: int, numbers: Grid | Numbers) -> None:
    """Writes decimal numbers into these places, zeros in front."""
    worth = 10 ** np.arange(stop - start - 1, -1, -1)
    grid[:, start:stop] = numbers[:, None] // worth % 10


def weighted(grid: Grid, weights: Sequence[int]) -> Numbers:
    """The sum of the first places, each by its weight."""
    total: Numbers = grid[:, : len(weights)] @ np.array(weights)
    return total


def luhn(grid: Grid) -> Numbers:
    """The digit that belongs behind: ISO/IEC 7812-1, annex B."""
    digits = grid[:, ::-1].copy()
    digits[:, ::2] = _DOUBLED[digits[:, ::2]]
    total: Numbers = -digits.sum(axis=1) % 10
    return total


def mod_11_10(grid: Grid) -> Numbers:
    """The digit that belongs behind: ISO/IEC 7064, MOD 11,10."""
    check = np.full(len(grid), 10)
    for place in range(grid.shape[1]):
        total = (check + grid[:, place]) % 10
        check = 2 * np.where(total == 0, 10, total) % 11
    result: Numbers = (11 - check) % 10
    return result


def mod_97(grid: Grid) -> Numbers:
    """The remainder by 97, letters counted as two digits: ISO/IEC 7064, MOD 97-10."""
    remainder = np.zeros(len(grid), np.int64)
    for place in range(grid.shape[1]):
        worth = grid[:, place]
        remainder = (remainder * np.where(worth < 10, 10, 100) + worth) % 97
    return remainder


def ean(grid: Grid) -> Numbers:
    """The digit that belongs behind a GTIN: weights 3 and 1 in turn, from the right."""
    weights = [3 if place % 2 == 0 else 1 for place in range(grid.shape[1])][::-1]
    return -weighted(grid, weights) % 10


def verhoeff(grid: Grid) -> Numbers:
    """The digit that belongs behind, after Verhoeff (1969)."""
    check = np.zeros(len(grid), np.int64)
    turned = np.arange(10)
    for place in range(grid.shape[1]):
        turned = _ONCE[turned]
        check = _DIHEDRAL[check, turned[grid[:, -1 - place]]]
    result: Numbers = _INVERSE[check]
    return result


def spelled(letters: str) -> Numbers:
    """What letters and digits are worth in a grid.

    >>> spelled("0AZ").tolist()
    [0, 10, 35]
    """
    return np.array([int(letter, 36) for letter in letters])


def day(grid: Grid, chance: Grid, year: int, month: int, day: int) -> None:
    """A day of any month, in two digits each; the year's two digits are drawn already."""
    put(grid, month, month + 2, 1 + chance[:, year] % 12)
    put(grid, day, day + 2, 1 + chance[:, day] % DAYS)


def rest_11(total: Numbers) -> Numbers:
    """What is missing to a multiple of 11: 0 to 10."""
    return -total % 11


def digit(grid: Grid, place: int, check: Numbers) -> Right:
    """Writes a check digit; where it is 10 there is none, and the number must be another."""
    grid[:, place] = np.where(check == 10, 0, check)
    right: Right = check != 10
    return right
