"""AES-CMAC of every text of a column: the pseudo-random function under all draws.

CMAC is a keyed hash made of a block cipher (NIST SP 800-38B; RFC 4493, RFC 4615 for its use as a
PRF). Of the published ones it is the one that runs over a whole column at once: block r of every
text of one length goes through the cipher in one call, which takes a quarter of the time of
HMAC-SHA-256 a value (143 beside 564 ns for 28 bytes, measured in one run).
"""

import numpy as np
import numpy.typing as npt
import polars as pl
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK_BYTES = 16
Blocks = npt.NDArray[np.uint8]
_Halves = npt.NDArray[np.uint64]

_BITS = 128
_POLYNOMIAL = 0x87  # of the field with 2**128 elements: SP 800-38B, section 5.3


class Cmac:
    """AES-CMAC under one key of 32 bytes."""

    __slots__ = ("_cipher", "_complete", "_padded")

    def __init__(self, key: bytes) -> None:
        """Derives the two masks of the last block (SP 800-38B, section 6.1)."""
        # ECB of single blocks is the bare cipher that CMAC is built on; it encrypts no message.
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305
        zero = self._cipher.encryptor().update(bytes(BLOCK_BYTES))
        once = _doubled(int.from_bytes(zero, "big"))
        self._complete = _halves(once)
        self._padded = _halves(_doubled(once))

    def column(self, values: pl.Series) -> Blocks:
        """The MACs of the texts' UTF-8, an array of shape (rows, 16); NULL as the empty text."""
        texts = values.fill_null("")
        sizes = texts.str.len_bytes().cast(pl.Int64).to_numpy()
        counts = np.maximum(1, (sizes + BLOCK_BYTES - 1) // BLOCK_BYTES)
        out = np.empty((len(texts), 2), np.uint64)
        for count in np.unique(counts):
            rows = np.flatnonzero(counts == count)
            some = texts if len(rows) == len(texts) else texts.gather(rows)
            out[rows] = self._same(some, sizes[rows], int(count))
        return out.view(np.uint8)

    def _same(self, texts: pl.Series, sizes: npt.NDArray[np.int64], count: int) -> _Halves:
        """The MACs of texts of ``count`` blocks each."""
        width = count * BLOCK_BYTES
        message = _message(texts, sizes, width)
        short = sizes < width
        ends = np.flatnonzero(short) * width + sizes[short]
        message.reshape(-1)[ends] = 0x80
        halves = message.view(np.uint64)
        for half in (0, 1):
            halves[:, half - 2] ^= np.where(short, self._padded[half], self._complete[half])
        encrypt = self._cipher.encryptor()
        state = np.zeros((len(texts), 2), np.uint64)
        for at in range(0, 2 * count, 2):
            state = state ^ halves[:, at : at + 2]
            state = np.frombuffer(encrypt.update(state.tobytes()), np.uint64).reshape(-1, 2)
        return state


def _message(texts: pl.Series, sizes: npt.NDArray[np.int64], width: int) -> Blocks:
    """The texts' bytes, one row each, with zeros behind."""
    bytes_in_all = int(sizes.sum())
    if int(texts.str.len_chars().sum()) == bytes_in_all:
        # All ASCII: polars pads by characters, which are bytes here, and twice as fast as numpy.
        padded = texts.str.pad_end(width, "\0").str.join("").item().encode()
        return np.frombuffer(bytearray(padded), np.uint8).reshape(-1, width)
    message = np.zeros((len(texts), width), np.uint8)
    whole = texts.str.join("").item().encode()
    message[np.arange(width) < sizes[:, None]] = np.frombuffer(whole, np.uint8)
    return message


def _doubled(number: int) -> int:
    """Twice the number in the field with 2**128 elements."""
    shifted = number << 1
    return (shifted ^ _POLYNOMIAL) % (1 << _BITS) if shifted >> _BITS else shifted


def _halves(number: int) -> _Halves:
    """128 bits as two words in memory order."""
    return np.frombuffer(number.to_bytes(BLOCK_BYTES, "big"), np.uint64)
