"""Numbers of things against python-stdnum, and against sums of the tests' own."""

import re
from collections.abc import Callable
from importlib import import_module

import pytest

from tests.masking import Masking

MANY = 300
VIN_WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]
VIN_LETTERS = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
VAT = {
    "at": "ATU13585627", "be": "BE 0428.759.497", "de": "DE 136,695 976", "dk": "DK 13585628",
    "es": "ES-A13 585 625", "fi": "FI 20774740", "fr": "Fr 40 303 265 045", "gb": "GB 980 7806 84",
    "it": "IT 00743110157", "lu": "LU 150 274 42", "nl": "NL 004495445 B01", "pl": "PL 8567346215",
    "pt": "PT 501 964 843", "se": "SE 123456789701",
}  # fmt: skip


def fakes_of(masker: str, value: str) -> list[str]:
    """Many fakes of one value, drawn by another column."""
    bound = Masking(f"c: {{mask: {masker}, by: id}}", others=["id"])
    return [str(fake) for fake in bound([value] * MANY, [str(number) for number in range(MANY)])]


def shape(text: str) -> str:
    return re.sub(r"[^\W_]", "x", text)


def check(masker: str, value: str, valid: Callable[[str], object]) -> None:
    fakes = fakes_of(masker, value)
    assert len(set(fakes)) > MANY * 0.9
    assert [fake for fake in fakes if not valid(fake)] == []
    assert {shape(fake) for fake in fakes} == {shape(value)}


def stdnum(name: str) -> Callable[[str], bool]:
    return import_module(f"stdnum.{name}").is_valid  # type: ignore[no-any-return]  # by its name


@pytest.mark.parametrize(
    "value",
    ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "MT84MALT011000012345MTLCAST001S"],
)
def test_an_iban_is_valid_and_of_its_country(value: str) -> None:
    def valid(fake: str) -> bool:
        iban = import_module("stdnum.iban")
        return fake[:2] == value[:2] and iban.is_valid(fake, check_country=False) is True

    check("iban", value, valid)


@pytest.mark.parametrize("value", ["73513537", "036000291452", "4006381333931", "98412345678908"])
def test_a_barcode_is_valid(value: str) -> None:
    check("ean", value, stdnum("ean"))


@pytest.mark.parametrize("value", ["978-3-16-148410-0", "0-306-40615-2", "080442957X"])
def test_an_isbn_is_valid(value: str) -> None:
    check("isbn", value, stdnum("isbn"))


@pytest.mark.parametrize("value", ["49-015420-323751-8", "3536260417015801"])
def test_an_imei_is_valid(value: str) -> None:
    check("imei", value, stdnum("imei"))


@pytest.mark.parametrize("value", ["1M8GDM9AXKP042788", "wvwzzz1jz3w386752"])
def test_a_vin_is_valid_and_of_its_maker(value: str) -> None:
    def valid(fake: str) -> bool:
        worth = dict(
            zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True)
        )
        digits = [int(sign) if sign.isdigit() else worth[sign] for sign in fake.upper()]
        total = sum(w * d for w, d in zip(VIN_WEIGHTS, digits, strict=True)) % 11
        return fake[:3] == value[:3] and fake[8].upper() == "0123456789X"[total]

    check("vin", value, valid)


@pytest.mark.parametrize("country", VAT)
def test_a_vat_number_is_valid_and_of_its_country(country: str) -> None:
    check("vat", VAT[country], stdnum("gb.vat" if country == "gb" else "eu.vat"))


def test_a_column_may_hold_vat_numbers_of_many_countries() -> None:
    fakes = Masking("c: vat")(list(VAT.values()))
    assert [str(fake)[:2].upper() for fake in fakes] == [
        value[:2].upper() for value in VAT.values()
    ]


def test_a_licence_plate_keeps_its_shape() -> None:
    (fake,) = Masking("c: license_plate")(["M-AB 123e"])
    assert re.fullmatch(r"[A-Z]-[A-Z]{2} \d{3}[a-z]", str(fake))


@pytest.mark.parametrize("masker", ["iban", "ean", "isbn", "imei", "vin", "vat"])
def test_what_is_no_such_number_does_not_come_back(masker: str) -> None:
    values = ["Mrs Miller", "12", "DE12", "XX1234567890123"]
    fakes = Masking(f"c: {masker}")(values)
    assert all(fake not in (None, value) for fake, value in zip(fakes, values, strict=True))
