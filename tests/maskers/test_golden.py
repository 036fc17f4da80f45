"""What one key makes of one value: an interface. A change here is a breaking change."""

import pytest

from tests.masking import Masking

GOLDEN = [
    ("fpe", "123-45-6789", "883-63-5189"),
    ("{mask: fpe, alphabet: alphanumeric}", "aB3-Zz9", "LO6-rdu"),
    ("hash", "ann@example.com", "4d28858895dc6ab748a04d4ab74fd38b"),
    ("email", "ann@example.com", "meagan.potter.1cdb6d435708e1d821fe23fb@example.test"),
    ("username", "ann", "adrienne.noble.971077fccfe36378cd929209"),
    ("name", "Ann Miller", "Angela Atkinson"),
    ("iban", "DE89 3704 0044 0532 0130 00", "DE45 0331 3662 1669 7150 87"),
    ("card", "4111 1111 1111 1111", "4172 3740 2863 4197"),
    ("ssn", "536-90-4399", "441-99-0759"),
    ("{mask: national_id, country: it}", "RCCMNL83S18D969H", "RJNYBU54B45H004C"),
    ("phone", "+49 171 1234567", "+49 308 4948507"),
    ("mac", "00:1b:63:84:45:e6", "5c:fc:3b:24:dc:60"),
    ("uuid", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "0993f61f-a290-186c-9aaa-819f63299437"),
    ("ip", "93.184.216.34", "10.80.143.54"),
    ("{mask: ip, network: prefix}", "93.184.216.34", "165.88.216.29"),
    ("url", "http://example.com/", "http://www.example.test/7f9cfb2e613e46140ca479bd"),
    ("vat", "DE136695976", "DE484740935"),
    ("vin", "1M8GDM9AXKP042788", "1M8KHX3C8JJ684258"),
]
NUMBERS = [
    ("1", "2034"),
    ("40000", "1012791517"),
    ("-5", "-25146"),
    ("1099511627776", "8236210432961301652"),
]


@pytest.mark.parametrize(("rule", "value", "fake"), GOLDEN)
def test_a_key_and_a_value_give_what_they_gave(rule: str, value: str, fake: str) -> None:
    assert Masking(f"c: {rule}")([value]) == [fake]


@pytest.mark.parametrize(("value", "fake"), NUMBERS)
def test_a_key_and_a_number_give_what_they_gave(value: str, fake: str) -> None:
    assert Masking("c: permute", "bigint")([value]) == [fake]


@pytest.mark.parametrize("rule", ["first_name", "ssn", "{mask: fpe, alphabet: digits}"])
def test_draws_are_spread_evenly(rule: str) -> None:
    """Chi-square over the last digit, or over the words of a pool."""
    fakes = Masking(f"c: {rule}")([f"{number:09}" for number in range(100_000)])
    ends = [str(fake)[-1] if str(fake)[-1].isdigit() else str(fake) for fake in fakes]
    counts = [ends.count(end) for end in set(ends)]
    expected = len(fakes) / len(counts)
    chi = sum((count - expected) ** 2 / expected for count in counts)
    # Its mean is the degrees of freedom; five standard deviations above is a chance of 10**-6.
    freedom = len(counts) - 1
    assert chi < freedom + 5 * (2 * freedom) ** 0.5
