"""Keyed permutations of whole columns: no two values meet, and who holds the key can go back.

FF1 (NIST SP 800-38G) where there are a million possible values or more, a table below.
"""

import numpy as np
import numpy.typing as npt

from maskr.keys import Draws, Words
from maskr.maskers import ff1

Numerals = npt.NDArray[np.uint8]


def permuted_numerals(numerals: Numerals, radix: int, draws: Draws, label: str) -> Numerals:
    """Each row's numerals as others below ``radix``: all rows have the same number of them."""
    length = numerals.shape[1]
    if radix**length >= ff1.SMALLEST_DOMAIN:
        return ff1.encrypt(draws.encryptor(label), radix, numerals)
    worth = radix ** np.arange(length - 1, -1, -1)
    table = draws.permutation(label, radix**length)
    fakes = table[numerals.astype(np.int64) @ worth]
    out: Numerals = (fakes[:, None] // worth % radix).astype(np.uint8)
    return out


def permuted_numbers(numbers: Words, size: int, draws: Draws, label: str) -> Words:
    """Numbers below ``size`` as others below it."""
    if size < ff1.SMALLEST_DOMAIN:
        table = draws.permutation(label, size)
        return table[numbers.astype(np.int64)].astype(np.uint64)
    encrypt = draws.encryptor(label)
    bits = (size - 1).bit_length()
    moved = ff1.encrypt_bits(encrypt, bits, numbers)
    # Cycle walking (Black and Rogaway 2002): less than half of all numbers need another step.
    while (outside := moved > np.uint64(size - 1)).any():
        moved[outside] = ff1.encrypt_bits(encrypt, bits, moved[outside])
    return moved
