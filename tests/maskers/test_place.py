import re
from collections import Counter

import pytest
from faker.providers.address.en_US import Provider

from tests.masking import Masking

IDS = [str(number) for number in range(2000)]
PARTS = ["street_address", "city", "state", "postcode", "country"]


def drawn(rule: str, locale: str = "en_US", type: str = "text") -> list[str]:
    bound = Masking(f"c: {{mask: {rule}, by: id}}", type, ["id"], locale=locale)
    return [str(fake) for fake in bound(["12345-AB"] * len(IDS), IDS)]


def test_a_postcode_is_of_its_state() -> None:
    states = drawn("state, abbreviated: true")
    for state, postcode in zip(states, drawn("postcode"), strict=True):
        low, high = Provider.states_postcode[state]
        assert low <= int(postcode) <= high


def test_a_states_name_and_letters_are_one_state() -> None:
    pairs = set(zip(drawn("state"), drawn("state, abbreviated: true"), strict=True))
    assert {("Texas", "TX"), ("Alabama", "AL"), ("District of Columbia", "DC")} <= pairs
    assert len(pairs) == len({name for name, _ in pairs}) == len({short for _, short in pairs})


@pytest.mark.parametrize("locale", ["en_US", "[de_DE, en_US, ja_JP]"])
def test_an_address_is_made_of_its_parts(locale: str) -> None:
    parts = [drawn(part, locale) for part in PARTS[:2] + PARTS[3:4]]
    for whole, street, city, postcode in zip(drawn("address", locale), *parts, strict=True):
        assert whole.startswith(street + ", ")
        assert city in whole
        assert postcode in whole


def test_an_address_is_of_one_country() -> None:
    locales = "[de_DE, en_US]"
    for country, postcode, state in zip(
        drawn("country", locales), drawn("postcode", locales), drawn("state", locales), strict=True
    ):
        assert country in ("Germany", "United States")
        assert (state in Provider.states or state == "District of Columbia") == (
            country == "United States"
        )
        assert len(postcode) == 5


def test_a_null_in_one_part_shows_nothing_of_the_others() -> None:
    for part in PARTS:
        bound = Masking(f"c: {{mask: {part}, by: id}}", "text", ["id"])
        fakes = bound([None, "1 Real Street"], ["7", "7"])
        assert fakes[0] is None
        assert "Real" not in str(fakes[1])
        assert None not in bound(["x", "y"], [None, "7"])


def test_a_postcode_may_keep_its_beginning() -> None:
    bound = Masking("c: {mask: postcode, keep: 2}")
    american, british, short = bound(["12345", "SW1A 1AA", "12"])
    assert re.fullmatch(r"12\d{3}", str(american))
    assert re.fullmatch(r"SW\d[A-Z] \d[A-Z]{2}", str(british))
    assert re.fullmatch(r"\d\d", str(short))


def test_streets_are_as_many_as_their_table_needs() -> None:
    values = [str(number) for number in range(100_000)]
    assert len(set(Masking("c: street_address")(values))) > 95_000


def test_every_locale_of_ten_gives_every_part() -> None:
    locales = ["de_DE", "fr_FR", "en_GB", "es_ES", "it_IT", "ja_JP", "en_CA", "pt_BR", "nl_NL"]
    for locale in [*locales, "zh_CN"]:
        for part in [*PARTS, "address"]:
            fakes = drawn(part, locale)
            assert "" not in fakes
            assert len(Counter(fakes)) > (1 if part != "country" else 0)


def test_no_part_is_longer_than_its_column() -> None:
    for part in [*PARTS, "address"]:
        assert max(map(len, drawn(part, type="character varying(12)"))) <= 12
