"""A plan as a function over COPY text: what it masks, and that it touches nothing else."""

import pickle
from collections.abc import Sequence
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskr.db.postgres import copytext
from maskr.errors import PolicyError
from maskr.kernel import Kernel, bind
from maskr.keys import Key
from maskr.model import Column, Kind, Schema, Table, TableName, Unique
from maskr.plan import TablePlan, compile
from maskr.policy import load_text

KEY = Key(bytes(range(32)))
T = TableName("public", "t")
TABLE = Table(
    T,
    (
        Column("id", "integer", Kind.INTEGER, nullable=False),
        Column("first", "text", Kind.TEXT),
        Column("last", "text", Kind.TEXT),
        Column("mail", "text", Kind.TEXT),
        Column("code", "character varying(4)", Kind.TEXT, length=4),
        Column("shape", "point", Kind.OTHER),
    ),
    (Unique("t_pkey", ("id",), primary=True),),
)
WIDTH = len(TABLE.columns)

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=10)
values = st.none() | texts | st.text(st.sampled_from("\\Ntn.\t\n\r"), max_size=4)
rows_ = st.lists(st.tuples(*[values] * WIDTH), min_size=1, max_size=6)


def plan(columns: str) -> TablePlan:
    policy = f"version: 1\ndefaults: {{unlisted: keep}}\ntables: {{t: {{columns: {columns}}}}}"
    [made] = compile(load_text(policy), Schema({T: TABLE})).tables
    return made


def kernel(columns: str, key: Key = KEY) -> Kernel:
    made = bind(plan(columns), key)
    assert made is not None
    return made


def chunk(rows: Sequence[tuple[str | None, ...]]) -> bytes:
    columns = [
        pl.Series(str(at), list(side), dtype=pl.String)
        for at, side in enumerate(zip(*rows, strict=True))
    ]
    return copytext.encode(pl.DataFrame([copytext.escape(column) for column in columns]))


def read(chunk: bytes, place: int) -> list[str | None]:
    return copytext.unescape(copytext.decode(chunk, WIDTH).to_series(place)).to_list()


ROW = ("1", "Ann", "Lee", "a@x", "abcd", "(1,2)")


def test_a_table_with_nothing_to_mask_has_no_kernel() -> None:
    assert bind(plan("{}"), KEY) is None


@given(rows_)
def test_only_the_planned_columns_change_whatever_stands_in_the_others(
    rows: list[tuple[str | None, ...]],
) -> None:
    before = chunk(rows)
    after = copytext.decode(kernel("{first: first_name}")(before), WIDTH)
    assert after.drop("1").rows() == copytext.decode(before, WIDTH).drop("1").rows()
    nulls = [row[1] is None for row in rows]
    assert after.to_series(1).is_null().to_list() == nulls


@pytest.mark.parametrize("fake", ["\\N", "\\.", "a\tb", "a\nb", "\\", "\r", "\\t", "é😀", ""])
@pytest.mark.parametrize("beside", ["plain", "esca\\ped"])
def test_a_fake_is_escaped_whatever_it_holds(fake: str, beside: str) -> None:
    said = fake.encode("unicode_escape").decode() if fake.isascii() else fake
    made = kernel(f'{{first: {{mask: constant, value: "{said}"}}}}')
    masked = made(chunk([("1", "Ann", beside, None, "abcd", "(1,2)")] * 3))
    assert read(masked, 1) == [fake] * 3
    assert read(masked, 2) == [beside] * 3


@given(rows_, st.integers(1, 5))
def test_rows_are_masked_alike_in_whatever_chunk_they_come(
    rows: list[tuple[str | None, ...]], cut: int
) -> None:
    made = kernel("{first: first_name, mail: email, last: lorem}")
    parts = [part for part in (rows[:cut], rows[cut:]) if part]
    assert b"".join(made(chunk(part)) for part in parts) == made(chunk(rows))


def test_a_template_sees_the_fakes_of_the_columns_it_is_made_of() -> None:
    made = kernel('{mail: {mask: template, format: "{first}.{last}"}, first: first_name}')
    masked = made(chunk([ROW]))
    assert read(masked, 3) == [f"{read(masked, 1)[0]}.Lee"]
    assert read(masked, 1) != ["Ann"]


def test_a_template_may_see_what_a_column_was() -> None:
    line = '{mail: {mask: template, format: "{first|original|upper}.{first}.{last|initial}"},'
    made = kernel(line + " first: {mask: constant, value: Zoe}}")
    masked = made(chunk([ROW]))
    assert read(masked, 3) == ["ANN.Zoe.L"]
    assert read(masked, 1) == ["Zoe"]


def test_columns_drawn_by_one_column_agree() -> None:
    made = kernel("{first: {mask: first_name, by: id}, last: {mask: name, by: id}}")
    masked = made(chunk([ROW, ("2", *ROW[1:])]))
    firsts, names = read(masked, 1), read(masked, 2)
    assert [str(name).split()[0] for name in names] == firsts
    assert firsts[0] != firsts[1]


def test_another_namespace_gives_another_fake_and_the_same_one_the_same() -> None:
    lines = "{first: %s, last: %s}"
    hashed, other = "{mask: hash}", "{mask: hash, namespace: crm}"
    same = kernel(lines % (hashed, hashed))(chunk([("1", "x", "x", None, None, None)]))
    split = kernel(lines % (hashed, other))(chunk([("1", "x", "x", None, None, None)]))
    assert read(same, 1) == read(same, 2)
    assert read(split, 1) != read(split, 2)
    assert read(split, 1) == read(same, 1)


def test_spellings_that_are_normalised_alike_get_one_fake() -> None:
    steps = "{first: {mask: hash, normalise: [trim, lower, unaccent]}}"
    spellings = ["Zoë", " zoe ", "ZOË", "Zoe"]
    masked = kernel(steps)(chunk([("1", each, "x", None, None, None) for each in spellings]))
    assert len(set(read(masked, 1))) == 1


def test_a_fake_fits_its_column() -> None:
    masked = kernel("{code: first_name}")(
        chunk([("1", "x", "x", None, f"c{n}", None) for n in range(99)])
    )
    assert max(len(str(each)) for each in read(masked, 4)) <= 4


def test_a_value_is_never_its_own_fake() -> None:
    """Also where the pool holds it: every first name of the pool, masked by that pool."""
    made = kernel("{first: {mask: faker, provider: first_name}}")
    pool = {
        str(each)
        for each in read(
            made(chunk([(str(n), f"x{n}", "x", None, None, None) for n in range(3000)])), 1
        )
    }
    rows = [("1", each, "x", None, None, None) for each in sorted(pool)]
    masked = read(made(chunk(rows)), 1)
    assert len(pool) > 300
    assert all(one != other for one, other in zip(masked, sorted(pool), strict=True))


def test_a_plan_goes_to_another_process_and_masks_the_same_there() -> None:
    made = plan("{first: first_name, mail: {mask: email, by: id}}")
    there = bind(pickle.loads(pickle.dumps(made)), pickle.loads(pickle.dumps(KEY)))
    here = bind(made, KEY)
    assert here is not None
    assert there is not None
    assert there(chunk([ROW])) == here(chunk([ROW]))


def test_a_provider_that_faker_lacks_is_the_policys_mistake() -> None:
    with pytest.raises(PolicyError) as caught:
        kernel("{first: {mask: faker, provider: no_such_thing}}")
    assert "no_such_thing" in caught.value.findings[0].what


def test_a_table_whose_rows_are_not_read_has_no_kernel() -> None:
    assert bind(replace(plan("{first: first_name}"), read=None), KEY) is None
