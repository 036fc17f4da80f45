"""AES-CMAC of every text of a column: the pseudo-random function under all draws.

CMAC is a keyed hash made of a block cipher (NIST SP 800-38B; RFC 4493, RFC 4615 for its use as a
PRF). Of the published ones it is the one that runs over a whole column at once: block r of every
text of one length goes through the cipher in one call, which takes a quarter of the time of
HMAC-SHA-256 a value (143 beside 564 ns for 28 bytes, measured in one run).
"""

import numpy as np
import numpy.typing as npt
import polars as pl
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from maskr.texts import flat, windows

BLOCK_BYTES = 16
Blocks = npt.NDArray[np.uint8]
_Halves = npt.NDArray[np.uint64]

_BITS = 128
_POLYNOMIAL = 0x87  # of the field with 2**128 elements: SP 800-38B, section 5.3


class Cmac:
    """AES-CMAC under one key of 32 bytes."""

    __slots__ = ("_cipher", "_ends")

    def __init__(self, key: bytes) -> None:
        """Derives the two masks of the last block (SP 800-38B, section 6.1)."""
        # ECB of single blocks is the bare cipher that CMAC is built on; it encrypts no message.
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305
        zero = self._cipher.encryptor().update(bytes(BLOCK_BYTES))
        once = _doubled(int.from_bytes(zero, "big"))
        self._ends = _ends(once, _doubled(once))

    def column(self, values: pl.Series) -> Blocks:
        """The MACs of the texts' UTF-8, an array of shape (rows, 16); NULL as the empty text."""
        sizes = values.str.len_bytes().fill_null(0).to_numpy().astype(np.int64)
        starts = np.cumsum(sizes) - sizes
        counts = np.maximum(1, (sizes + BLOCK_BYTES - 1) // BLOCK_BYTES)
        most = int(counts.max(initial=1))
        content = np.concatenate([flat(values), np.zeros(most * BLOCK_BYTES, np.uint8)])
        out = np.empty((len(values), 2), np.uint64)
        for count in np.flatnonzero(np.bincount(counts)).tolist():
            rows = counts == count
            whole = rows.all()
            message = windows(content, starts if whole else starts[rows], count * BLOCK_BYTES)
            macs = self._macs(message.view(np.uint64), sizes if whole else sizes[rows])
            if whole:
                return macs.view(np.uint8)
            out[rows] = macs
        return out.view(np.uint8)

    def _macs(self, message: _Halves, sizes: npt.NDArray[np.int64]) -> _Halves:
        """The MACs of texts of as many blocks each, an array of shape (rows, 2).

        Args:
            message: the texts, with anything behind each; of shape (rows, 2 x blocks), written to.
            sizes: of the texts, in bytes.
        """
        last = sizes - (message.shape[1] * 8 - BLOCK_BYTES)
        message[:, -2:] &= _KEPT.take(last, axis=0)
        message[:, -2:] ^= self._ends.take(last, axis=0)
        encrypt = self._cipher.encryptor()
        state = message[:, :2]
        for at in range(2, message.shape[1], 2):
            state = _encrypted(encrypt, state) ^ message[:, at : at + 2]
        return _encrypted(encrypt, state)


def _encrypted(encrypt: CipherContext, blocks: _Halves) -> _Halves:
    # Copied only where the blocks do not stand side by side already.
    made = encrypt.update(np.ascontiguousarray(blocks).view(np.uint8).reshape(-1).data)
    return np.frombuffer(made, np.uint64).reshape(-1, 2)


def _halves(block: bytes) -> _Halves:
    """128 bits as two words in memory order."""
    return np.frombuffer(block, np.uint64)


# For each number of bytes that a text has in its last block: which bits of the block are its own.
_KEPT = np.stack([_halves(b"\xff" * size + bytes(BLOCK_BYTES - size)) for size in range(17)])


def _ends(complete: int, padded: int) -> _Halves:
    """What the last block is combined with, for each number of bytes that a text has in it.

    A complete block meets the one mask, a shorter one its padding (a one and zeros) and the other.
    """
    ends = np.stack([_halves(bytes(size) + b"\x80" + bytes(15 - size)) for size in range(16)])
    masks = [_halves(mask.to_bytes(BLOCK_BYTES, "big")) for mask in (padded, complete)]
    return np.vstack([ends ^ masks[0], masks[1]])


def _doubled(number: int) -> int:
    """Twice the number in the field with 2**128 elements."""
    shifted = number << 1
    return (shifted ^ _POLYNOMIAL) % (1 << _BITS) if shifted >> _BITS else shifted
