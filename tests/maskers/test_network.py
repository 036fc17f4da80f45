import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface, ip_network
from uuid import UUID

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from maskr.errors import PolicyError
from maskr.maskers.cryptopan import anonymised
from tests.masking import Masking

# The example of Crypto-PAn's own distribution: key, addresses, and what becomes of them.
_KEY = bytes.fromhex(
    "1522178d33a4cf80130a5b1649907d10"  # of AES-128
    "d8988f837979652762574c2d2a842202"  # of the pad
)
_SAMPLES = {
    "128.11.68.132": "135.242.180.132",
    "129.118.74.4": "134.136.186.123",
    "130.132.252.244": "133.68.164.234",
    "141.223.7.43": "141.167.8.160",
    "152.163.225.39": "151.140.114.167",
    "156.29.3.236": "147.225.12.42",
}

_IP = Masking("ip: ip", "inet")
_NEAR = Masking("ip: {mask: ip, network: prefix}", "inet")
_MAC = Masking("mac: mac")
_UUID = Masking("id: uuid")


def test_crypto_pan_gives_what_its_authors_give() -> None:
    encrypt = Cipher(algorithms.AES(_KEY[:16]), modes.ECB()).encryptor().update
    given = np.array([list(IPv4Address(text).packed) for text in _SAMPLES], np.uint8)
    out = anonymised(encrypt, encrypt(_KEY[16:]), given)
    assert [str(IPv4Address(row.tobytes())) for row in out] == list(_SAMPLES.values())


@given(st.lists(st.ip_addresses().map(str), min_size=1))
@settings(deadline=None)
def test_a_private_address_belongs_to_nobody(values: list[str]) -> None:
    for value, fake in zip(values, _IP(values), strict=True):
        network = "10.0.0.0/8" if ip_address(value).version == 4 else "fd00::/8"
        assert ip_address(str(fake)) in ip_network(network)


def _common(one: IPv4Address | IPv6Address, other: IPv4Address | IPv6Address) -> int:
    return one.max_prefixlen - (int(one) ^ int(other)).bit_length()


@pytest.mark.parametrize("network", ["10.20.0.0/16", "192.0.2.0/25", "2001:db8::/37"])
def test_an_address_may_be_of_a_network_that_is_named(network: str) -> None:
    values = [f"93.184.{number // 256}.{number % 256}" for number in range(2000)]
    values += [f"2001:4860::{number:x}" for number in range(1, 2000)]
    named = ip_network(network)
    for fake in map(
        ip_address, map(str, Masking(f"c: {{mask: ip, network: '{network}'}}")(values))
    ):
        assert fake in named if fake.version == named.version else fake.is_private
    with pytest.raises(PolicyError):
        Masking("c: {mask: ip, network: 10.20.0.1/16}")


@given(st.lists(st.ip_addresses(v=4), min_size=2) | st.lists(st.ip_addresses(v=6), min_size=2))
@settings(deadline=None)
def test_neighbours_stay_neighbours(values: list[IPv4Address | IPv6Address]) -> None:
    fakes = [ip_address(str(fake)) for fake in _NEAR([str(value) for value in values])]
    for place, value in enumerate(values[1:]):
        assert _common(fakes[0], fakes[place + 1]) == _common(values[0], value)


@pytest.mark.parametrize("network", ["private", "prefix"])
def test_a_cidr_has_zeros_behind_its_prefix(network: str) -> None:
    values = ["93.184.216.0/24", "2001:db8::/32", "0.0.0.0/0", "1.2.3.4/32"]
    fakes = Masking(f"net: {{mask: ip, network: {network}}}", "cidr")(values)
    assert [ip_network(str(fake)).prefixlen for fake in fakes] == [24, 32, 0, 32]


def test_an_inet_keeps_the_length_of_its_prefix() -> None:
    assert [ip_interface(str(fake)).network.prefixlen for fake in _IP(["9.1.2.3/20"])] == [20]


@pytest.mark.parametrize("value", ["300.1.2.3", "localhost", "1.2.3", "::g", "01.2.3.4"])
def test_a_text_that_is_no_address_does_not_come_back(value: str) -> None:
    (fake,) = Masking("ip: ip")([value])
    assert fake not in (None, value)


@pytest.mark.parametrize(
    "value", ["00:1b:63:84:45:e6", "00-1B-63-84-45-E6", "001b.6384.45e6", "02:00:5e:10:00:00:00:01"]
)
def test_a_mac_keeps_its_form_and_its_flags(value: str) -> None:
    (fake,) = _MAC([value])
    assert re.sub(r"[0-9a-fA-F]", "x", str(fake)) == re.sub(r"[0-9a-fA-F]", "x", value)
    assert int(str(fake)[:2], 16) & 3 == int(value[:2], 16) & 3
    assert str(fake) == (str(fake).upper() if value.upper() == value else str(fake).lower())


def test_a_mac_may_keep_its_vendor() -> None:
    (fake,) = Masking("mac: {mask: mac, keep_vendor: true}", "macaddr")(["00:1b:63:84:45:e6"])
    assert str(fake).startswith("00:1b:63:")
    assert fake != "00:1b:63:84:45:e6"


@given(st.lists(st.binary(min_size=6, max_size=6), unique=True, min_size=1))
@settings(deadline=None)
def test_no_two_macs_get_one_fake(values: list[bytes]) -> None:
    assert len(set(_MAC([value.hex(":") for value in values]))) == len(values)


@given(st.lists(st.uuids(), unique=True, min_size=1))
@settings(deadline=None)
def test_a_uuid_keeps_its_version(values: list[UUID]) -> None:
    fakes = [UUID(fake) for fake in _UUID([str(value) for value in values])]
    for value, fake in zip(values, fakes, strict=True):
        assert f"{fake.int:032x}"[12] == f"{value.int:032x}"[12]
        assert fake.variant == "specified in RFC 4122"
    assert len(set(fakes)) == len(values)


def test_a_uuid_in_a_text_is_written_as_it_was() -> None:
    plain = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    values = [plain, plain.upper(), plain.replace("-", ""), f"{{{plain}}}"]
    for value, fake in zip(values, _UUID(values), strict=True):
        assert re.sub(r"[0-9a-fA-F]", "x", str(fake)) == re.sub(r"[0-9a-fA-F]", "x", value)
        assert str(fake).isupper() == value.isupper()


def test_a_uuid_and_its_text_are_one() -> None:
    value = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    assert _UUID([value]) == Masking("id: uuid", "uuid")([value])


def test_an_address_on_the_web_leads_nowhere() -> None:
    fakes = Masking("u: url")(["http://a.example/p?q=1", "HTTPS://b.example", "www.c.example"])
    assert [str(fake).partition("://")[0] for fake in fakes] == ["http", "https", "https"]
    assert all("://www.example.test/" in str(fake) for fake in fakes)


def test_a_host_is_nobodys() -> None:
    (fake,) = Masking("h: {mask: domain_name, domain: staging.test}")(["db1.corp.example"])
    assert re.fullmatch(r"h[0-9a-f]{24}\.staging\.test", str(fake))
