"""What tells of a person is found in free text and becomes what the columns hold."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskr.errors import DataError, PolicyError
from maskr.kernel import bind
from maskr.maskers.finding import findings
from maskr.model import Column, Kind, Schema, Table, TableName
from maskr.plan import compile
from maskr.policy import load_text
from tests.masking import KEY, Masking

_TABLE = TableName("public", "t")
FILES = Path(__file__).parents[2] / "fixtures" / "maskers"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mail ann.miller@example.com.", {"email": "ann.miller@example.com"}),
        ("<ann@example.com>, (mailto:bo@x.org)", {"email": "ann@example.com"}),
        ("o'neil@x.com", {"email": "o'neil@x.com"}),
        ("name=ann@x.com", {"email": "ann@x.com"}),
        ("Müller@büro.de", {"email": "Müller@büro.de"}),
        ("call +49 (171) 123-4567 now", {"phone": "+49 (171) 123-4567"}),
        ("call 0171/1234567.", {"phone": "0171/1234567"}),
        ("(555) 123-4567", {"phone": "(555) 123-4567"}),
        ("card 4111 1111 1111 1111!", {"card": "4111 1111 1111 1111"}),
        ("card 4111-1111-1111-1112", {"phone": "4111-1111-1111-1112"}),
        ("DE89 3704 0044 0532 0130 00 AND MORE", {"iban": "DE89 3704 0044 0532 0130 00"}),
        ("DE89370400440532013000", {"iban": "DE89370400440532013000"}),
        ("from 192.168.1.17:", {"ip": "192.168.1.17"}),
        ("from 2001:db8::1.", {"ip": "2001:db8::1"}),
        ("at https://x.com/a?user=ann.", {"url": "https://x.com/a?user=ann"}),
        ("www.ann-miller.de", {"url": "www.ann-miller.de"}),
        ("ssn 123-45-6789", {"ssn": "123-45-6789"}),
        ("born 1980-05-13", {"date": "1980-05-13"}),
        ("born 13.05.1980", {"date": "13.05.1980"}),
        ("order A-12345-X", {"number": "A-12345-X"}),
        ("RSSMRA85T10A562S", {"number": "RSSMRA85T10A562S"}),
        ("at 12:30:45, room 12, 5 pm @ home, C:\\New", {}),
    ],
)
def test_it_is_found_and_told_apart(text: str, found: dict[str, str]) -> None:
    said = {what: text[start:end] for start, end, what in reversed([*findings(text)])}
    assert said == found


@given(st.text(st.sampled_from("aZ09 @.:/+-()DE\n'w")))
@settings(deadline=None, max_examples=300)
def test_what_is_found_lies_in_order_and_never_overlaps(text: str) -> None:
    at = 0
    for start, end, _ in findings(text):
        assert at <= start < end <= len(text)
        at = end


@given(st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?@[a-z]{1,8}\.(com|test|de)", fullmatch=True))
@settings(deadline=None)
def test_an_address_inside_a_note_becomes_what_it_is_in_its_column(address: str) -> None:
    (column,) = Masking("v: email")([address])
    (note,) = Masking("v: redact_text")([f"Wrote to <{address}>, no answer."])
    assert note == f"Wrote to <{column}>, no answer."


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("phone", "+49 171 1234567"),
        ("card", "4111 1111 1111 1111"),
        ("iban", "DE89 3704 0044 0532 0130 00"),
        ("ip", "93.184.216.34"),
        ("ssn", "123-45-6789"),
        ("url", "https://x.com/a"),
    ],
)
def test_text_and_column_agree(rule: str, value: str) -> None:
    (column,) = Masking(f"v: {rule}")([value])
    assert Masking("v: redact_text")([f"see {value}, please"]) == [f"see {column}, please"]


def test_a_named_rule_decides_what_is_found_gets() -> None:
    rule = "{mask: redact_text, email: {mask: constant, value: x@y}, date: redact}"
    assert Masking(f"v: {rule}")(["ann@x.com 1980-05-13 ok"]) == ["x@y ********** ok"]


def with_names(text: str, first: str, last: str) -> str:
    columns = [Column(name, "text", Kind.TEXT) for name in ("note", "first", "last")]
    policy = load_text(
        """
        version: 1
        tables:
          t:
            columns:
              note: {mask: redact_text, names: [first, last]}
              first: {mask: constant, value: Zoe}
              last: {mask: constant, value: Park}
        """
    )
    (plan,) = compile(policy, Schema({_TABLE: Table(_TABLE, tuple(columns))})).tables
    kernel = bind(plan, KEY)
    assert kernel is not None
    return kernel(f"{text}\t{first}\t{last}\n".encode()).decode().split("\t")[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dear Ann Miller, ANN!", "Dear Zoe Park, ZOE!"),
        ("Annabelle and Joann stay", "Annabelle and Joann stay"),
        ("ann's", "Zoe's"),
        ("nobody", "nobody"),
        (r"\\N", r"\\N"),
    ],
)
def test_the_names_of_the_row_become_those_of_its_columns(text: str, expected: str) -> None:
    assert with_names(text, "Ann", "Miller") == expected


def test_a_name_of_several_words_is_found_by_each() -> None:
    assert with_names("Mary Ann met Ann", "Mary Ann", "\\N") == "Zoe met Zoe"


def test_an_address_that_holds_the_name_is_the_columns_fake_all_the_same() -> None:
    (column,) = Masking("v: email")(["ann.miller@example.com"])
    assert with_names("ann.miller@example.com", "ann", "miller") == column


@pytest.mark.parametrize(
    ("country", "value"),
    [
        ("de", "12 345 678 911"),
        ("it", "RSSMRA85T10A562S"),
        ("es", "12345678Z"),
        ("gb", "QQ123456C"),
        ("za", "8001015009087"),
        ("fr", "1 85 05 78 006 084 91"),
    ],
)
def test_text_and_column_agree_on_national_ids(country: str, value: str) -> None:
    rule = f"{{mask: national_id, country: {country}}}"
    (column,) = Masking(f"v: {rule}")([value])
    (note,) = Masking(f"v: {{mask: redact_text, ids: {{{country}: {rule}}}}}")([f"id {value}, ok"])
    assert note == f"id {column}, ok"
    (phone,) = Masking("v: phone")(["+49 171 1234567"])
    other = Masking(f"v: {{mask: redact_text, ids: {{{country}: {rule}}}}}")(["+49 171 1234567"])
    assert other == [phone]


def test_a_note_and_the_columns_of_its_own_table_and_of_others_hold_one_fake() -> None:
    names = ["email", "mobile", "note"]
    table = Table(_TABLE, tuple(Column(name, "text", Kind.TEXT) for name in names))
    policy = load_text(
        """
        version: 1
        rules: {mail: {mask: email, domain: staging.test, normalise: [trim, lower]}}
        tables:
          t:
            columns:
              email: mail
              mobile: {mask: phone, unique: true}
              note: {mask: redact_text, email: mail, phone: {mask: phone, unique: true}}
        """
    )
    (plan,) = compile(policy, Schema({_TABLE: table})).tables
    kernel = bind(plan, KEY)
    assert kernel is not None
    row = "Ann@X.org\t+49 171 1234567\tFrom ann@x.org (or +49 171 1234567).\n"
    email, mobile, note = kernel(row.encode()).decode().rstrip("\n").split("\t")
    assert note == f"From {email} (or {mobile})."


PERSONS = FILES / "persons.csv"
IN_FILE = f"persons: {PERSONS}, person: {{first: first_name, last: last_name}}"


def test_the_persons_of_a_file_become_what_they_are_in_their_columns() -> None:
    first, last = Masking("v: first_name"), Masking("v: last_name")
    (ann, mary), (miller,) = first(["Ann", "Mary Lou"]), last(["O'Neil"])
    assert isinstance(ann, str)
    texts = [
        "Ann O'Neil called",
        "ANN called; Annabelle and Joann did not",
        "mary lou, Mary, and o'neil's",
        "Zwölf",
        None,
    ]
    assert Masking(f"v: {{mask: redact_text, {IN_FILE}}}")(texts) == [
        f"{ann} {miller} called",
        f"{ann.upper()} called; Annabelle and Joann did not",
        f"{mary}, Mary, and {miller}'s",
        "Zwölf",
        None,
    ]


def test_a_person_within_an_address_is_the_addresss() -> None:
    (column,) = Masking("v: email")(["ann@example.com"])
    rule = f"{{mask: redact_text, {IN_FILE}}}"
    assert Masking(f"v: {rule}")(["ann@example.com"]) == [column]


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        (f"persons: {PERSONS}", "belong together"),
        ("person: {first: name}", "belong together"),
        ("persons: nowhere.csv, person: {first: name}", "no file"),
        (f"persons: {PERSONS}, person: {{nick: name}}", "no column 'nick'"),
    ],
)
def test_persons_that_cannot_be_read_are_refused(rule: str, what: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        Masking(f"v: {{mask: redact_text, {rule}}}")
    assert what in refusal.value.findings[0].what


# Recognisers: a module of tests is where Python finds it.
SECRET = "Viktor"


def capitals(texts: list[str]) -> list[list[tuple[int, int, str]]]:
    """Takes every word in capitals for a person, and every ``#word`` for something else."""
    return [
        [(each.start(), each.end(), "PERSON") for each in re.finditer(r"\b[A-Z]{3,}\b", text)]
        + [(each.start(), each.end(), "TAG") for each in re.finditer(r"#\w+", text)]
        for text in texts
    ]


def fickle(texts: list[str], drawn: list[int] = []) -> list[list[tuple[int, int, str]]]:  # noqa: B006 - it is what is tested
    drawn.append(0)
    return [[(0, len(drawn), "PERSON")] for _ in texts]


def failing(texts: list[str]) -> list[list[tuple[int, int, str]]]:
    raise ValueError(texts[0])


def short(texts: list[str]) -> list[list[tuple[int, int, str]]]:
    return []


def beyond(texts: list[str]) -> list[list[tuple[int, int, str]]]:
    return [[(0, 1000, "PERSON")] for _ in texts]


def loose(texts: list[str]) -> list[str]:
    return ["PERSON" for _ in texts]


def recognising(function: str) -> Masking:
    recogniser = f"recogniser: '{__name__}:{function}', recognised: {{PERSON: last_name}}"
    return Masking(f"v: {{mask: redact_text, {recogniser}}}")


def test_what_a_recogniser_finds_becomes_what_it_is_in_its_column() -> None:
    (miller,) = Masking("v: last_name")(["MILLER"])
    (mail,) = Masking("v: email")(["MILLER@X.COM"])
    texts = [
        "Told MILLER, twice: MILLER",
        "MILLER@X.COM",
        "#tag",
        "",
        None,
        "Told MILLER, twice: MILLER",
    ]
    told = f"Told {miller}, twice: {miller}"
    assert recognising("capitals")(texts) == [told, mail, "#tag", "", None, told]


@pytest.mark.parametrize(
    ("function", "what"),
    [
        ("fickle", "is not repeatable"),
        ("failing", "raised ValueError"),
        ("short", "gave 0 answers for 1 texts"),
        ("beyond", "no (begin, end, label)"),
        ("loose", "no (begin, end, label)"),
    ],
)
def test_a_recogniser_that_fails_ends_the_run_and_tells_no_text(function: str, what: str) -> None:
    with pytest.raises(DataError) as failure:
        recognising(function)([f"{SECRET} was here"])
    assert what in str(failure.value)
    assert SECRET not in repr(failure.value) + str(failure.value)
    assert failure.value.__cause__ is None


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("recogniser: 'presidio_of_ours:people', recognised: {PERSON: name}", "no module"),
        (f"recogniser: '{__name__}:nobody', recognised: {{PERSON: name}}", "no function"),
        ("recognised: {PERSON: name}", "belong together"),
    ],
)
def test_a_recogniser_that_is_not_there_is_refused(rule: str, what: str) -> None:
    with pytest.raises(PolicyError) as refusal:
        Masking(f"v: {{mask: redact_text, {rule}}}")
    assert what in refusal.value.findings[0].what


def test_a_text_that_holds_nothing_keeps_its_bytes() -> None:
    text = "Zwölf Boxkämpfer jagen Viktor\r\nquer: 12 %"
    assert Masking("v: redact_text")([text, None, ""]) == [text, None, ""]


def test_a_million_digits_do_not_stall_it() -> None:
    assert re.fullmatch(r"\d+", str(Masking("v: redact_text")(["7" * 100_000])[0]))
