"""Maskers of addresses on a network."""

import binascii

import numpy as np
import polars as pl

from maskr.keys import Draws
from maskr.maskers import Mask, Site, Traits, masker
from maskr.model import Kind
from maskr.texts import Bytes, split


@masker(kinds=frozenset({Kind.INET, Kind.TEXT}), traits=Traits(longest=43, smallest_domain=10**6))
def ip(site: Site) -> Mask:
    """An IP address of the same family that belongs to nobody.

    IPv4 goes to 10.0.0.0/8 (private use, RFC 1918: 24 drawn bits), IPv6 to fd00::/8 (unique local,
    RFC 4193: 120 drawn bits). A prefix length behind the address stays, and in a ``cidr`` column
    the bits behind it are zero, as they must be.

    Example:
        ``ip: ip``
    """
    network = site.column.type == "cidr"

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        six = values.str.contains(":", literal=True).fill_null(False)
        length = values.str.extract(r"/(\d{1,3})$", 1).cast(pl.Int64)
        suffix = ("/" + length.cast(pl.String)).fill_null("")
        drawn = draws.block("ip").copy()
        v4 = _v4(_cleared(drawn[:, :4], 10, length if network else None))
        v6 = _v6(_cleared(drawn, 0xFD, length if network else None))
        return v6.zip_with(six, v4) + suffix

    return mask


def _cleared(address: Bytes, first: int, length: pl.Series | None) -> Bytes:
    """The address with its first byte set, and the bits behind the prefix length zero."""
    address[:, 0] = first
    if length is None:
        return address
    width = 8 * address.shape[1]
    prefix = length.fill_null(width).to_numpy()[:, None]
    bits = np.clip(prefix - 8 * np.arange(address.shape[1])[None, :], 0, 8)
    return address & ((0xFF00 >> bits) & 0xFF).astype(np.uint8)


def _v4(address: Bytes) -> pl.Series:
    first, *others = (pl.Series(address[:, place]).cast(pl.String) for place in range(4))
    for part in others:
        first = first + "." + part
    return first


def _v6(address: Bytes) -> pl.Series:
    text = binascii.b2a_hex(address.tobytes(), "\0", -16) if address.size else b""
    digits = split(text, len(address))
    groups = digits.str.slice(0, 4)
    for place in range(4, 32, 4):
        groups = groups + ":" + digits.str.slice(place, 4)
    return groups
