"""A column as one buffer: nothing is lost on the way there and back."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from maskr.texts import Texts, split

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
columns = st.lists(st.none() | texts, max_size=9)


def series(values: list[str | None]) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


@given(st.lists(texts, max_size=9))
def test_split_undoes_a_join(values: list[str]) -> None:
    assert split("\0".join(values).encode(), len(values)).to_list() == values


@given(columns)
def test_a_column_comes_back_from_its_bytes_with_nulls_empty(values: list[str | None]) -> None:
    column = Texts.of(series(values))
    assert column.replaced(column.buffer).to_list() == [text or "" for text in values]


@given(columns)
def test_every_row_is_where_its_start_and_size_say(values: list[str | None]) -> None:
    column = Texts.of(series(values))
    found = [
        column.buffer[start : start + size].tobytes().decode()
        for start, size in zip(column.starts, column.sizes, strict=True)
    ]
    assert found == [text or "" for text in values]


@given(columns)
def test_chosen_bytes_are_counted_in_the_row_they_stand_in(values: list[str | None]) -> None:
    column = Texts.of(series(values))
    chosen = (column.buffer % 2 == 1) & (column.buffer > 0)
    encoded = [(text or "").encode() for text in values]
    assert column.rows_of(chosen).tolist() == [sum(b % 2 for b in text) for text in encoded]
