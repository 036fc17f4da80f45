"""PostgreSQL's errors at the edge: the right class and place, and never a value."""

import traceback
from collections.abc import Callable, Iterator

import psycopg
import pytest

from maskr.db.postgres import session
from maskr.db.postgres.failures import describe, mapped
from maskr.errors import (
    DataError,
    MaskrError,
    RefusedError,
    TryAgainError,
    UnavailableError,
    UsageError,
)

SECRET = "Zorvika"
TABLE = """
    CREATE TABLE public.t (id int PRIMARY KEY, x varchar(9) NOT NULL, n int, d date,
        CONSTRAINT even CHECK (n % 2 = 0), CONSTRAINT other FOREIGN KEY (n) REFERENCES public.t);
    INSERT INTO public.t VALUES (0, 'Zorvika', NULL, NULL)
"""


@pytest.fixture(scope="module")
def connection(lasting_database: Callable[..., str]) -> Iterator[psycopg.Connection]:
    with session.connect(lasting_database("failing", sql=TABLE), {}) as connection:
        yield connection


@pytest.mark.parametrize(
    ("statement", "kind", "told"),
    [
        ("INSERT INTO public.t VALUES (0, 'Zorvika')", DataError, "constraint t_pkey"),
        ("INSERT INTO public.t VALUES (1, NULL)", DataError, "column x"),
        ("INSERT INTO public.t VALUES (1, 'Zorvika Krelv')", DataError, "22001"),
        ("INSERT INTO public.t VALUES (1, 'Zorvika', 3)", DataError, "constraint even"),
        ("INSERT INTO public.t VALUES (1, 'Zorvika', 8)", DataError, "constraint other"),
        ("SELECT 'Zorvika'::int", DataError, "22P02"),
        ("SELECT 'Zorvika'::date", DataError, "22007"),
        ("SELECT * FROM public.no_such_table", TryAgainError, "42P01"),
        ("DO $$ BEGIN RAISE 'Zorvika' USING ERRCODE = '42501'; END $$", RefusedError, "42501"),
        ("DO $$ BEGIN RAISE 'Zorvika' USING ERRCODE = '40001'; END $$", TryAgainError, "40001"),
        ("DO $$ BEGIN RAISE 'Zorvika' USING ERRCODE = '53100'; END $$", UnavailableError, "53100"),
        ("DO $$ BEGIN RAISE 'Zorvika' USING ERRCODE = '53300'; END $$", TryAgainError, "53300"),
        ("DO $$ BEGIN RAISE 'Zorvika' USING ERRCODE = '55P03'; END $$", TryAgainError, "55P03"),
        ("DO $$ BEGIN RAISE 'Zorvika' USING ERRCODE = '25006'; END $$", RefusedError, "25006"),
        ("DO $$ BEGIN RAISE 'Zorvika'; END $$", DataError, "P0001"),
    ],
)
def test_an_error_has_its_class_and_place_and_shows_no_value(
    connection: psycopg.Connection, statement: str, kind: type[MaskrError], told: str
) -> None:
    with pytest.raises(kind) as caught, mapped("target"):
        connection.execute(statement.encode())
    error = caught.value
    assert type(error) is kind
    assert told in str(error)
    assert error.where.startswith("target")
    # Not in a traceback either: the cause is cut off.
    assert SECRET not in "".join(traceback.format_exception_only(error))
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize(
    ("chunk", "column", "row"),
    [
        (b"1\tZorvika\t\\N\t\\N\nZorvika\tx\t\\N\t\\N\n", "id", 2),
        (b"1\tZorvika Krelv\t\\N\t\\N\n", "x", 1),
        (b"1\tx\t2\tZorvika\n", "d", 1),
        (b"1\t\\N\t\\N\t\\N\n", "x", 1),
    ],
)
def test_a_row_that_copy_refuses_is_named_by_column_and_number(
    connection: psycopg.Connection, chunk: bytes, column: str, row: int
) -> None:
    copying = connection.cursor().copy("COPY public.t FROM STDIN")
    with pytest.raises(DataError) as caught, mapped("target: public.t"), copying as copy:
        copy.write(chunk)
    assert f"column {column}" in caught.value.where
    assert f"row {row}" in caught.value.where
    assert SECRET not in str(caught.value)


def test_a_lost_connection_means_try_again(lasting_database: Callable[..., str]) -> None:
    with session.connect(lasting_database("lost"), {}) as connection:
        with pytest.raises(TryAgainError), mapped("target"):
            connection.execute(
                "SELECT pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid())"
            )
        with pytest.raises(TryAgainError), mapped("target"):
            connection.execute("SELECT 1")


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://ann:hunter2@db.example/shop",
        "host=db.example dbname=shop user=ann password=hunter2",
        "postgresql://ann:hun@ter2@db.example/shop",
        "postgresql://db.example/shop?user=ann&password=hunter2&sslpassword=hunter2",
        "password=hunter2",
        "password='hunter2 nonsense",
    ],
)
def test_a_dsn_is_described_without_its_password(dsn: str) -> None:
    assert "ter2" not in describe(dsn)


@pytest.mark.parametrize("dsn", ["nonsense hunter2", "port", "postgresql://ann:hunter2@[::1/x"])
def test_a_dsn_that_cannot_be_read_is_not_repeated(dsn: str) -> None:
    with pytest.raises(UsageError) as caught:
        session.connect(dsn, {})
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_an_address_where_nobody_listens_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match="cannot connect") as caught:
        session.connect("host=127.0.0.1 port=1 dbname=shop password=hunter2", {})
    assert "hunter2" not in str(caught.value)
