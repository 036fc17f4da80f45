"""What one key makes of one value: an interface. A change here is a breaking change."""

from collections import Counter

import pytest

from maskr.maskers import Masker, registry
from maskr.model import Kind
from maskr.types import UserType
from tests.maskers.test_contract import EACH, examples, masking
from tests.masking import KEY, OTHER_KEY, Masking, column

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
    ("{mask: card, unique: true}", "4111 1111 1111 1111", "4008 6775 4026 6805"),
    (
        "{mask: card, keep_first: 6, keep_last: 4, unique: true}",
        "4111 1111 1111 1111",
        "4111 1110 2193 1111",
    ),
    ("{mask: iban, unique: true}", "GB82 WEST 1234 5698 7654 32", "GB26 TVPQ 5029 0557 4830 21"),
    ("{mask: phone, unique: true}", "+49 171 1234567", "+49 655 8291716"),
    ("{mask: phone, unique: true}", "030 1234567", "045 9167998"),
    ("address", "1 Main Street", "6161 Baldwin Branch Apt. 142, Evelynshire, SD 57652"),
    ("city", "Springfield", "New Devin"),
    ("company", "Acme", "Lloyd-Terry"),
    ("country", "Chile", "United States"),
    ("first_name", "Ann", "Alexa"),
    ("last_name", "Miller", "Charles"),
    ("job", "Clerk", "Civil engineer, contracting"),
    ("postcode", "12345", "36106"),
    ("state", "Texas", "Montana"),
    ("street_address", "1 Main Street", "6161 Baldwin Branch Apt. 142"),
    ("user_agent", "x", "Opera/9.17.(Windows NT 5.0; xh-ZA) Presto/2.9.163 Version/12.00"),
    ("{mask: username, unique: false}", "ann", "adrienne.noble.9710"),
    ("{mask: faker, provider: color_name}", "red", "MediumVioletRed"),
    ("{mask: hash, encoding: base32}", "ann", "kfayehvhhladc3y35oliysgcq"),
    ("{mask: hash, encoding: base64}", "ann", "e1tsE0N-JpqRuge8Jow4N"),
    ("token", "sk_live_1", "x31vew9bgkz1sdwh9x1x"),
    ("domain_name", "corp.example", "h7bbf568a0bd0918a2ccbf7ac.example.test"),
    ("ean", "4006381333931", "3375599185160"),
    ("isbn", "978-3-16-148410-0", "978-5-35-330450-0"),
    ("imei", "49-015420-323751-8", "49-308824-048253-8"),
    ("license_plate", "B-MW 1234", "A-UB 0536"),
    ("scramble", "Abc-12", "Wpt-53"),
    ("lorem", "Hello World, 12", "Velit Totam, 93"),
    ("{mask: template, format: 'x{hash:6}'}", "ann", "x4f01e7"),
    ("{mask: choice, values: [a, b, c, d, e, f, g]}", "x", "e"),
    ("{mask: pairs, keys: {a: hash}}", "a=ann;b=1", "a=6bbe44ac0784b8f8720991c8c4912f87;b=1"),
    ("{mask: csv, fields: {2: hash}}", "1,ann", "1,6bbe44ac0784b8f8720991c8c4912f87"),
    ("{mask: chain, masks: [hash, {mask: truncate, length: 6}]}", "ann", "6bbe44"),
    ("{mask: coalesce, masks: [hash]}", "ann", "6bbe44ac0784b8f8720991c8c4912f87"),
    (
        "{mask: either, expression: 'c IS NULL', then: hash, otherwise: keep}",
        "ann",
        "6bbe44ac0784b8f8720991c8c4912f87",
    ),
    (
        "redact_text",
        "mail ann@example.com or call +49 171 1234567",
        "mail meagan.potter.1cdb6d435708e1d821fe23fb@example.test or call +49 308 4948507",
    ),
    ("{mask: regex_replace, pattern: no match}", "Ann, 12", "Nec, 47"),  # what cannot be read
]
OF_A_TYPE = [
    ("hash", "bytea", "\\x00ff", "\\xdc526a6bbf81f98c7f8b7ecb6bb19254"),
    ("{mask: noise, spread: 10%}", "numeric(10,2)", "100.25", "92.30"),
    ("{mask: noise, spread: 10, distribution: laplace}", "integer", "1000", "1014"),
    (
        "{mask: noise, spread: 10, distribution: gaussian}",
        "double precision",
        "1000.5",
        "1010.9579282239921",
    ),
    ("{mask: random_int, minimum: 1, maximum: 1000}", "integer", "5", "742"),
    ("{mask: random_decimal, minimum: 0, maximum: 100, decimals: 2}", "numeric", "5", "64.99"),
    ("{mask: random_float, minimum: 0, maximum: 1}", "double precision", "5", "0.7097530033243394"),
    ("random_bool", "boolean", "t", "f"),
    ("random_date", "date", "2000-01-01", "1955-11-08"),
    ("{mask: shift_date, days: 365}", "date", "1980-05-13", "1980-03-07"),
    ("{mask: latitude, metres: 90000}", "numeric", "52.520008", "52.148364"),
    ("{mask: longitude, metres: 90000}", "numeric", "13.404954", "13.312544"),
    (
        "{mask: array, elements: hash}",
        "text[]",
        "{ann,NULL}",
        "{6bbe44ac0784b8f8720991c8c4912f87,NULL}",
    ),
    ("{mask: range, bounds: {mask: noise, spread: 50%}}", "int4range", "[100,200)", "[143,286)"),
    (
        "{mask: json, paths: {$.a: hash}}",
        "jsonb",
        '{"a": "ann"}',
        '{"a": "6bbe44ac0784b8f8720991c8c4912f87"}',
    ),
    (
        "{mask: hstore, keys: {a: hash}}",
        "public.hstore",
        '"a"=>"ann"',
        '"a"=>"6bbe44ac0784b8f8720991c8c4912f87"',
    ),
    (
        "{mask: xml, paths: {/a: hash}}",
        "xml",
        "<a>ann</a>",
        "<a>6bbe44ac0784b8f8720991c8c4912f87</a>",
    ),
    (
        "{mask: composite, fields: {2: hash}}",
        "pair",
        "(1,ann)",
        "(1,6bbe44ac0784b8f8720991c8c4912f87)",
    ),
]
NUMBERS = [
    ("1", "2034"),
    ("40000", "1012791517"),
    ("-5", "-25146"),
    ("1099511627776", "8236210432961301652"),
]


PAIR = UserType(Kind.COMPOSITE)
# What a user's own code or file gives is his to say.
HIS_OWN = ("command", "dictionary", "python", "sql")


@pytest.mark.parametrize(("rule", "value", "fake"), GOLDEN)
def test_a_key_and_a_value_give_what_they_gave(rule: str, value: str, fake: str) -> None:
    assert Masking(f"c: {rule}")([value]) == [fake]


@pytest.mark.parametrize(("rule", "type", "value", "fake"), OF_A_TYPE)
def test_a_key_and_a_value_of_a_type_give_what_they_gave(
    rule: str, type: str, value: str, fake: str
) -> None:
    of_type = column("c", type, PAIR if type == "pair" else None)
    assert Masking(f"c: {rule}", of_type)([value]) == [fake]


@pytest.mark.parametrize(("value", "fake"), NUMBERS)
def test_a_key_and_a_number_give_what_they_gave(value: str, fake: str) -> None:
    assert Masking("c: permute", "bigint")([value]) == [fake]


def _named(rule: str) -> str:
    return rule.removeprefix("{mask: ").partition(",")[0]


HELD = {_named(rule) for rule, *_ in (*GOLDEN, *OF_A_TYPE)} | {"permute"}


@pytest.mark.parametrize(
    "masker",
    [m for m in registry().values() if m.name not in {*HELD, *HIS_OWN}],
    ids=lambda m: m.name,
)
def test_a_masker_without_a_golden_output_asks_no_key(masker: Masker) -> None:
    kind = next(kind for each, kind in EACH if each is masker)
    ours = masking(masker, kind, KEY)(examples(kind))
    assert ours == masking(masker, kind, OTHER_KEY)(examples(kind))


# Each of its fakes is one of a few, or the character at this place is.
SPREAD = [
    ("first_name", None),
    ("last_name", None),
    ("{mask: choice, values: [a, b, c]}", None),
    ("{mask: random_int, minimum: 1, maximum: 6}", None),
    ("{mask: random_bool, share: 0.5}", None),
    ("{mask: random_date, earliest: 2020-01-01, latest: 2020-01-31}", None),
    ("ssn", -1),
    ("{mask: fpe, alphabet: digits}", -1),
    ("scramble", -1),
    ("card", 4),
    ("{mask: phone, unique: true}", -1),
    ("phone", -1),
    ("hash", 0),
    ("{mask: hash, encoding: base32}", 3),
    ("{mask: hash, encoding: base64}", 3),
    ("token", 7),
    ("email", -14),
    ("uuid", -1),
]


@pytest.mark.parametrize(("rule", "place"), SPREAD)
def test_draws_are_spread_evenly(rule: str, place: int | None) -> None:
    """Chi-square over the words of a pool, or over what stands at one place."""
    values = [f"6ba7b810-9dad-41d1-80b4-000{number:09}" for number in range(100_000)]
    if rule != "uuid":
        values = [value[-9:] for value in values]
    fakes = [str(fake) for fake in Masking(f"c: {rule}")(values)]
    counts = Counter(fake if place is None else fake[place] for fake in fakes)
    expected = len(fakes) / len(counts)
    chi = sum((count - expected) ** 2 / expected for count in counts.values())
    # Its mean is the degrees of freedom; five standard deviations above is a chance of 10**-6.
    freedom = len(counts) - 1
    assert len(counts) > 1
    assert chi < freedom + 5 * (2 * freedom) ** 0.5
