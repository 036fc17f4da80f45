"""Key → namespace → draws over a whole column: the only room that does cryptography.

Knows nothing of policies, tables or fakes. What it promises: the same text under the same key and
namespace gives the same draws, in every batch, run and database; without the key a draw says
nothing of the text, and two namespaces have nothing to do with each other.

The chain, each step a published construction:

1. key (32 bytes) → namespace key: HKDF-SHA-256 (RFC 5869).
2. text → 128 bits: AES-256-CMAC (NIST SP 800-38B) under the namespace key: `cmac`.
3. 128 bits → as many independent draws as a mask wants: AES-256 (FIPS 197) under a key of their
   label, one block a row: `draws`. A permutation of a pseudo-random value is as good as it is.
"""

import base64
import secrets
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from maskr.errors import KeyMissingError
from maskr.keys.draws import Draws, Namespace, Words, hkdf, scaled

__all__ = [
    "KEY_BYTES",
    "Draws",
    "Key",
    "Namespace",
    "Words",
    "read_key_command",
    "read_key_file",
    "scaled",
]

KEY_BYTES = 32

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
        return hkdf(self._secret, "maskr/1/fingerprint", 8).hex()

    def namespace(self, name: str = "") -> Namespace:
        """The draws of ``name``; columns of different namespaces cannot be linked."""
        return Namespace(hkdf(self._secret, f"maskr/1/namespace/{name}", KEY_BYTES))

    def seed(self, label: str) -> int:
        """A number to seed a word pool with: 64 bits, another one under another key."""
        return int.from_bytes(hkdf(self._secret, f"maskr/1/seed/{label}", 8), "big")

    def salt(self, label: str) -> str:
        """32 hexadecimal digits that may leave maskr: they say nothing of the key."""
        return hkdf(self._secret, f"maskr/1/salt/{label}", 16).hex()

    def __repr__(self) -> str:
        """The fingerprint only."""
        return f"Key({self.fingerprint})"


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
