"""The unique forms of numbers: every value another one, each once, and valid where it was."""

from importlib import import_module

import phonenumbers
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskr.errors import PolicyError
from maskr.maskers import registry
from maskr.model import Column, Kind, Schema, Table, TableName, Unique
from maskr.plan import compile
from maskr.policy import load_text
from tests.maskers.test_contract import UNIQUE as CONTRACT
from tests.masking import Masking

MILLION = 1_000_000
FORMS = [
    "{mask: card, unique: true}",
    "{mask: card, keep_first: 6, keep_last: 4, unique: true}",
    "{mask: iban, unique: true}",
    "{mask: phone, unique: true}",
    "{mask: phone, region: US, unique: true}",
    "{mask: phone, region: DE, unique: true}",
]
NUMBER = pl.int_range(MILLION).cast(pl.String).str.zfill(7)
MANY = {
    "card": "4111 1" + NUMBER.str.slice(0, 3) + " " + NUMBER.str.slice(3) + " 1111",
    "iban": "DE89 3704 0044 0" + NUMBER.str.slice(0, 3) + " " + NUMBER.str.slice(3) + " 00",
    "phone": "+49 171 " + NUMBER,
}
_HEX = NUMBER.str.slice(1)  # six digits, and as many of hex
MANY_ADDRESSES = (
    "2001:db8::"
    + NUMBER.str.slice(0, 4).str.replace(r"^0+(.)", "$1")
    + ":1"
    + (NUMBER.str.slice(4))
)
MANY_CARDS = pl.concat_str(
    pl.lit("00:1b:63"), *(_HEX.str.slice(place, 2) for place in (0, 2, 4)), separator=":"
)
TABLE = TableName("public", "t")


def masker(rule: str) -> str:
    return rule.removeprefix("{mask: ").partition(",")[0]


@pytest.mark.parametrize("form", [FORMS[1], FORMS[2], FORMS[3]])
def test_a_million_numbers_become_a_million_others(form: str) -> None:
    values = pl.select(MANY[masker(form)]).to_series()
    fakes = Masking(f"c: {form}").series(values)
    assert fakes.n_unique() == values.n_unique() == MILLION
    # A permutation may leave a few where they are, as often as chance has it.
    assert (fakes == values).sum() <= MILLION // 10_000
    assert fakes.str.replace_all(r"\d", "9").n_unique() == 1


# The parameters with which a masker is only just unique, and the types that the contract's own
# million has no values for.
JUST = [
    ("{mask: hash, length: 24}", "text", NUMBER),
    ("{mask: hash, length: 20, encoding: base32}", "text", NUMBER),
    ("{mask: hash, length: 16, encoding: base64}", "text", NUMBER),
    ("hash", "bytea", "\\x0" + NUMBER),
    ("{mask: token, length: 20}", "text", NUMBER),
    ("{mask: template, format: 'x{hash:24}'}", "text", NUMBER),
    ("username", "text", NUMBER),
    ("{mask: ip, network: prefix}", "inet", MANY_ADDRESSES),
    ("{mask: mac, keep_vendor: true}", "macaddr", MANY_CARDS),
    ("{mask: fpe, alphabet: alphanumeric}", "text", NUMBER),
    ("{mask: permute, low: 0, high: 999999}", "integer", pl.int_range(MILLION).cast(pl.String)),
    ("sequence", "numeric", NUMBER),
]


@pytest.mark.parametrize(("rule", "type", "values"), JUST)
def test_what_is_only_just_unique_is(rule: str, type: str, values: pl.Expr) -> None:
    bound = Masking(f"c: {rule}", type)
    assert bound.traits.unique
    assert bound.series(pl.select(values).to_series()).n_unique() == MILLION


@pytest.mark.parametrize(
    "rule",
    [
        "{mask: hash, length: 23}",
        "{mask: hash, length: 19, encoding: base32}",
        "{mask: hash, length: 15, encoding: base64}",
        "{mask: token, length: 19}",
        "{mask: template, format: 'x{hash:23}'}",
        "{mask: username, unique: false}",
        "{mask: email, unique: false}",
        "ip",
    ],
)
def test_what_is_not_quite_unique_does_not_say_so(rule: str) -> None:
    assert not Masking(f"c: {rule}").traits.unique


def test_every_masker_that_may_be_unique_has_had_its_million() -> None:
    tried = {masker(form) for form in FORMS} | {masker(rule) for rule, *_ in JUST}
    tried |= {each.name for each, _ in CONTRACT}
    may = {each.name for each in registry().values() if "unique column may take it" in each.page}
    assert may <= tried


# Few characters, so that what is nearly alike comes up again and again.
_LIKE_PHONES = st.text(st.sampled_from("01+ (49"), max_size=12)
_LIKE_NUMBERS = st.from_regex(r"(DE|GB|0|\+|00)?[0-2]{0,6}[ -]?[0-2]{0,14}", fullmatch=True)


@pytest.mark.parametrize("form", FORMS)
@given(values=st.sets(_LIKE_PHONES | _LIKE_NUMBERS, min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_two_values_meet_whatever_they_are(form: str, values: set[str]) -> None:
    fakes = Masking(f"c: {form}")([*values])
    assert len({*fakes}) == len(values)


@pytest.mark.parametrize("form", [form for form in FORMS if "phone" in form])
def test_numbers_that_are_read_otherwise_meet_nowhere(form: str) -> None:
    """Whatever digits a number begins with, and whatever stands before them."""
    digits = pl.select(pl.int_range(10_000).cast(pl.String).str.zfill(4)).to_series()
    values = pl.concat([before + digits + "442" for before in ("", "+", "00", "(0) ", "+ 0")])
    assert Masking(f"c: {form}").series(values).n_unique() == len(values)


@pytest.mark.parametrize("form", FORMS)
def test_a_unique_column_may_have_it(form: str) -> None:
    policy = load_text(f"{{version: 1, tables: {{t: {{columns: {{c: {form}}}}}}}}}")
    column = Column("c", "text", Kind.TEXT)
    schema = Schema({TABLE: Table(TABLE, (column,), uniques=(Unique("key", ("c",)),))})
    compile(policy, schema)
    drawn = form.replace(", unique: true", "")
    policy = load_text(f"{{version: 1, tables: {{t: {{columns: {{c: {drawn}}}}}}}}}")
    with pytest.raises(PolicyError) as refusal:
        compile(policy, schema)
    assert [finding.code for finding in refusal.value.findings] == ["lost-uniqueness"]


def luhn(text: str) -> bool:
    digits = [int(sign) for sign in reversed(text) if sign.isdigit()]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + doubled) % 10 == 0


@pytest.mark.parametrize("keep", ["", "keep_first: 6, keep_last: 4, ", "keep_last: 3, "])
@given(digits=st.from_regex(r"[0-9]{14,19}", fullmatch=True))
@settings(max_examples=60, deadline=None)
def test_a_card_is_valid_afterwards_where_it_was_before(keep: str, digits: str) -> None:
    (fake,) = Masking(f"c: {{mask: card, {keep}unique: true}}")([digits])
    assert fake is not None
    assert luhn(fake) == luhn(digits)
    kept = {"": (1, 0), "keep_last: 3, ": (1, 3)}.get(keep, (6, 4))
    assert fake[: kept[0]] == digits[: kept[0]]
    assert fake[len(fake) - kept[1] :] == digits[len(digits) - kept[1] :]


@pytest.mark.parametrize(
    "value",
    ["DE89 3704 0044 0532 0130 00", "gb82west12345698765432", "MT84MALT011000012345MTLCAST001S"],
)
def test_an_iban_is_valid_afterwards_where_it_was_before(value: str) -> None:
    def valid(text: str | None) -> bool:
        return import_module("stdnum.iban").is_valid(text, check_country=False) is True

    wrong = value[:3] + str((int(value[3]) + 1) % 10) + value[4:]
    fake, other = Masking("c: {mask: iban, unique: true}")([value, wrong])
    assert valid(fake)
    assert not valid(other)
    assert fake is not None
    assert fake[:2] == value[:2]
    assert fake != value


def test_the_letters_of_one_bank_are_not_one_fakes() -> None:
    accounts = [f"GB82WEST{number:014}" for number in range(1000)]
    fakes = Masking("c: {mask: iban, unique: true}")(accounts)
    assert len({str(fake)[4:8] for fake in fakes}) > 900


@pytest.mark.parametrize(
    ("region", "begin", "length"),
    [("DE", "+49 171 ", 7), ("US", "+1 212 5", 6), ("FR", "0033 6 12", 6), ("IT", "+39 06 69", 6)],
)
def test_a_phone_number_is_valid_afterwards_where_it_was_before(
    region: str, begin: str, length: int
) -> None:
    numbers = [f"{begin}{number * 7919 % 10**length:0{length}}" for number in range(500)]
    for old, new in zip(numbers, Masking("c: {mask: phone, unique: true}")(numbers), strict=True):
        before, after = (phonenumbers.parse(str(each), "DE") for each in (old, new))
        assert phonenumbers.is_valid_number(before) == phonenumbers.is_valid_number(after)
        assert before.country_code == after.country_code
