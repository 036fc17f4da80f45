"""Values inside values: only what is named changes, in whatever notation."""

import re

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskr.errors import PolicyError
from maskr.maskers.notations import _element_token, _field_token, _quoted
from maskr.model import Column, Kind
from tests.masking import Masking

_NASTY = st.text(st.sampled_from('ab"\\,{}() \n=>;NULL'), max_size=8)


def masked(rule: str, type: str, value: str) -> str | None:
    return Masking(f"v: {rule}", type)([value])[0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{ann,NULL,bo}", "{***,NULL,**}"),
        ('{{a,b},{"c d",NULL}}', "{{*,*},{***,NULL}}"),
        ("[2:3]={x,y}", "[2:3]={*,*}"),
        (r'{"a\"b","NULL",""}', '{***,****,""}'),
        ("{}", "{}"),
    ],
)
def test_an_array_is_masked_element_by_element(value: str, expected: str) -> None:
    assert masked("{mask: array, elements: redact}", "text[]", value) == expected


def test_an_element_gets_the_fake_that_a_column_gets() -> None:
    (column,) = Masking("v: phone")(["+49 171 1234567"])
    array = masked("{mask: array, elements: phone}", "text[]", '{"+49 171 1234567"}')
    assert array == f'{{"{column}"}}'


def test_the_rule_of_an_array_has_to_fit_its_elements() -> None:
    with pytest.raises(PolicyError) as refused:
        Masking("v: {mask: array, elements: email}", "integer[]")
    assert [finding.code for finding in refused.value.findings] == ["wrong-kind"]


def composite(rule: str, value: str) -> str | None:
    return Masking(f"v: {rule}", Column("v", "public.pair", Kind.COMPOSITE))([value])[0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("(1,ann)", "(1,***)"),
        (r'(2,"a ""b\\, c")', "(2,********)"),
        ("(,)", "(,)"),
        ("(3,ann,)", "(3,***,)"),
        ('("(1,x)",ann)', '("(1,x)",***)'),
    ],
)
def test_a_composite_is_masked_field_by_field(value: str, expected: str) -> None:
    assert composite('{mask: composite, fields: {"2": redact}}', value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"a"=>"xy", "b"=>NULL, "c"=>"z"', '"a"=>"**", "b"=>NULL, "c"=>"z"'),
        (r'"a"=>"x\"y"', '"a"=>"***"'),
        (r'"x\"a"=>"keep"', r'"x\"a"=>"keep"'),
        ("", ""),
    ],
)
def test_an_hstore_is_masked_key_by_key(value: str, expected: str) -> None:
    assert masked("{mask: hstore, keys: {a: redact}}", "public.hstore", value) == expected


def test_a_star_stands_for_the_keys_that_are_not_named() -> None:
    rule = '{mask: hstore, keys: {a: keep, "*": redact}}'
    assert masked(rule, "public.hstore", '"a"=>"x", "b"=>"y"') == '"a"=>"x", "b"=>"*"'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("mail=ann; name=x", "mail=***; name=x"),
        (" mail = ann miller ;", " mail = ********** ;"),
        ("mail=;name=x", "mail=;name=x"),
        ("name=x=mail", "name=x=mail"),
    ],
)
def test_pairs_are_masked_key_by_key(value: str, expected: str) -> None:
    assert masked("{mask: pairs, keys: {mail: redact}}", "text", value) == expected


def test_a_fake_begins_no_pair_of_its_own() -> None:
    rule = '{mask: pairs, keys: {a: {mask: constant, value: "x;b=y"}}}'
    assert masked(rule, "text", "a=1;b=2") == "a=x b=y;b=2"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1,ann,x", "1,***,x"),
        ('1,"an ""a"", n",x\r\n2,bo', "1,*********,x\r\n2,**"),
        ("1,,x", "1,,x"),
        ("1", "1"),
    ],
)
def test_csv_is_masked_field_by_field_in_every_line(value: str, expected: str) -> None:
    assert masked('{mask: csv, fields: {"2": redact}}', "text", value) == expected


def test_a_fake_that_needs_quotes_gets_them() -> None:
    rule = """{mask: csv, fields: {"1": {mask: constant, value: 'a,"b"'}}}"""
    assert masked(rule, "text", "x,y") == '"a,""b""",y'


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("{mask: pairs, keys: {a: redact}}", "Ann Miller"),
        ('{mask: csv, fields: {"2": redact}}', '"x"Ann,y'),
    ],
)
def test_a_text_in_another_notation_is_masked_as_text(rule: str, value: str) -> None:
    out = masked(rule, "text", value)
    assert out is not None
    assert "Ann" not in out


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("tstzrange", '["2020-01-01 00:00:00+00","2020-01-03 12:00:00+00")'),
        ("daterange", "[2020-01-01,2020-01-03)"),
        ("datemultirange", "{[2020-01-01,2020-01-03),[2021-01-01,infinity)}"),
        ("daterange", "(,2020-01-03)"),
        ("daterange", "empty"),
    ],
)
def test_a_range_moves_as_a_whole(type: str, value: str) -> None:
    rule = "{mask: range, bounds: {mask: shift_date, days: 3}}"
    out = masked(rule, type, value)
    assert out is not None
    assert re.sub(r"\d", "0", out) == re.sub(r"\d", "0", value)
    assert (out == value) == (value == "empty")


@settings(deadline=None)
@given(st.integers(-1000, 1000), st.integers(0, 50))
def test_the_bounds_of_a_range_never_change_places(low: int, width: int) -> None:
    rule = "{mask: range, bounds: {mask: noise, spread: 90%}}"
    out = masked(rule, "int8range", f"[{low},{low + width})")
    found = re.fullmatch(r"\[(-?\d+),(-?\d+)\)", str(out))
    assert found
    assert int(found[1]) <= int(found[2])


@pytest.fixture(scope="module")
def postgres(maintenance: psycopg.Connection) -> psycopg.Connection:
    return maintenance


@settings(deadline=None, max_examples=50)
@given(texts=st.lists(_NASTY, min_size=1))
def test_postgresql_reads_what_is_written_into_arrays_and_composites(
    postgres: psycopg.Connection, texts: list[str]
) -> None:
    array = "{" + ",".join(_element_token(text, "") for text in texts) + "}"
    row = postgres.execute("SELECT %s::text[]", [array]).fetchone()
    assert row == (texts,)
    for text in texts:
        token = _field_token(text, "") or _quoted(text)
        found = postgres.execute("SELECT (%s::pg_catalog.pg_user).usename", [f"({token}{',' * 8})"])
        assert found.fetchone() == (text,)
