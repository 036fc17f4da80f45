"""FF1 of NIST SP 800-38G over whole columns: the arithmetic only, the block cipher is handed in.

Every value of a call has the same length and radix; the ten rounds then run over all of them at
once. FF3 and FF3-1 are withdrawn (SP 800-38G Rev. 1, 2nd draft) and have no place here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

#: The bare block cipher over any number of 16-byte blocks.
Encrypt = Callable[[bytes], bytes]
Numerals = npt.NDArray[np.uint8]
# 64-bit words where both halves fit into them, Python's integers where they do not.
_Halves = npt.NDArray[Any]

#: Fewer possible values than this and FF1 is not to be used (SP 800-38G Rev. 1, section 5.1).
SMALLEST_DOMAIN = 1_000_000

_BLOCK = 16
_ROUNDS = 10
# Bits of a half that 64-bit words hold with room for the sum of two and four bits of a division.
_WORD_BITS = 60


@dataclass(frozen=True, slots=True)
class _Shape:
    """What is the same for every value of a call; the names are those of the publication.

    Attributes:
        u, v: numerals of the left and the right half.
        b: bytes that the right half takes.
        d: bytes that are drawn a round.
    """

    radix: int
    u: int
    v: int
    b: int
    d: int

    @classmethod
    def of(cls, radix: int, length: int) -> "_Shape":
        u = length // 2
        v = length - u
        b = ((radix**v - 1).bit_length() + 7) // 8
        return cls(radix, u, v, b, 4 * ((b + 3) // 4) + 4)

    @property
    def wide(self) -> bool:
        """True where a half does not fit into a machine's word."""
        largest: int = self.radix**self.v
        return largest.bit_length() > _WORD_BITS

    def first_block(self, tweak: bytes) -> bytes:
        """The block P."""
        head = bytes([1, 2, 1]) + self.radix.to_bytes(3, "big") + bytes([_ROUNDS, self.u % 256])
        return head + (self.u + self.v).to_bytes(4, "big") + len(tweak).to_bytes(4, "big")


def encrypt(encrypt: Encrypt, radix: int, numerals: Numerals, tweak: bytes = b"") -> Numerals:
    """FF1.Encrypt of numeral strings.

    Args:
        encrypt: the block cipher.
        radix: 2 to 256.
        numerals: an array of shape (rows, length), length at least 2, each below the radix.
        tweak: as the publication has it; the same for all rows.
    """
    shape = _Shape.of(radix, numerals.shape[1])
    left = _number(numerals[:, : shape.u], radix, shape.wide)
    right = _number(numerals[:, shape.u :], radix, shape.wide)
    left, right = _rounds(encrypt, shape, left, right, tweak)
    return np.hstack([_numerals(left, radix, shape.u), _numerals(right, radix, shape.v)])


def encrypt_bits(
    encrypt: Encrypt, bits: int, numbers: npt.NDArray[np.uint64]
) -> npt.NDArray[np.uint64]:
    """FF1.Encrypt with radix 2: a permutation of the numbers below ``2**bits`` (2 to 64 bits)."""
    shape = _Shape.of(2, bits)
    halves = numbers >> np.uint64(shape.v), numbers & np.uint64((1 << shape.v) - 1)
    left, right = _rounds(encrypt, shape, *halves, b"")
    return (left.astype(np.uint64) << np.uint64(shape.v)) | right.astype(np.uint64)


def _rounds(
    encrypt: Encrypt, shape: _Shape, left: _Halves, right: _Halves, tweak: bytes
) -> tuple[_Halves, _Halves]:
    """Steps 5 and 6 of Algorithm 7, over all rows at once."""
    padding = -(len(tweak) + shape.b + 1) % _BLOCK
    message = np.zeros((len(left), len(tweak) + padding + 1 + shape.b), np.uint8)
    message[:, : len(tweak)] = np.frombuffer(tweak, np.uint8)
    start = np.frombuffer(encrypt(shape.first_block(tweak)), np.uint8)
    for number in range(_ROUNDS):
        message[:, -shape.b - 1] = number
        message[:, -shape.b :] = _bytes(right, shape.b)
        state = np.broadcast_to(start, (len(left), _BLOCK))
        for at in range(0, message.shape[1], _BLOCK):
            state = _encrypted(encrypt, state ^ message[:, at : at + _BLOCK])
        modulus = shape.radix ** (shape.v if number % 2 else shape.u)
        drawn = _modulo(_stretched(encrypt, state, shape.d), modulus, shape.wide)
        if shape.wide:
            left, right = right, (left + drawn) % modulus
        else:
            left, right = right, (left + drawn) % np.uint64(modulus)
    return left, right


def _encrypted(encrypt: Encrypt, blocks: Numerals) -> Numerals:
    return np.frombuffer(encrypt(blocks.tobytes()), np.uint8).reshape(blocks.shape)


def _stretched(encrypt: Encrypt, state: Numerals, size: int) -> Numerals:
    """The first ``size`` bytes of R, CIPH(R ^ 1), CIPH(R ^ 2), …: step 6.iii."""
    blocks = [state]
    for number in range(1, -(-size // _BLOCK)):
        counter = np.frombuffer(number.to_bytes(_BLOCK, "big"), np.uint8)
        blocks.append(_encrypted(encrypt, state ^ counter))
    return np.hstack(blocks)[:, :size]


def _modulo(drawn: Numerals, modulus: int, wide: bool) -> _Halves:
    """Each row's bytes, read as one number, modulo ``modulus``."""
    if wide:
        numbers = [int.from_bytes(row.tobytes(), "big") % modulus for row in drawn]
        return np.array(numbers, dtype=object)
    words = np.ascontiguousarray(drawn).view(">u4").astype(np.uint64)
    # As many bits at a time as leave room in 64 beside a remainder.
    step = next(bits for bits in (32, 16, 8, 4) if bits + modulus.bit_length() <= 64)
    mask, divisor = np.uint64((1 << step) - 1), np.uint64(modulus)
    remainder = np.zeros(len(drawn), np.uint64)
    for place in range(words.shape[1]):
        for shift in range(32 - step, -1, -step):
            piece = (words[:, place] >> np.uint64(shift)) & mask
            remainder = ((remainder << np.uint64(step)) | piece) % divisor
    return remainder


def _bytes(numbers: _Halves, size: int) -> Numerals:
    """Big-endian, ``size`` bytes each."""
    if numbers.dtype == object:
        joined = b"".join(number.to_bytes(size, "big") for number in numbers)
        return np.frombuffer(joined, np.uint8).reshape(-1, size)
    return numbers.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - size :]


def _number(numerals: Numerals, radix: int, wide: bool) -> _Halves:
    if wide:
        number: npt.NDArray[np.object_] = np.full(len(numerals), 0, dtype=object)
        for place in range(numerals.shape[1]):
            number = number * radix + numerals[:, place].astype(object)
        return number
    word = np.zeros(len(numerals), np.uint64)
    for place in range(numerals.shape[1]):
        word = word * np.uint64(radix) + numerals[:, place]
    return word


def _numerals(numbers: _Halves, radix: int, length: int) -> Numerals:
    out = np.empty((len(numbers), length), np.uint8)
    divisor = np.array(radix, numbers.dtype)
    for place in range(length - 1, -1, -1):
        out[:, place] = (numbers % divisor).astype(np.uint8)
        numbers = numbers // divisor
    return out
