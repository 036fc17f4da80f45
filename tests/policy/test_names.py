"""Dotted names and globs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskr.model import TableName
from maskr.policy import names

NAMES = st.text(min_size=1, max_size=8).filter(lambda name: "\0" not in name)


@given(st.lists(NAMES, min_size=1, max_size=3))
def test_any_name_can_be_written_and_is_read_back(parts: list[str]) -> None:
    written = names.join(names.Part(part, exact=True) for part in parts)
    assert [part.text for part in names.split(written)] == parts
    assert all(part.exact for part in names.split(written))


@given(NAMES, NAMES)
def test_any_table_can_be_named(schema: str, table: str) -> None:
    pattern = names.join((names.Part(schema, exact=True), names.Part(table, exact=True)))
    assert names.table_name(pattern) == TableName(schema, table)


@given(NAMES)
def test_any_column_can_be_named(column: str) -> None:
    assert names.column_name(str(names.Part(column, exact=True))) == column


@given(st.text(alphabet="ab*?.", min_size=1, max_size=6), st.text(alphabet="ab.\n", max_size=6))
def test_a_glob_matches_as_its_regular_expression_does(glob: str, name: str) -> None:
    expected = re.fullmatch(
        re.escape(glob).replace(r"\*", ".*").replace(r"\?", "."), name, re.DOTALL
    )
    part = names.column_part(glob)
    assert bool(part.matcher()(name)) == bool(expected)


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", '"a', 'a"b"', '"a"b', '""'])
def test_a_malformed_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        names.split(text)


def test_a_glob_names_no_single_table() -> None:
    assert names.table_name("archive.*") is None
    assert names.column_name("*_at") is None
