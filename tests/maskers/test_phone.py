import re

import phonenumbers
import pytest

from maskr.errors import PolicyError
from tests.masking import Masking

MANY = 1000
IDS = [str(number) for number in range(MANY)]
NUMBERS = [
    "+1 201-555-0123",
    "+49 (0)171 1234567",
    "+49 30 123456",
    "+44 20 7946 0958",
    "(+33) 6 12 34 56 78",
    "+39 02 1234 5678",
    "+91 81234 56789",
    "+55 11 96123-4567",
    "+86 131 2345 6789",
    "+7 912 345-67-89",
    "+81 90-1234-5678",
    "+61 412 345 678",
]


def shape(text: str) -> str:
    return re.sub(r"\d", "9", text)


def fakes_of(value: str, rule: str = "phone") -> list[str]:
    bound = Masking(f"p: {{mask: {rule}, by: id}}", others=["id"])
    return [str(fake) for fake in bound([value] * MANY, IDS)]


def valid(text: str, region: str | None = None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False


@pytest.mark.parametrize("value", NUMBERS)
def test_a_number_is_one_of_its_country(value: str) -> None:
    fakes = fakes_of(value)
    country = phonenumbers.parse(value).country_code
    assert {shape(fake) for fake in fakes} == {shape(value)}
    assert {phonenumbers.parse(fake).country_code for fake in fakes if valid(fake)} == {country}
    # The plans have holes deeper than where numbers are drawn: one in some thousands falls in.
    assert sum(map(valid, fakes)) >= 0.995 * MANY
    assert len(set(fakes)) > 0.99 * MANY


def test_two_zeros_are_a_plus() -> None:
    fakes = fakes_of("0034 612 34 56 78")
    assert all(valid(f"+{fake[2:]}") for fake in fakes)


@pytest.mark.parametrize(
    ("region", "value"),
    [
        ("US", "(201) 555-0123"),
        ("us", "1-201-555-0123"),
        ("DE", "0171/1234567"),
        ("GB", "020 7946 0958"),
    ],
)
def test_a_number_without_a_country_is_of_the_region(region: str, value: str) -> None:
    fakes = fakes_of(value, f"phone, region: {region}")
    assert {shape(fake) for fake in fakes} == {shape(value)}
    assert sum(valid(fake, region.upper()) for fake in fakes) >= 0.995 * MANY


def test_a_region_that_is_none_is_refused() -> None:
    with pytest.raises(PolicyError):
        Masking("p: {mask: phone, region: Texas}")


@pytest.mark.parametrize("value", ["555-TAXI", "12345", "+999 123456789", "0800", "call Ann"])
def test_what_has_no_country_keeps_its_shape_only(value: str) -> None:
    (fake,) = Masking("p: phone")([value])
    assert fake != value
    assert len(str(fake)) == len(value)


def test_two_hundred_thousand_numbers_stay_about_as_many() -> None:
    values = [f"+1 {number:010}" for number in range(2_000_000_000, 2_000_200_000)]
    assert len(set(Masking("p: phone")(values))) > 190_000
