"""Every country's numbers against python-stdnum, which had no part in making them."""

import re
from collections.abc import Mapping
from importlib import import_module
from typing import get_args

import pytest

from maskr.maskers.national import Country
from tests.masking import Masking

# A value of each shape that a country has: digits and letters only matter by their class.
SHAPES: Mapping[str, list[str]] = {
    "at": ["1237 010180"],
    "be": ["85.07.30-033.28"],
    "bg": ["752316 926 3"],
    "br": ["390.533.447-05"],
    "ca": ["123-456-782"],
    "ch": ["756.9217.0769.85"],
    "cl": ["12.531.909-2", "9.531.909-k"],
    "cn": ["360426199101010071", "44052418800101001X"],
    "cz": ["710319/2745"],
    "de": ["36 574 261 809"],
    "dk": ["211062-5629"],
    "ee": ["36805280109"],
    "es": ["54362315-K", "x-2482300w"],
    "fi": ["131052-308T", "131052A308T"],
    "fr": ["2 95 10 99 126 111 93", "1 53 10 2B 001 234 39"],
    "gb": ["AB 12 34 56 C", "943 476 5870"],
    "gr": ["01013099997"],
    "hr": ["33392005961"],
    "ie": ["6433435F", "6433435OA"],
    "il": ["03933742-3"],
    "in": ["2341 2341 2346"],
    "it": ["RCCMNL83S18D969H"],
    "kr": ["971013-9019902"],
    "lt": ["33309240064"],
    "nl": ["1112.22.333"],
    "no": ["684131 42312"],
    "pl": ["44051401359"],
    "pt": ["501 964 843"],
    "ro": ["1630615123457"],
    "se": ["880320-0016", "19880320-0016"],
    "si": ["0101006500006"],
    "sk": ["710319/2745"],
    "tr": ["17291716060"],
    "us": ["536-90-4399"],
    "za": ["7503305044089"],
}
MODULES = {
    "at": "at.vnr", "be": "be.nn", "bg": "bg.egn", "br": "br.cpf", "ca": "ca.sin", "ch": "ch.ssn",
    "cl": "cl.rut", "cn": "cn.ric", "cz": "cz.rc", "de": "de.idnr", "dk": "dk.cpr", "ee": "ee.ik",
    "es": "es.dni", "fi": "fi.hetu", "fr": "fr.nir", "gb": "gb.nhs", "gr": "gr.amka",
    "hr": "hr.oib", "ie": "ie.pps", "il": "il.idnr", "in": "in_.aadhaar", "it": "it.codicefiscale",
    "kr": "kr.rrn", "lt": "lt.asmens", "nl": "nl.bsn", "no": "no.fodselsnummer", "pl": "pl.pesel",
    "pt": "pt.nif", "ro": "ro.cnp", "se": "se.personnummer", "si": "si.emso", "sk": "sk.rc",
    "tr": "tr.tckimlik", "us": "us.ssn", "za": "za.idnr",
}  # fmt: skip
_NINO = r"(?!BG|GB|NK|KN|TN|NT|ZZ)[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z]\d{6}[A-D]"
MANY = 500


def _valid(country: str, fake: str) -> bool:
    if country == "gb" and fake[0].isalpha():
        return re.fullmatch(_NINO, fake.replace(" ", "")) is not None
    if country == "es" and fake[0].isalpha():
        return bool(import_module("stdnum.es.nie").is_valid(fake))
    return bool(import_module(f"stdnum.{MODULES[country]}").is_valid(fake))


@pytest.mark.parametrize("country", get_args(Country))
def test_a_number_is_valid_as_the_state_counts_it(country: str) -> None:
    # Drawn by another column, so that one number gives many.
    bound = Masking(f"n: {{mask: national_id, country: {country}, by: id}}", others=["id"])
    ids = [str(number) for number in range(MANY)]
    for value in SHAPES[country]:
        fakes = bound([value] * MANY, ids)
        assert len(set(fakes)) > MANY * 0.9
        wrong = [str(fake) for fake in fakes if not _valid(country, str(fake))]
        assert wrong == []
        if country != "fr":  # Corsica's letter becomes a digit
            assert {re.sub(r"[^\W_]", "x", str(fake)) for fake in fakes} == {
                re.sub(r"[^\W_]", "x", value)
            }


def test_small_letters_stay_small() -> None:
    (fake,) = Masking("n: {mask: national_id, country: es}")(["x-2482300w"])
    assert fake == str(fake).lower()


@pytest.mark.parametrize("value", ["12345678", "123-45-678A", "unknown", "1234567890"])
def test_a_number_of_another_shape_does_not_come_back(value: str) -> None:
    (fake,) = Masking("ssn: ssn")([value])
    assert fake != value


def test_ssn_is_the_national_id_of_the_usa() -> None:
    values = ["536-90-4399", "219099999"]
    assert Masking("n: ssn")(values) == Masking("n: {mask: national_id, country: us}")(values)
