"""Maskers of what machines are called: addresses on a network and identifiers drawn at random."""

import binascii
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Annotated

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import AfterValidator, Field

from maskr.keys import Draws
from maskr.maskers import TEXT, Mask, Site, Traits, masker
from maskr.maskers.characters import CAPITALS, DIGITS, LETTERS, grids
from maskr.maskers.cryptopan import anonymised
from maskr.maskers.ff1 import encrypt_bits
from maskr.model import Kind
from maskr.texts import Bytes, Texts, joined, split

#: What may stand for a domain in a policy.
DOMAIN = r"^[A-Za-z0-9.-]+$"
#: Hexadecimal digits as numbers, an array of shape (rows, digits).
Nibbles = npt.NDArray[np.uint8]
#: Other digits for those of some rows; the rows' numbers stand beside.
ChangeDigits = Callable[[Nibbles, npt.NDArray[np.int64]], Nibbles]

_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_FOUR = rf"^{_BYTE}(?:\.{_BYTE}){{3}}$"
_UNIQUE_DIGITS = 24  # 96 bits: two of 10**9 values meet with a chance below 10**-10
_HEX_SIGNS = np.frombuffer(b"0123456789abcdef", np.uint8)
_NIBBLE = np.zeros(256, np.uint8)
_NIBBLE[_HEX_SIGNS] = np.arange(16)
_NIBBLE[np.frombuffer(b"ABCDEF", np.uint8)] = np.arange(10, 16)
_HEX = DIGITS | (_NIBBLE > 0)
_HEX_OR_LETTER = DIGITS | LETTERS


# Networks that belong to nobody, by the bytes of an address (RFC 1918, RFC 4193).
_NOBODYS = {4: ip_network("10.0.0.0/8"), 16: ip_network("fd00::/8")}
_WORDS = ("private", "prefix")


def _network(text: str) -> str:
    try:
        ip_network(text if text not in _WORDS else "::")
    except ValueError:
        said = "private, prefix, or a network without bits behind its prefix, such as 10.20.0.0/16"
        raise ValueError(said) from None
    return text


@masker(
    kinds=frozenset({Kind.INET, Kind.TEXT}),
    traits=lambda network: Traits(
        unique=network == "prefix",
        reversible=network == "prefix",
        longest=43,
        smallest_domain=10**6,
    ),
)
def ip(site: Site, *, network: Annotated[str, AfterValidator(_network)] = "private") -> Mask:
    """An IP address of the same family.

    A prefix length behind the address stays, and in a ``cidr`` column the bits behind it are zero,
    as they must be.

    Args:
        site: where the mask works.
        network: ``private`` gives an address that belongs to nobody: IPv4 in 10.0.0.0/8 (RFC 1918:
            24 drawn bits), IPv6 in fd00::/8 (RFC 4193: 120 drawn bits). ``prefix`` keeps who is
            whose neighbour: two addresses with n leading bits in common have n in common
            afterwards (Crypto-PAn; Xu, Fan, Ammar and Moon 2002), and no two get one fake. A
            network such as ``10.20.0.0/16`` gives one within it; those of the other family are
            private.

    Example:
        ``ip: {mask: ip, network: private}``
    """
    zero_tail = site.column.type == "cidr"
    any_spelling = site.column.kind is Kind.INET
    within = dict(_NOBODYS)
    if network not in _WORDS:
        given_network = ip_network(network)
        within[given_network.max_prefixlen // 8] = given_network

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        length = values.str.extract(r"/(\d{1,3})$", 1).cast(pl.Int64)
        suffix = ("/" + length.cast(pl.String)).fill_null("")
        bare = values.str.replace(r"/\d{1,3}$", "")
        four = bare.str.contains(_FOUR).fill_null(False)
        packed = _six(bare.set(four, None), any_spelling)
        fakes = pl.Series([None], dtype=pl.String).new_from_index(0, len(values))
        for rows, given, printed in (
            (four, _four_bytes(bare.filter(four)), _v4),
            (packed.is_not_null(), _six_bytes(packed.drop_nulls()), _v6),
        ):
            if network == "prefix":
                addresses = _neighbours(given, draws)
            else:
                addresses = _inside(within[given.shape[1]], draws.take(rows))
            if zero_tail:
                addresses = _cleared(addresses, length.filter(rows))
            fakes = fakes.scatter(rows.arg_true(), joined(printed(addresses), suffix.filter(rows)))
        return fakes

    return mask


def _four_bytes(values: pl.Series) -> Bytes:
    parts = values.str.split_exact(".", 3).struct
    fields = [parts.field(f"field_{place}").cast(pl.UInt8).to_numpy() for place in range(4)]
    return np.stack(fields, axis=1)


def _six(values: pl.Series, any_spelling: bool) -> pl.Series:
    """IPv6 addresses' 16 bytes; NULL for what is none, or is not in its usual spelling."""
    known: dict[str, bytes] = {}
    for text in values.drop_nulls().unique():
        try:
            address = IPv6Address(text)
        except ValueError:
            continue
        # Two spellings of one address would get one fake.
        if any_spelling or str(address) == text:
            known[text] = address.packed
    return values.replace_strict(known, default=None, return_dtype=pl.Binary)


def _six_bytes(packed: pl.Series) -> Bytes:
    return np.frombuffer(b"".join(packed.to_list()), np.uint8).reshape(-1, 16)


def _inside(network: IPv4Network | IPv6Network, draws: Draws) -> Bytes:
    host = np.frombuffer(network.hostmask.packed, np.uint8)
    addresses: Bytes = draws.block("ip")[:, : len(host)] & host
    return addresses | np.frombuffer(network.network_address.packed, np.uint8)


def _neighbours(addresses: Bytes, draws: Draws) -> Bytes:
    pad = draws.encryptor("ip/pad")(bytes(16))
    return anonymised(draws.encryptor(f"ip/prefix/{addresses.shape[1]}"), pad, addresses)


def _cleared(addresses: Bytes, length: pl.Series) -> Bytes:
    """The bits behind the prefix length zero."""
    width = addresses.shape[1]
    prefix = length.fill_null(8 * width).to_numpy()[:, None]
    bits = np.clip(prefix - 8 * np.arange(width)[None, :], 0, 8)
    return addresses & ((0xFF00 >> bits) & 0xFF).astype(np.uint8)


def _v4(address: Bytes) -> pl.Series:
    first, *others = (pl.Series(address[:, place]).cast(pl.String) for place in range(4))
    return joined(first, *(part for other in others for part in (".", other)))


def _v6(address: Bytes) -> pl.Series:
    text = binascii.b2a_hex(address.tobytes(), "\0", -16) if address.size else b""
    digits = split(text, len(address))
    groups = [part for place in range(4, 32, 4) for part in (":", digits.str.slice(place, 4))]
    return joined(digits.str.slice(0, 4), *groups)


@masker(
    kinds=frozenset({Kind.MACADDR, Kind.TEXT}),
    traits=lambda keep_vendor: Traits(
        unique=True, reversible=True, format_kept=True, keeps=keep_vendor, longest=23
    ),
)
def mac(site: Site, *, keep_vendor: bool = False) -> Mask:
    """The address of a network card (EUI-48 or EUI-64), each once, written as it was.

    Encrypted with FF1 (NIST SP 800-38G) over its bits; whether it is one card's or a group's, and
    given out by a maker or not, stays.

    Args:
        site: where the mask works.
        keep_vendor: the first three bytes, which tell the maker, stay.

    Example:
        ``mac: mac``
    """
    kept = 24 if keep_vendor else 8

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        return _over_hex(values, (12, 16), lambda digits, _: _encrypted_mac(digits, kept, draws))

    return mask


def _encrypted_mac(digits: Nibbles, kept: int, draws: Draws) -> Nibbles:
    """All but the first ``kept`` bits, and of the first byte all but the two flags, encrypted."""
    bits = 4 * digits.shape[1]
    places = np.arange(bits - 4, -1, -4, dtype=np.uint64)
    number = (digits.astype(np.uint64) << places).sum(axis=1, dtype=np.uint64)
    free = bits - kept
    tail = number & np.uint64((1 << free) - 1)
    head = number >> np.uint64(free)
    if kept == 8:  # the six bits above the flags join the tail
        tail |= head >> np.uint64(2) << np.uint64(free)
        free += 6
    tail = encrypt_bits(draws.encryptor(f"mac/{free}"), free, tail)
    if kept == 8:
        free -= 6
        head = (tail >> np.uint64(free) << np.uint64(2)) | (head & np.uint64(3))
        tail &= np.uint64((1 << free) - 1)
    number = (head << np.uint64(free)) | tail
    made: Nibbles = ((number[:, None] >> places) & np.uint64(15)).astype(np.uint8)
    return made


@masker(
    kinds=frozenset({Kind.UUID, Kind.TEXT}),
    traits=Traits(unique=True, format_kept=True, longest=38),
)
def uuid(site: Site) -> Mask:
    """A UUID of the same version (RFC 9562), drawn from the value: 122 bits, or 118 with it kept.

    In a text column it is written as it was: with or without hyphens and braces, in capitals or
    not. The time in a version 1, 6 or 7 is drawn, too.

    Example:
        ``device_id: uuid``
    """

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        def drawn(digits: Nibbles, rows: npt.NDArray[np.int64]) -> Nibbles:
            block = draws.block("uuid")[rows]
            made = np.stack([block >> 4, block & 15], axis=2).reshape(-1, 32)
            made[:, 12] = digits[:, 12]
            made[:, 16] = 8 | made[:, 16] & 3
            return made

        return _over_hex(values, (32,), drawn)

    return mask


def _over_hex(values: pl.Series, sizes: tuple[int, ...], change: ChangeDigits) -> pl.Series:
    """Changes the hexadecimal digits of the values that have one of these numbers of them.

    NULL for values with another number of them, or with any further letter.
    """
    texts = Texts.of(values)
    chosen = _HEX[texts.buffer]
    counted = texts.rows_of(_HEX_OR_LETTER[texts.buffer])
    capital = texts.rows_of(chosen & CAPITALS[texts.buffer]) > 0
    buffer = texts.buffer.copy()
    read = np.zeros(len(values), np.bool_)
    for rows, places in grids(texts, chosen):
        if places.shape[1] not in sizes:
            continue
        only = counted[rows] == places.shape[1]
        rows, places = rows[only], places[only]
        made = _HEX_SIGNS[change(_NIBBLE[texts.buffer[places]], rows)]
        buffer[places] = made - 32 * ((made > ord("9")) & capital[rows][:, None]).astype(np.uint8)
        read[rows] = True
    return texts.replaced(buffer).zip_with(pl.Series(read), pl.Series([None], dtype=pl.String))


@masker(
    kinds=TEXT,
    traits=lambda domain: Traits(unique=True, longest=len(f"https://{domain}/") + _UNIQUE_DIGITS),
)
def url(site: Site, *, domain: Annotated[str, Field(pattern=DOMAIN)] = "www.example.test") -> Mask:
    """A web address that leads nowhere: ``https://www.example.test/<24 drawn digits>``.

    ``http`` stays ``http``; of host, path and query nothing stays.

    Args:
        site: where the mask works.
        domain: the host; by default one that RFC 2606 reserves.

    Example:
        ``website: url``
    """

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        plain = values.str.to_lowercase().str.starts_with("http://").fill_null(False)
        scheme = pl.Series(["http"]).zip_with(plain, pl.Series(["https"]))
        return scheme + f"://{domain}/" + draws.hex("url", _UNIQUE_DIGITS)

    return mask


@masker(
    kinds=TEXT,
    traits=lambda domain: Traits(unique=True, longest=len(domain) + 2 + _UNIQUE_DIGITS),
)
def domain_name(
    site: Site, *, domain: Annotated[str, Field(pattern=DOMAIN)] = "example.test"
) -> Mask:
    """A host that nobody can reach: ``h<24 drawn digits>.example.test``.

    Args:
        site: where the mask works.
        domain: what it ends in; by default one that RFC 2606 reserves.

    Example:
        ``host: domain_name``
    """
    return lambda values, draws: "h" + draws.hex("domain_name", _UNIQUE_DIGITS) + f".{domain}"
