"""What every masker keeps, over the whole registry: a new one is tested by being there.

Each is bound with the example of its own page, so that every page is proven to be true, too.
"""

import ipaddress
import json
import re
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskr.errors import PolicyError
from maskr.keys import Key, Namespace
from maskr.maskers import ANY, Masker, registry
from maskr.model import Column, Kind
from maskr.policy import load_text
from maskr.types import UserType
from tests.masking import KEY, OTHER_KEY, Masking, column

# A page's example that cannot be run as it stands (a file, a program, a module of the user's):
# what is bound instead.
FILES = Path(__file__).parents[2] / "fixtures" / "maskers"
INSTEAD: Mapping[str, str] = {
    # So far that it shows in values of one decimal.
    "latitude": "lat: {mask: latitude, by: id, metres: 90000}",
    "longitude": "lon: {mask: longitude, by: id, metres: 90000, latitude: lat}",
    "dictionary": f"region: {{mask: dictionary, file: {FILES}/regions.csv, header: true}}",
    "python": "v: {mask: python, function: 'shlex:quote'}",
    "command": "v: {mask: command, argv: [cat]}",
}
# The same, where a masker's example suits only one of the kinds that it takes.
_NO_TEXT = frozenset(Kind) - {Kind.TEXT}
INSTEAD_FOR_KIND: Mapping[tuple[str, Kind], str] = {
    (name, kind): policy_line
    for kind in _NO_TEXT
    for name, policy_line in {
        "chain": "code: {mask: chain, masks: [keep]}",
        "coalesce": "day: {mask: coalesce, masks: [keep]}",
        "either": "n: {mask: either, expression: country IS NULL, then: keep, otherwise: keep}",
    }.items()
}
# A file has an answer for its own values only: tests/maskers/test_generic.py.
ELSEWHERE = {("dictionary", kind) for kind in _NO_TEXT}

TYPES: Mapping[Kind, str] = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.NUMERIC: "numeric",
    Kind.FLOAT: "double precision",
    Kind.BOOLEAN: "boolean",
    Kind.DATE: "date",
    Kind.TIME: "time without time zone",
    Kind.TIMESTAMP: "timestamp without time zone",
    Kind.INTERVAL: "interval",
    Kind.UUID: "uuid",
    Kind.JSON: "jsonb",
    Kind.XML: "xml",
    Kind.INET: "inet",
    Kind.MACADDR: "macaddr",
    Kind.BYTES: "bytea",
    Kind.ENUM: "mood",
    Kind.ARRAY: "text[]",
    Kind.RANGE: "int4range",
    Kind.COMPOSITE: "pair",
    Kind.HSTORE: "public.hstore",
    Kind.OTHER: "point",
}
LABELS = ("sad", "ok", "happy")
USERS = {
    "mood": UserType(Kind.ENUM, labels=LABELS),
    "pair": UserType(Kind.COMPOSITE),
}

# As PostgreSQL prints values of each kind, under maskr's own session settings.
_DAYS = st.dates().map(str) | st.sampled_from(["infinity", "-infinity", "0044-03-15 BC"])
_TIMES = st.times().map(str)
_WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]))
_LIKELY = st.sampled_from(
    [
        "ann.miller@example.com",
        "+49 (171) 123-4567",
        "4111 1111 1111 1111",
        "DE89 3704 0044 0532 0130 00",
        "123-45-6789",
        "192.168.1.17",
        "00:1b:63:84:45:e6",
        "https://example.com/a?b=c",
        "1 Main Street, Springfield",
        "2024-02-29",
        '{"a": 1}',
        "O'Neil",
        "C:\\New",
        "--",
        "12",
    ]
)
VALUES: Mapping[Kind, st.SearchStrategy[str]] = {
    Kind.TEXT: _WORDS | _LIKELY,
    Kind.INTEGER: st.integers(-(2**63), 2**63 - 1).map(str),
    Kind.NUMERIC: st.decimals(allow_infinity=False, allow_nan=False).map(lambda d: f"{d:f}")
    | st.sampled_from(["NaN", "Infinity", "-Infinity"]),
    Kind.FLOAT: st.floats(allow_nan=False, allow_infinity=False).map(repr)
    | st.sampled_from(["NaN", "Infinity", "-Infinity"]),
    Kind.BOOLEAN: st.sampled_from("tf"),
    Kind.DATE: _DAYS,
    Kind.TIME: _TIMES,
    Kind.TIMESTAMP: st.datetimes().map(str) | st.sampled_from(["infinity", "-infinity"]),
    Kind.INTERVAL: st.sampled_from(["1 year 2 mons", "-3 days +04:05:06", "00:00:00"]),
    Kind.UUID: st.uuids().map(str),
    Kind.JSON: st.recursive(
        st.none() | st.booleans() | st.integers() | _WORDS,
        lambda inner: st.lists(inner) | st.dictionaries(_WORDS, inner),
    ).map(json.dumps),
    Kind.XML: st.sampled_from(["<a>b</a>", "<a x='1'/>", "text", ""]),
    Kind.INET: st.ip_addresses().map(str) | st.sampled_from(["10.1.2.3/8", "2001:db8::1/64"]),
    Kind.MACADDR: st.binary(min_size=6, max_size=6).map(lambda b: b.hex(":")),
    Kind.BYTES: st.binary().map(lambda b: "\\x" + b.hex()),
    Kind.ENUM: st.sampled_from(LABELS),
    Kind.ARRAY: st.sampled_from(["{}", "{ann,bob}", '{"a b",NULL,"c\\\\d"}', "{{a,b},{c,d}}"]),
    Kind.RANGE: st.sampled_from(["empty", "[1,5)", "(,3)", "[7,)"]),
    Kind.COMPOSITE: st.sampled_from(["(1,ann)", '(2,"a b")', "(,)"]),
    Kind.HSTORE: st.sampled_from(['"a"=>"1"', '"a"=>NULL, "b"=>"x y"', ""]),
    Kind.OTHER: st.sampled_from(["(1,2)", "(0.5,-3)"]),
}


def _is(read: Callable[[str], object]) -> Callable[[str], bool]:
    def is_one(text: str) -> bool:
        try:
            read(text)
        except ValueError:
            return False
        return True

    return is_one


def _like(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text, re.DOTALL) is not None


_DAY = r"\d{4,7}-\d\d-\d\d"
_CLOCK = r"\d\d:\d\d:\d\d(\.\d+)?"
_FOREVER = "infinity|-infinity"
_NUMBER = r"-?\d+(\.\d+)?(e[+-]?\d+)?|NaN|-?Infinity"
VALID: Mapping[Kind, Callable[[str], bool]] = {
    Kind.TEXT: lambda text: "\0" not in text,
    Kind.INTEGER: lambda text: -(2**63) <= int(text) < 2**63,
    Kind.NUMERIC: _like(_NUMBER),
    Kind.FLOAT: _like(_NUMBER),
    Kind.BOOLEAN: lambda text: text in ("t", "f", "true", "false"),
    Kind.DATE: _like(f"{_DAY}( BC)?|{_FOREVER}"),
    Kind.TIME: _like(_CLOCK),
    Kind.TIMESTAMP: _like(f"{_DAY} {_CLOCK}( BC)?|{_FOREVER}"),
    Kind.INTERVAL: _like(r"[-+ \d:.a-z]+"),
    Kind.UUID: _is(uuid.UUID),
    Kind.JSON: _is(json.loads),
    Kind.XML: lambda text: text.count("<") == text.count(">"),
    Kind.INET: _is(ipaddress.ip_interface),
    Kind.MACADDR: _like(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}"),
    Kind.BYTES: _like(r"\\x([0-9a-f]{2})*"),
    Kind.ENUM: lambda text: text in LABELS,
    Kind.ARRAY: _like(r"\{.*\}"),
    Kind.RANGE: _like(r"empty|[\[(]-?\d*,-?\d*[\])]"),
    Kind.COMPOSITE: _like(r"\(.*\)"),
    Kind.HSTORE: _like(r'("(\\.|[^"])*"=>("(\\.|[^"])*"|NULL)(, )?)*'),
    Kind.OTHER: lambda text: text != "",
}

# A thousand values that no two are alike, none of them short: what is hidden must not come back.
_SAMPLE = range(1000)
SAMPLES: Mapping[Kind, list[str | None]] = {
    Kind.TEXT: [f"Person {n} of {n * 7919 % 997} Long Lane, {n * 31}" for n in _SAMPLE],
    Kind.INTEGER: [str(100_000 + n * 7919) for n in _SAMPLE],
    Kind.NUMERIC: [f"{100_000 + n * 7919}.{n % 100:02}" for n in _SAMPLE],
    Kind.FLOAT: [repr(100_000.5 + n * 7919) for n in _SAMPLE],
    Kind.DATE: [f"{1930 + n % 90}-{n % 12 + 1:02}-{n % 28 + 1:02}" for n in _SAMPLE],
    Kind.TIMESTAMP: [f"{1930 + n % 90}-{n % 12 + 1:02}-{n % 28 + 1:02} 12:34:56" for n in _SAMPLE],
    Kind.UUID: [str(uuid.UUID(int=n * 2**96 + n)) for n in _SAMPLE],
    Kind.INET: [f"93.{n % 250}.{n // 250}.77" for n in _SAMPLE],
    Kind.MACADDR: [f"00:1b:63:{n % 250:02x}:{n // 250:02x}:e6" for n in _SAMPLE],
    Kind.BYTES: [f"\\x{n:016x}" for n in _SAMPLE],
}

MILLION = 1_000_000
NUMBER = pl.int_range(MILLION)
MANY: Mapping[Kind, pl.Expr] = {
    Kind.TEXT: NUMBER.cast(pl.String).str.zfill(7) + "x",
    Kind.INTEGER: NUMBER.cast(pl.String),
    Kind.UUID: "6ba7b810-9dad-11d1-80b4-00000" + NUMBER.cast(pl.String).str.zfill(7),
    Kind.INET: pl.concat_str(
        pl.lit("93"), *(NUMBER // 256**place % 256 for place in (2, 1, 0)), separator="."
    ),
    Kind.MACADDR: pl.concat_str(
        pl.lit("00:1b"),
        *(((NUMBER // 100**place % 100).cast(pl.String)).str.zfill(2) for place in (3, 2, 1, 0)),
        separator=":",
    ),
}

# What takes any kind does not look at it: these stand for all.
_SOME = (Kind.TEXT, Kind.INTEGER, Kind.BYTES, Kind.ENUM, Kind.OTHER)
EACH = [
    (masker, kind)
    for masker in registry().values()
    for kind in (_SOME if masker.kinds == ANY else sorted(masker.kinds))
    if (masker.name, kind) not in ELSEWHERE
]
each = pytest.mark.parametrize(
    ("masker", "kind"), EACH, ids=[f"{masker.name}-{kind}" for masker, kind in EACH]
)


def example(masker: Masker) -> str:
    """The line of a policy that the masker's page shows."""
    found = re.search(r"^Example:\n\s*``(.+?)``", masker.page, re.MULTILINE | re.DOTALL)
    assert found, f"the page of {masker.name} has no Example: with a line of a policy"
    return " ".join(found[1].split())


def line(masker: Masker, kind: Kind) -> str:
    instead = INSTEAD.get(masker.name, "")
    return INSTEAD_FOR_KIND.get((masker.name, kind), instead) or example(masker)


def _column(name: str, kind: Kind, type: str | None = None) -> Column:
    spelt = type or TYPES[kind]
    return column(name, spelt, USERS.get(spelt))


@cache
def masking(masker: Masker, kind: Kind, key: Key = KEY, type: str | None = None) -> Masking:
    policy_line = line(masker, kind)
    own = _column(policy_line.partition(":")[0], kind, type)
    return Masking(policy_line, own, _others(policy_line, own.name), key)


def _others(policy_line: str, own: str) -> tuple[str, ...]:
    """A column of every name that the line may speak of: a few too many do no harm."""
    return tuple(sorted(set(re.findall(r"[a-z_]+", policy_line)) - {own}))


def columns_of(kind: Kind, most: int = 20) -> st.SearchStrategy[list[str | None]]:
    return st.lists(st.none() | VALUES[kind], min_size=1, max_size=most)


def examples(kind: Kind) -> list[str | None]:
    """A thousand values: `SAMPLES`, or the few that there are again and again."""
    found = SAMPLES.get(kind)
    if found is None:
        few = {Kind.BOOLEAN: "t", Kind.ENUM: "ok", Kind.TIME: "12:34:56", Kind.INTERVAL: "3 days"}
        few |= {
            Kind.JSON: '{"contact": {"email": "ann@corp.example"}, "phone": "030 1234567"}',
            Kind.XML: "<a>b</a>",
            Kind.ARRAY: "{ann,bob}",
        }
        few |= {Kind.RANGE: "[1,5)", Kind.COMPOSITE: "(1,ann)", Kind.OTHER: "(1,2)"}
        return [few.get(kind, '"a"=>"1"')] * 20
    return found


@each
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_it_takes_any_value_and_gives_one_of_the_same_kind(
    masker: Masker, kind: Kind, data: st.DataObject
) -> None:
    values = data.draw(columns_of(kind))
    fakes = masking(masker, kind)(values)
    assert len(fakes) == len(values)
    if masker.kinds != ANY:  # what takes anything gives what its parameters say
        assert all(VALID[kind](fake) for fake in fakes if fake is not None)


@each
def test_null_stays_null_and_nothing_else_becomes_one(masker: Masker, kind: Kind) -> None:
    if masker.takes_nulls:
        assert masker.name in ("keep", "null", "default", "sql")
        return
    empty: list[str | None] = [""] if kind is Kind.TEXT else []
    fakes = masking(masker, kind)([None, *examples(kind)[:5], *empty, None])
    assert [fake is None for fake in fakes] == [True, *[False] * (len(fakes) - 2), True]


@each
def test_another_run_gives_the_same(masker: Masker, kind: Kind) -> None:
    again = masking.__wrapped__(masker, kind)
    assert again(examples(kind)) == masking(masker, kind)(examples(kind))


@each
def test_what_is_drawn_is_another_under_another_key(
    masker: Masker, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = masking(masker, kind)(examples(kind))
    theirs = masking(masker, kind, OTHER_KEY)(examples(kind))
    if ours == theirs and not masking(masker, kind).traits.coincides:
        assert not _draws(masker, kind, monkeypatch)


class _Watched:
    """Stands for draws, and knows whether a mask wanted any."""

    def __init__(self) -> None:
        self.used = False

    def again(self) -> "_Watched":
        return self

    def take(self, rows: object) -> "_Watched":
        return self

    def __getattr__(self, name: str) -> object:
        self.used = True
        raise AttributeError(name)


def _draws(masker: Masker, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> bool:
    watched = _Watched()
    bound = masking(masker, kind)
    monkeypatch.setattr(Namespace, "draws", lambda self, values: watched)
    with suppress(AttributeError):
        bound(examples(kind))
    return watched.used


@each
def test_a_value_never_comes_back_unless_the_page_says_so(masker: Masker, kind: Kind) -> None:
    bound = masking(masker, kind)
    values = SAMPLES.get(kind, [])
    if not bound.traits.keeps:
        fakes = bound(values)
        # A permutation may leave a value where it is, as often as chance has it.
        allowed = 2 if bound.traits.unique else 0
        assert sum(fake == value for fake, value in zip(fakes, values, strict=True)) <= allowed


@each
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_where_a_batch_ends_changes_nothing(
    masker: Masker, kind: Kind, data: st.DataObject
) -> None:
    values = data.draw(columns_of(kind))
    cut = data.draw(st.integers(0, len(values)))
    bound = masking(masker, kind)
    assert bound(values[:cut]) + bound(values[cut:]) == bound(values)


@each
def test_one_value_has_one_fake_wherever_it_stands(masker: Masker, kind: Kind) -> None:
    bound = masking(masker, kind)
    values = examples(kind)[:50]
    forward, backward = bound(values), bound(values[::-1])
    assert forward == backward[::-1]


@pytest.mark.parametrize("length", [1, 7, 30, 64])
@pytest.mark.parametrize(
    "masker",
    [m for m in registry().values() if Kind.TEXT in m.kinds],
    ids=lambda masker: masker.name,
)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_it_fits_the_column_or_is_refused(masker: Masker, length: int, data: st.DataObject) -> None:
    try:
        bound = masking(masker, Kind.TEXT, type=f"character varying({length})")
    except PolicyError as error:
        if any(finding.code != "too-short" for finding in error.findings):
            raise
        return
    values = [value and value[:length] for value in data.draw(columns_of(Kind.TEXT))]
    assert all(len(fake) <= length for fake in bound(values) if fake is not None)


def _is_unique(masker: Masker, kind: Kind) -> bool:
    policy = load_text(f"{{version: 1, tables: {{t: {{columns: {{{line(masker, kind)}}}}}}}}}")
    parameters, _ = masker.parse(policy.tables[0].columns[0].rule.params)
    return masker.name != "keep" and masker.traits(**parameters).unique


UNIQUE = [pair for pair in EACH if pair[1] in MANY and _is_unique(*pair)]


@pytest.mark.parametrize(
    ("masker", "kind"), UNIQUE, ids=[f"{masker.name}-{kind}" for masker, kind in UNIQUE]
)
def test_what_is_unique_gives_a_million_values_a_million_fakes(masker: Masker, kind: Kind) -> None:
    values = pl.select(MANY[kind]).to_series()
    assert values.n_unique() == MILLION
    assert masking(masker, kind).series(values).n_unique() == MILLION
