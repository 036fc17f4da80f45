import re
from collections import Counter

import pytest

from maskr.errors import PolicyError
from tests.masking import Masking

IDS = [str(number) for number in range(2000)]


def drawn(rule: str, *told: list[str], locale: str = "en_US", type: str = "text") -> list[str]:
    """What a rule draws for two thousand persons; ``told`` are the further columns it names."""
    names = re.findall(r"(?:gender|locale_from): (\w+)", rule)
    bound = Masking(f"c: {{mask: {rule}, by: id}}", type, [*sorted(names), "id"], locale=locale)
    return [str(fake) for fake in bound(["x"] * len(IDS), *told, IDS)]


@pytest.mark.parametrize("locale", ["en_US", "[en_US, de_DE, fr_FR]"])
def test_the_names_of_one_person_agree(locale: str) -> None:
    firsts = drawn("first_name", locale=locale)
    lasts = drawn("last_name", locale=locale)
    wholes = drawn("name", locale=locale)
    assert wholes == [f"{first} {last}" for first, last in zip(firsts, lasts, strict=True)]
    logins = drawn("username, unique: false", locale=locale)
    mails = drawn("email, unique: false", locale=locale)
    for first, last, login, mail in zip(firsts, lasts, logins, mails, strict=True):
        if (first + last).isascii() and len(first + last) < 24:
            whole = ".".join(re.sub(r"[^a-z]", "", each.lower()) for each in (first, last))
            assert login.rpartition(".")[0] == mail.rpartition("@")[0].rpartition(".")[0] == whole


def test_two_columns_of_other_widths_agree_on_what_fits_both() -> None:
    narrow = drawn("first_name", type="character varying(6)")
    wide = drawn("first_name")
    assert all(len(name) <= 6 for name in narrow)
    assert all(one == other for one, other in zip(narrow, wide, strict=True) if len(other) <= 6)


def test_a_gender_is_kept_to() -> None:
    told = ["f", "Male", "Frau", "2", "Mr.", "?"] * 333 + ["f", "m"]
    names = drawn("first_name, gender: g", told)
    women = {name for name, told_ in zip(names, told, strict=True) if told_ in ("f", "Frau", "2")}
    men = {name for name, told_ in zip(names, told, strict=True) if told_ in ("Male", "Mr.", "m")}
    assert len(women & men) < 0.1 * len(women | men)  # there are Alexes of either
    assert drawn("name, gender: g", told)[0].startswith(names[0] + " ")


def test_a_row_may_tell_its_locale() -> None:
    rule = "city, locale: [en_US, ja_JP, de_DE], locale_from: land"
    told = ["JP", "ja_JP", "de-DE", "US"] * 500
    for city, land in zip(drawn(rule, told), told, strict=True):
        assert (not city.isascii() and ord(city[0]) > 0x3000) == (land in ("JP", "ja_JP"))


def test_locales_are_drawn_by_their_weight() -> None:
    lands = Counter(drawn("country, locale: {en_US: 3, de_DE: 1}"))
    assert set(lands) == {"United States", "Germany"}
    assert 0.7 < lands["United States"] / len(IDS) < 0.8


def test_what_is_unique_fits_a_narrow_column() -> None:
    for rule, width in (("username", 27), ("email, domain: a.test", 33)):
        fakes = drawn(rule, type=f"character varying({width})")
        assert max(map(len, fakes)) <= width
        assert len(set(fakes)) == len(IDS)


@pytest.mark.parametrize("masker", ["name", "city", "faker, provider: job"])
def test_a_locale_that_faker_lacks_is_refused(masker: str) -> None:
    with pytest.raises(PolicyError):
        Masking(f"c: {{mask: {masker}}}", locale="xx_YY")


def test_mail_goes_to_the_domains_that_are_named() -> None:
    fakes = drawn("email, domain: [a.test, b.test]")
    assert {fake.partition("@")[2] for fake in fakes} == {"a.test", "b.test"}


def test_mail_may_keep_its_domain() -> None:
    bound = Masking("e: {mask: email, keep_domain: true}", "character varying(40)")
    fakes = bound(["ann@corp.example", "nobody", f"x@{'d' * 30}.example", "a@b@c.example"])
    domains = [str(fake).partition("@")[2] for fake in fakes]
    assert domains == ["corp.example", "example.test", "example.test", "c.example"]
    assert all(len(str(fake)) <= 40 for fake in fakes)


def test_a_malformed_address_stops_nothing_and_stays_nowhere() -> None:
    values = ["@", "ann@", "ann at example.com", " ", "ann@exa mple.com\t", "\\"]
    fakes = Masking("e: {mask: email, keep_domain: true}")(values)
    assert all(re.fullmatch(r"[a-z0-9.]+@example\.test|.*@mple\.com", str(fake)) for fake in fakes)


def test_two_hundred_thousand_persons_stay_as_many() -> None:
    values = [f"Person {number}" for number in range(200_000)]
    assert len(set(Masking("n: name")(values))) > 150_000
    assert len(set(Masking("e: email")(values))) == 200_000
