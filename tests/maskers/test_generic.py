"""Values by list, by file, by part, by code, and rules made of rules."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maskr.errors import DataError, PolicyError
from maskr.kernel import bind
from maskr.model import Column, Kind, Schema, Table, TableName
from maskr.plan import TablePlan, compile
from maskr.policy import load_text
from tests.masking import KEY, Masking

REGIONS = Path(__file__).parents[2] / "fixtures" / "maskers" / "regions.csv"
_TABLE = TableName("public", "t")


def masked(rule: str, value: str | None, type: str = "text") -> str | None:
    return Masking(f"v: {rule}", type)([value])[0]


def planned(line: str, *columns: Column) -> tuple[TablePlan, ...]:
    policy = load_text(
        f"version: 1\ndefaults: {{unlisted: keep}}\ntables: {{t: {{columns: {{{line}}}}}}}"
    )
    return compile(policy, Schema({_TABLE: Table(_TABLE, columns)})).tables


def test_a_choice_follows_its_weights() -> None:
    rule = "v: {mask: choice, values: {gold: 1, silver: 9}}"
    counts = Counter(Masking(rule)([*map(str, range(10_000))]))
    assert counts["gold"] == pytest.approx(1000, rel=0.15)
    assert set(counts) == {"gold", "silver"}


def test_a_choice_of_two_does_not_give_away_the_other() -> None:
    fakes = Masking("v: {mask: choice, values: [yes, no]}")(["yes"] * 1)
    others = [
        Masking(f"v: {{mask: choice, values: [yes, no], namespace: n{n}}}")(["yes"])[0]
        for n in range(40)
    ]
    assert {*fakes, *others} == {"yes", "no"}


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [
        ("hash", r"[0-9a-f]{32}"),
        ("{mask: hash, length: 7}", r"[0-9a-f]{7}"),
        ("{mask: hash, encoding: base32}", r"[a-z2-7]{25}"),
        ("{mask: hash, encoding: base64, length: 16}", r"[\w-]{16}"),
        ("{mask: token, prefix: sk_}", r"sk_[0-9a-hjkmnp-tv-z]{20}"),
    ],
)
def test_a_code_is_written_in_its_alphabet(rule: str, pattern: str) -> None:
    fakes = Masking(f"v: {rule}")([*map(str, range(1000))])
    assert all(re.fullmatch(pattern, str(fake)) for fake in fakes)
    assert len({*fakes}) == 1000


def test_a_column_of_bytes_gets_bytes() -> None:
    assert re.fullmatch(
        r"\\x[0-9a-f]{24}", str(masked("{mask: hash, length: 24}", "\\x00ff", "bytea"))
    )


def test_a_path_that_is_written_with_backslashes_loses_no_letter() -> None:
    assert masked("{mask: truncate, length: 6}", r"C:\New\tab") == r"C:\New"
    out = masked("scramble", r"C:\New\tab")
    assert re.fullmatch(r"[A-Z]:\\[A-Z][a-z]{2}\\[a-z]{3}", str(out))


@pytest.mark.parametrize(
    ("value", "expected"),
    [("4111111111111234", "****1234"), ("12345678", "****5678"), ("1234567", "****"), ("", "****")],
)
def test_a_part_is_shown_only_of_what_is_long_enough(value: str, expected: str) -> None:
    assert masked("partial", value) == expected


@given(st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=1))
@settings(deadline=None)
def test_scrambled_text_keeps_the_class_of_every_character(text: str) -> None:
    def classes(of: str) -> str:
        return re.sub("[a-z]", "a", re.sub("[A-Z]", "A", re.sub("[0-9]", "0", of)))

    assert classes(str(masked("scramble", text))) == classes(text)


def test_a_value_that_no_pattern_matches_does_not_get_through() -> None:
    rule = '{mask: regex_replace, pattern: "user=[^&]*", replacement: "user=x"}'
    assert masked(rule, "?user=ann&a=1") == "?user=x&a=1"
    assert "ann" not in str(masked(rule, "?login=ann"))


def test_a_dictionary_gives_what_its_file_says() -> None:
    rule = f"{{mask: dictionary, file: {REGIONS}, header: true, on_invalid: null}}"
    values = ["North", "East, West", "Nowhere", None]
    assert Masking(f"v: {rule}")(values) == ["Area 1", "Area 3", None, None]


def test_a_dictionary_stands_beside_the_policy_that_names_it(tmp_path: Path) -> None:
    from maskr.policy import load

    (tmp_path / "words.csv").write_text("a,b\n")
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "version: 1\ntables: {t: {columns: {v: {mask: dictionary, file: words.csv}}}}"
    )
    column = Column("v", "text", Kind.TEXT)
    (plan,) = compile(load(policy), Schema({_TABLE: Table(_TABLE, (column,))})).tables
    kernel = bind(plan, KEY)
    assert kernel is not None
    assert kernel(b"a\n") == b"b\n"


@pytest.mark.parametrize("text", ["a,b,c\n", "a,b\na,c\n", None])
def test_a_dictionary_that_cannot_be_used_is_the_policys_mistake(
    text: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "words.csv"
    if text is not None:
        file.write_text(text)
    with pytest.raises(PolicyError) as refused:
        Masking(f"v: {{mask: dictionary, file: {file}}}")
    assert [finding.code for finding in refused.value.findings] == ["bad-parameter"]


def test_a_chain_masks_what_the_mask_before_it_gave() -> None:
    rule = "{mask: chain, masks: [{mask: truncate, length: 6}, {mask: partial, keep_last: 2}]}"
    assert masked(rule, "ABCDEFGH") == "****EF"


def test_coalesce_takes_the_first_mask_that_can_read_the_value() -> None:
    links = "[{mask: shift_date, on_invalid: null}, {mask: constant, value: x}]"
    rule = f"{{mask: coalesce, masks: {links}}}"
    assert masked(rule, "born in May") == "x"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(masked(rule, "1980-05-13")))
    assert masked(rule, None) is None


def test_a_condition_chooses_between_two_masks() -> None:
    sides = "then: {mask: constant, value: d}, otherwise: redact"
    line = f"""v: {{mask: either, expression: "c = 'DE'", {sides}}}"""
    text = Column("v", "text", Kind.TEXT), Column("c", "text", Kind.TEXT)
    (plan,) = planned(line, *text)
    kernel = bind(plan, KEY)
    assert kernel is not None
    assert kernel(b"ann\tDE\tt\nbo\tFR\tf\nx\t\\N\tf\n") == b"d\tDE\n**\tFR\n*\t\\N\n"


def test_a_condition_is_one_expression_over_the_row() -> None:
    line = 'v: {mask: either, expression: "pg_sleep(9) IS NULL", then: redact, otherwise: redact}'
    with pytest.raises(PolicyError) as refused:
        planned(line, Column("v", "text", Kind.TEXT))
    assert {finding.code for finding in refused.value.findings} == {"unsafe-predicate"}


def test_a_column_with_the_mask_default_is_not_copied() -> None:
    (plan,) = planned("v: default", Column("v", "text", Kind.TEXT), Column("c", "text", Kind.TEXT))
    assert plan.read is not None
    assert plan.read.columns == ("c",)
    assert plan.steps == ()


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("v: default", (Column("v", "text", Kind.TEXT),)),
        (
            "v: default",
            (Column("v", "text", Kind.TEXT, nullable=False), Column("c", "text", Kind.TEXT)),
        ),
        (
            "v: default, c: {mask: hash, by: v}",
            (Column("v", "text", Kind.TEXT), Column("c", "text", Kind.TEXT)),
        ),
    ],
)
def test_a_column_that_is_needed_is_not_left_out(line: str, columns: tuple[Column, ...]) -> None:
    with pytest.raises(PolicyError) as refused:
        planned(line, *columns)
    assert {finding.code for finding in refused.value.findings} == {"omitted-column"}


@pytest.mark.parametrize(("on_invalid", "expected"), [("keep", "Ann"), ("null", None)])
def test_on_invalid_says_what_becomes_of_what_cannot_be_read(
    on_invalid: str, expected: str | None
) -> None:
    rule = f"{{mask: shift_date, on_invalid: {on_invalid}}}"
    assert masked(rule, "Ann") == expected


def test_on_invalid_can_end_the_run_without_telling_the_value() -> None:
    with pytest.raises(DataError) as ended:
        masked("{mask: shift_date, on_invalid: fail}", "Ann Miller")
    assert "Ann" not in str(ended.value)
    assert "public.t.v" in str(ended.value)


def test_what_could_not_be_read_is_counted() -> None:
    (plan,) = planned("v: shift_date", Column("v", "text", Kind.TEXT))
    kernel = bind(plan, KEY)
    assert kernel is not None
    kernel(b"Ann\n2020-01-01\n\\N\nBob\n")
    kernel(b"Eve\n")
    assert kernel.invalid == {"v": 3}


def test_where_a_condition_spares_a_value_it_need_not_be_readable() -> None:
    (plan,) = planned(
        "v: {mask: shift_date, on_invalid: fail, when: v IS NULL}", Column("v", "text", Kind.TEXT)
    )
    kernel = bind(plan, KEY)
    assert kernel is not None
    assert kernel(b"Ann\tf\n") == b"Ann\n"
