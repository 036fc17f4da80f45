"""Maskers that give codes: nothing of a value is in its code, yet the same value gives the same."""

from typing import Annotated, Literal

import numpy as np
import polars as pl
from pydantic import Field

from maskr.keys import Draws
from maskr.maskers import SAFE_DOMAIN, Mask, Site, Traits, masker
from maskr.model import Kind
from maskr.texts import fixed

_UNIQUE_BITS = 96  # two of 10**9 values meet with a chance below 10**-10
_BITS = 128  # of a draw
# RFC 4648, "base32" in small letters and "base64url"; Crockford's base 32 leaves out i, l, o, u.
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_DIGIT_BITS = {"hex": 4, "base32": 5, "base64": 6}

_Encoding = Literal["hex", "base32", "base64"]


def _digits(encoding: str, length: int | None) -> int:
    most = _BITS // _DIGIT_BITS[encoding]
    return most if length is None else min(length, most)


def _hash_traits(encoding: str, length: int | None) -> Traits:
    digits = _digits(encoding, length)
    unique = digits * _DIGIT_BITS[encoding] >= _UNIQUE_BITS
    return Traits(unique=unique, longest=digits, smallest_domain=SAFE_DOMAIN)


@masker(kinds=frozenset({Kind.TEXT, Kind.BYTES}), traits=_hash_traits, name="hash")
def hash_(
    site: Site,
    *,
    length: Annotated[int, Field(ge=1, le=32)] | None = None,
    encoding: _Encoding = "hex",
) -> Mask:
    """Digits drawn from the value: a keyed hash, never a bare one.

    Args:
        site: where the mask works.
        length: digits; hex has 4 bits each and at most 32 of them, base32 5 and 25, base64 6 and
            21. From 96 bits on (24, 20, 16 digits) two values never meet, and a unique column may
            take it. All there are by default.
        encoding: ``hex``, ``base32`` in small letters, ``base64`` with ``-`` and ``_``. A column of
            bytes gets the bytes that the hexadecimal digits stand for.

    Example:
        ``ssn: {mask: hash, length: 24}``
    """
    digits = _digits(encoding, length)

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        if site.column.kind is Kind.BYTES:
            # bytea_output is hex: the manual, "Binary Data Types". Half a byte does not exist.
            return "\\x" + draws.hex("hash", digits + digits % 2)
        if encoding == "hex":
            return draws.hex("hash", digits)
        alphabet = _BASE32 if encoding == "base32" else _BASE64
        return _spelled(draws, f"hash/{encoding}", alphabet, digits)

    return mask


@masker(
    kinds=frozenset({Kind.TEXT}),
    traits=lambda prefix, length: Traits(
        unique=length * 5 >= _UNIQUE_BITS,
        longest=len(prefix) + length,
        smallest_domain=SAFE_DOMAIN,
    ),
)
def token(site: Site, *, prefix: str = "", length: Annotated[int, Field(ge=1, le=25)] = 20) -> Mask:
    """A code such as programs hand out: a prefix, then letters and digits hard to confuse.

    Args:
        site: where the mask works.
        prefix: stands before it.
        length: characters behind the prefix, 5 bits each (Crockford's base 32). With 20 and more
            two values never meet, and a unique column may take it.

    Example:
        ``api_key: {mask: token, prefix: "sk_test_"}``
    """

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        return prefix + _spelled(draws, "token", _CROCKFORD, length)

    return mask


def _spelled(draws: Draws, label: str, alphabet: str, digits: int) -> pl.Series:
    """The first bits of each draw as digits of an alphabet of 2**n characters."""
    width = len(alphabet).bit_length() - 1
    bits = np.unpackbits(draws.block(label), axis=1)[:, : digits * width]
    places = bits.reshape(-1, width) @ (1 << np.arange(width - 1, -1, -1)).astype(np.uint8)
    return fixed(np.frombuffer(alphabet.encode(), np.uint8)[places].reshape(-1, digits))
