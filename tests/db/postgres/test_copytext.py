r"""COPY text, held against what a live PostgreSQL writes and reads."""

from collections.abc import Callable, Iterator
from itertools import count

import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from maskr.db.postgres import copytext

# Whatever PostgreSQL's text may hold: any character but NUL and surrogates.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
# What COPY gives a meaning to, far more often than chance would.
spiky = st.text(st.sampled_from("\\nNtrbfv.\t\n\r\b\f\v, \"'\ufeff\u2028\x85\x1f😀é"), max_size=8)
values = st.none() | texts | spiky
chunks_of = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def connection(server: Callable[[str], str]) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server("postgres")) as connection:
        connection.execute("CREATE TEMPORARY TABLE t (place int, x text, y text)")
        connection.execute("CREATE TEMPORARY TABLE one (x text)")
        yield connection


def written(connection: psycopg.Connection, query: str) -> bytes:
    with connection.cursor().copy(query.encode()) as copy:
        return b"".join(copy)


def read(connection: psycopg.Connection, query: str, chunk: bytes) -> None:
    with connection.cursor().copy(query.encode()) as copy:
        copy.write(chunk)


@given(st.lists(st.tuples(values, values), min_size=1, max_size=6))
@example([("\\N", "\\."), ("", None), (None, "")])
@example([("\ufeffx", "#"), ("\r", "\r\n"), (" ", '"')])
@example([("x^", "a"), ("x\x01", "b")])
@chunks_of
def test_what_postgresql_writes_survives_in_both_directions(
    connection: psycopg.Connection, pairs: list[tuple[str | None, str | None]]
) -> None:
    connection.execute("TRUNCATE t")
    places = count()
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO t VALUES (%s, %s, %s)", [(next(places), *pair) for pair in pairs]
        )
    chunk = written(connection, "COPY (SELECT x, y FROM t ORDER BY place) TO STDOUT")
    frame = copytext.decode(chunk, 2)
    assert copytext.encode(frame) == chunk
    plain = [copytext.unescape(frame.to_series(place)) for place in range(2)]
    assert list(zip(*plain, strict=True)) == pairs
    assert [copytext.escape(each).to_list() for each in plain] == [
        each.to_list() for each in frame.get_columns()
    ]


@given(st.lists(values, min_size=1, max_size=6))
@example([""])
@example([None])
@example(["", "", None, ""])
@example(["\ufeff"])
@chunks_of
def test_one_column_tells_empty_texts_from_nulls_and_loses_no_row(
    connection: psycopg.Connection, texts: list[str | None]
) -> None:
    connection.execute("TRUNCATE one")
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO one VALUES (%s)", [(text,) for text in texts])
    chunk = written(connection, "COPY one TO STDOUT")
    frame = copytext.decode(chunk, 1)
    assert copytext.unescape(frame.to_series()).to_list() == texts
    assert copytext.encode(frame) == chunk


@given(st.lists(st.tuples(values, values), min_size=1, max_size=6))
@chunks_of
def test_postgresql_reads_what_is_escaped_here(
    connection: psycopg.Connection, pairs: list[tuple[str | None, str | None]]
) -> None:
    connection.execute("TRUNCATE t")
    columns = [pl.Series(side, dtype=pl.String) for side in zip(*pairs, strict=True)]
    frame = pl.DataFrame({str(place): copytext.escape(each) for place, each in enumerate(columns)})
    read(connection, "COPY t (x, y) FROM STDIN", copytext.encode(frame))
    # The rows of a table that was just truncated come back in the order they went in.
    assert connection.execute("SELECT x, y FROM t").fetchall() == pairs


def test_every_single_character_is_escaped_as_postgresql_escapes_it(
    connection: psycopg.Connection,
) -> None:
    characters = [chr(code) for code in range(1, 0x3000) if not 0xD800 <= code < 0xE000]
    connection.execute("TRUNCATE one")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO one SELECT unnest(%s::text[])", (characters,))
    fields = written(connection, "COPY one TO STDOUT").decode().split("\n")[:-1]
    assert copytext.escape(pl.Series(characters)).to_list() == fields
    assert copytext.unescape(pl.Series(fields)).to_list() == characters


@pytest.mark.parametrize("rows", [1, 3])
def test_the_widest_table_that_postgresql_has_is_read_and_written(rows: int) -> None:
    chunk = ("\t".join(["x", r"\N", "", r"a\tb"] * 400) + "\n").encode() * rows
    frame = copytext.decode(chunk, 1600)
    assert frame.shape == (rows, 1600)
    assert copytext.encode(frame) == chunk


@given(st.lists(texts | spiky, max_size=9))
def test_rows_are_counted_by_the_breaks_that_end_them(texts: list[str]) -> None:
    escaped = copytext.escape(pl.Series(texts, dtype=pl.String))
    assert copytext.count("".join(f"{text}\n" for text in escaped).encode()) == len(texts)
