"""Key → namespace → draws over a whole column: the only module that does cryptography.

Knows nothing of policies, tables or fakes. What it promises: the same text under the same key and
namespace gives the same draws, in every batch, run and database; without the key a draw says
nothing of the text, and two namespaces have nothing to do with each other.

The chain, each step a published construction:

1. key (32 bytes) → namespace key: HKDF-SHA-256 (RFC 5869).
2. text → 128 bits: HMAC-SHA-256 (RFC 2104) under the namespace key, its first half.
3. 128 bits → as many independent draws as a mask wants: AES-256 (FIPS 197) under a key of their
   label, one block a row. A permutation of a pseudo-random value is as good as another one.
"""

import base64
import binascii
import secrets
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl
import polars_hash as plh
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from maskr.errors import KeyMissingError
from maskr.texts import split

KEY_BYTES = 32
Words = npt.NDArray[np.uint64]

_BLOCK_BYTES = 16
_KEY_COMMAND_SECONDS = 60
_MAKE_ONE = "make one with `maskr key new`"


class Key:
    """The one secret. It never appears in a repr, a message or a pickle of anything but itself."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        """``secret`` is 32 random bytes.

        Raises:
            KeyMissingError: it has another length.
        """
        if len(secret) != KEY_BYTES:
            raise KeyMissingError("key", f"a key has {KEY_BYTES} bytes", _MAKE_ONE)
        self._secret = secret

    @classmethod
    def new(cls) -> Self:
        """A fresh key from the operating system's generator."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def parse(cls, text: str, where: str = "key") -> Self:
        """Reads a key as `dump` writes it (base64), or as 64 hexadecimal digits.

        Raises:
            KeyMissingError: it is neither; the message names ``where``, never the text.
        """
        text = text.strip()
        for read in (bytes.fromhex, lambda text: base64.b64decode(text, validate=True)):
            try:
                secret = read(text)
            except ValueError:
                continue
            if len(secret) == KEY_BYTES:
                return cls(secret)
        raise KeyMissingError(where, f"this is not a key of {KEY_BYTES} bytes", _MAKE_ONE)

    def dump(self) -> str:
        """The key as text (base64, 44 characters): what a key file holds."""
        return base64.b64encode(self._secret).decode("ascii")

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that tell keys apart and say nothing of them."""
        return _hkdf(self._secret, "maskr/1/fingerprint", 8).hex()

    def namespace(self, name: str = "") -> "Namespace":
        """The draws of ``name``; columns of different namespaces cannot be linked."""
        return Namespace(_hkdf(self._secret, f"maskr/1/namespace/{name}", KEY_BYTES))

    def seed(self, label: str) -> int:
        """A number to seed a word pool with: 64 bits, another one under another key."""
        return int.from_bytes(_hkdf(self._secret, f"maskr/1/seed/{label}", 8), "big")

    def __repr__(self) -> str:
        """The fingerprint only."""
        return f"Key({self.fingerprint})"


class Namespace:
    """Draws for whole columns of text under one sub-key."""

    __slots__ = ("_ciphers", "_hmac_key", "_secret")

    def __init__(self, secret: bytes) -> None:
        """``secret`` is the namespace's own sub-key."""
        self._secret = secret
        # polars-hash takes the HMAC key as text: its 64 ASCII digits are one SHA-256 block, so
        # nothing is lost to padding or to a second hash.
        self._hmac_key = _hkdf(secret, "hmac", KEY_BYTES).hex()
        self._ciphers: dict[str, Cipher[modes.ECB]] = {}

    def draws(self, values: pl.Series) -> "Draws":
        """One draw a row. NULL draws as the empty text does: masks leave NULL alone anyway."""
        return Draws(self._blocks(values), self)

    def _blocks(self, values: pl.Series) -> bytes:
        if values.is_empty():
            return b""
        digests = pl.DataFrame({"text": values.fill_null("")}).select(
            plh.col("text").chash.hmac_sha256(key=self._hmac_key).str.slice(0, 2 * _BLOCK_BYTES)
        )
        return binascii.a2b_hex(digests.to_series().str.join("").item())

    def cipher(self, label: str) -> Cipher[modes.ECB]:
        """AES-256 under the label's own key."""
        cipher = self._ciphers.get(label)
        if cipher is None:
            key = _hkdf(self._secret, f"label/{label}", KEY_BYTES)
            # ECB of independent pseudo-random blocks is the bare permutation, which is what a
            # draw is; it encrypts no message.
            cipher = self._ciphers[label] = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305
        return cipher

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
        return len(self._blocks) // _BLOCK_BYTES

    def of(self, values: pl.Series) -> "Draws":
        """Draws of other texts under the same namespace (for what stands inside a value)."""
        return self._namespace.draws(values)

    def take(self, rows: pl.Series) -> "Draws":
        """The draws of some of the rows: ``rows`` is a mask of booleans, one a row."""
        blocks = np.frombuffer(self._blocks, np.uint8).reshape(-1, _BLOCK_BYTES)
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
            made = self._made[label] = out.reshape(-1, _BLOCK_BYTES)
        return made

    def words(self, label: str) -> Words:
        """64 bits a row."""
        return np.ascontiguousarray(self.block(label)[:, :8]).view("<u8").reshape(-1)

    def below(self, label: str, bound: int) -> Words:
        """An integer in ``[0, bound)`` a row; the bias is below bound / 2**64."""
        return self.words(label) % np.uint64(bound)

    def hex(self, label: str, digits: int) -> pl.Series:
        """A text of hexadecimal digits a row, 4 bits each, at most 32."""
        size = (digits + 1) // 2
        rows = np.ascontiguousarray(self.block(label)[:, :size])
        text = binascii.b2a_hex(rows.tobytes(), "\0", -size) if rows.size else b""
        return split(text, len(self)).str.slice(0, digits)

    def pick(self, label: str, pool: pl.Series) -> pl.Series:
        """One of ``pool``'s values a row, each as likely as the next."""
        return pool.gather(pl.Series(self.below(label, len(pool)), dtype=pl.UInt32))

    def stream(self, label: str, counts: npt.NDArray[np.int64]) -> Words:
        """``counts[i]`` numbers for row i, all rows' in one flat array of ``counts.sum()``.

        A row's 64-bit draw is stretched by SplitMix64 (Steele, Lea, Flood 2014): it need not be
        cryptography again, for each row's start already is, and no two rows share one.
        """
        starts = np.repeat(self.words(label), counts)
        ends = np.cumsum(counts)
        ordinal = np.arange(len(starts), dtype=np.uint64) - np.repeat(
            (ends - counts).astype(np.uint64), counts
        )
        return _splitmix(starts + (ordinal + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15))


def read_key_file(path: Path) -> Key:
    """Reads a key file.

    Raises:
        KeyMissingError: it cannot be read, others may read it, or it holds no key.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise KeyMissingError(str(path), "this key file cannot be read", _MAKE_ONE) from None
    if mode & 0o077:
        raise KeyMissingError(str(path), "others may read this key", f"chmod 600 {path}")
    return Key.parse(text, str(path))


def read_key_command(command: Sequence[str]) -> Key:
    """Runs a program (a KMS's client, say) and reads the key from its standard output.

    Raises:
        KeyMissingError: it cannot be run, fails, takes over a minute or prints no key.
    """
    where = f"key command {command[0]!r}"
    try:
        done = subprocess.run(command, capture_output=True, timeout=_KEY_COMMAND_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        # The exception holds what was printed so far: perhaps the key.
        raise KeyMissingError(where, "it could not be run to its end", "run it by hand") from None
    if done.returncode != 0:
        raise KeyMissingError(where, f"it ended with status {done.returncode}", "run it by hand")
    return Key.parse(done.stdout.decode("ascii", "replace"), where)


def _hkdf(secret: bytes, info: str, size: int) -> bytes:
    return HKDF(SHA256(), size, salt=None, info=info.encode()).derive(secret)


def _splitmix(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
