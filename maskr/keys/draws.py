"""Draws: pseudo-random numbers for whole columns, repeatable under a key."""

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
import polars as pl
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from maskr.keys.cmac import BLOCK_BYTES, Cmac
from maskr.texts import fixed

Words = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # SplitMix64's step


class Namespace:
    """Draws for whole columns of text under one sub-key."""

    __slots__ = ("_ciphers", "_cmac", "_permutations", "_secret")

    def __init__(self, secret: bytes) -> None:
        """``secret`` is the namespace's own sub-key."""
        self._secret = secret
        self._cmac = Cmac(hkdf(secret, "cmac", 32))
        self._ciphers: dict[str, Cipher[modes.ECB]] = {}
        self._permutations: dict[tuple[str, int], npt.NDArray[np.int64]] = {}

    def draws(self, values: pl.Series) -> "Draws":
        """One draw a row. NULL draws as the empty text does: masks leave NULL alone anyway."""
        return Draws(self._cmac.column(values).tobytes(), self)

    def cipher(self, label: str) -> Cipher[modes.ECB]:
        """AES-256 under the label's own key."""
        cipher = self._ciphers.get(label)
        if cipher is None:
            key = hkdf(self._secret, f"label/{label}", 32)
            # ECB of independent pseudo-random blocks is the bare permutation, which is what a
            # draw is; it encrypts no message.
            cipher = self._ciphers[label] = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305
        return cipher

    def permutation(self, label: str, size: int) -> npt.NDArray[np.int64]:
        """A permutation of the numbers below ``size`` as a table, the same under the same key.

        Sorted by 64 pseudo-random bits each; for sizes up to some millions (8 bytes a number).
        """
        made = self._permutations.get((label, size))
        if made is None:
            blocks = np.zeros((size, 2), "<u8")
            blocks[:, 0], blocks[:, 1] = np.arange(size), size
            encrypt = self.cipher(f"permutation/{label}").encryptor()
            drawn = np.frombuffer(encrypt.update(blocks.tobytes()), "<u8")[::2]
            made = self._permutations[label, size] = np.argsort(drawn, kind="stable")
        return made

    def __repr__(self) -> str:
        """Nothing of the sub-key."""
        return "Namespace()"


class Draws:
    """Pseudo-random numbers for the rows of one column.

    Every method takes a label: the same label gives the same numbers again (so that two masks can
    agree on a person's first name), another label independent ones.
    """

    __slots__ = ("_blocks", "_made", "_namespace")

    def __init__(self, blocks: bytes, namespace: Namespace) -> None:
        """``blocks`` holds 16 bytes a row."""
        self._blocks = blocks
        self._namespace = namespace
        self._made: dict[str, npt.NDArray[np.uint8]] = {}

    def __len__(self) -> int:
        """The number of rows."""
        return len(self._blocks) // BLOCK_BYTES

    def of(self, values: pl.Series) -> "Draws":
        """Draws of other texts under the same namespace (for what stands inside a value)."""
        return self._namespace.draws(values)

    def take(self, rows: pl.Series) -> "Draws":
        """The draws of some of the rows: ``rows`` is a mask of booleans, one a row."""
        blocks = np.frombuffer(self._blocks, np.uint8).reshape(-1, BLOCK_BYTES)
        return Draws(blocks[rows.to_numpy()].tobytes(), self._namespace)

    def again(self) -> "Draws":
        """Other draws of the same rows: for a mask that gave a value back unchanged."""
        return Draws(self.block("again").tobytes(), self._namespace)

    def block(self, label: str) -> npt.NDArray[np.uint8]:
        """128 bits a row: an array of shape (rows, 16)."""
        made = self._made.get(label)
        if made is None:
            encrypt = self._namespace.cipher(label).encryptor()
            out = np.frombuffer(encrypt.update(self._blocks), np.uint8)
            made = self._made[label] = out.reshape(-1, BLOCK_BYTES)
        return made

    def encryptor(self, label: str) -> Callable[[bytes], bytes]:
        """AES-256 under the label's own key, block by block: for what is built on a block cipher.

        It is bound to the namespace, not to the rows.
        """
        return self._namespace.cipher(label).encryptor().update

    def permutation(self, label: str, size: int) -> npt.NDArray[np.int64]:
        """A keyed permutation of the numbers below ``size``; bound to the namespace, too."""
        return self._namespace.permutation(label, size)

    def words(self, label: str) -> Words:
        """64 bits a row."""
        return self.block(label).view("<u8")[:, 0]

    def below(self, label: str, bound: int) -> Words:
        """An integer in ``[0, bound)`` a row; the bias is below bound / 2**64."""
        return self.words(label) % np.uint64(bound)

    def hex(self, label: str, digits: int) -> pl.Series:
        """A text of hexadecimal digits a row, 4 bits each, at most 32."""
        return fixed(self.hex_digits(label, digits))

    def hex_digits(self, label: str, digits: int) -> npt.NDArray[np.uint8]:
        """The same as ASCII, an array of shape (rows, digits): for what is put together of it."""
        size = (digits + 3) // 4  # four digits are looked up at a time
        quads = np.ascontiguousarray(self.block(label)[:, : 2 * size]).view("<u2")
        found = _quads().take(quads).view(np.uint8).reshape(len(self), 4 * size)
        return found[:, :digits]

    def pick(self, label: str, pool: pl.Series) -> pl.Series:
        """One of ``pool``'s values a row, each as likely as the next."""
        # By [] and not by gather(), which would plan a query for it.
        return pool[pl.Series(self.below(label, len(pool)), dtype=pl.UInt32)]

    def stream(self, label: str, counts: npt.NDArray[np.int64]) -> Words:
        """``counts[i]`` numbers for row i, all rows' in one flat array of ``counts.sum()``.

        A row's 64-bit draw is stretched by SplitMix64 (Steele, Lea, Flood 2014): it need not be
        cryptography again, for each row's start already is, and no two rows share one.
        """
        # Number n of a row comes from its start plus n steps: with the row's offset in the flat
        # array taken off beforehand, one running number serves all rows.
        offsets = (np.cumsum(counts) - counts).astype(np.uint64)
        starts = self.words(label) + (np.uint64(1) - offsets) * _GOLDEN
        flat = np.repeat(starts, counts)
        flat += np.arange(len(flat), dtype=np.uint64) * _GOLDEN
        return _splitmix(flat)


def scaled(words: Words, bound: "int | Words") -> Words:
    """Integers in ``[0, bound)``, for bounds below 2**32; the bias is below bound / 2**32.

    A multiplication and a shift (Lemire 2019): a division takes five times as long.
    """
    return ((words >> np.uint64(32)) * np.asarray(bound, np.uint64)) >> np.uint64(32)


@cache
def _quads() -> npt.NDArray[np.uint32]:
    """The four hexadecimal digits, as ASCII, of each pair of bytes."""
    pairs = np.arange(1 << 16, dtype="<u2").view(np.uint8).reshape(-1, 2)
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    return digits[np.stack([pairs >> 4, pairs & 15], axis=2)].reshape(-1, 4).view(np.uint32)[:, 0]


def hkdf(secret: bytes, info: str, size: int) -> bytes:
    """HKDF-SHA-256 (RFC 5869) without a salt: the secret is uniformly random already."""
    return HKDF(SHA256(), size, salt=None, info=info.encode()).derive(secret)


def _splitmix(words: Words) -> Words:
    """The output function of SplitMix64; overwrites ``words``."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        words ^= words >> np.uint64(shift)
        words *= np.uint64(factor)
    words ^= words >> np.uint64(31)
    return words
