from collections.abc import Callable, Iterator
from typing import Any, Self

import psycopg
import pytest

from maskr.db.postgres.catalog import read_schema, read_sizes
from maskr.model import (
    Check,
    Column,
    ForeignKey,
    Identity,
    Kind,
    Relation,
    Schema,
    Table,
    TableName,
    Unique,
)


class Counting(psycopg.Cursor[Any]):
    executed = 0

    def execute(self, *args: Any, **kwargs: Any) -> Self:
        Counting.executed += 1
        return super().execute(*args, **kwargs)


def public(name: str) -> TableName:
    return TableName("public", name)


@pytest.fixture
def connection(server: Callable[[str], str]) -> Iterator[psycopg.Connection]:
    """A session whose work is rolled back at the end."""
    with psycopg.connect(server("postgres")) as connected:
        yield connected
        connected.rollback()


def test_a_table_is_read_whole(connection: psycopg.Connection) -> None:
    connection.execute(
        """CREATE TYPE tier AS ENUM ('gold', 'tin');
        CREATE TABLE parent (a int, b int, PRIMARY KEY (a, b));
        CREATE TABLE child (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            code varchar(12) NOT NULL DEFAULT 'x' UNIQUE,
            total numeric(10, 2) CHECK (total > 0),
            double numeric GENERATED ALWAYS AS (total * 2) STORED,
            tier tier, x int, y int,
            FOREIGN KEY (y, x) REFERENCES parent (a, b) DEFERRABLE);
        CREATE UNIQUE INDEX once ON child (lower(code), id) WHERE x > 1"""
    )
    columns = (
        Column("id", "bigint", Kind.INTEGER, nullable=False, identity=Identity.ALWAYS),
        Column("code", "character varying(12)", Kind.TEXT, False, length=12, has_default=True),
        Column("total", "numeric(10,2)", Kind.NUMERIC, precision=10, scale=2),
        Column("double", "numeric", Kind.NUMERIC, generated=True),
        Column("tier", "public.tier", Kind.ENUM, labels=("gold", "tin")),
        Column("x", "integer", Kind.INTEGER),
        Column("y", "integer", Kind.INTEGER),
    )
    assert read_schema(connection).tables[public("child")] == Table(
        public("child"),
        columns,
        (
            Unique("child_code_key", ("code",)),
            Unique("child_pkey", ("id",), primary=True),
            Unique("once", ("id", "code", "x"), exact=False),
        ),
        (ForeignKey("child_y_x_fkey", ("y", "x"), public("parent"), ("a", "b"), deferrable=True),),
        (Check("child_total_check", ("total",)),),
    )


def test_partitions_name_their_parent_and_other_heirs_theirs(
    connection: psycopg.Connection,
) -> None:
    connection.execute(
        """CREATE TABLE whole (a int) PARTITION BY LIST (a);
        CREATE TABLE part PARTITION OF whole DEFAULT PARTITION BY LIST (a);
        CREATE TABLE leaf PARTITION OF part DEFAULT;
        CREATE TABLE one (a int); CREATE TABLE two (b int);
        CREATE TABLE heir () INHERITS (two, one)"""
    )
    schema = read_schema(connection)
    assert schema.tables[public("whole")].relation is Relation.PARTITIONED
    assert schema.tables[public("leaf")].parent == public("part")
    assert schema.root(public("leaf")) == public("whole")
    heir = schema.tables[public("heir")]
    assert (heir.parent, heir.inherits) == (None, (public("two"), public("one")))


def test_a_key_to_a_partitioned_table_is_told_once(connection: psycopg.Connection) -> None:
    connection.execute(
        """CREATE TABLE whole (a int PRIMARY KEY) PARTITION BY LIST (a);
        CREATE TABLE part PARTITION OF whole FOR VALUES IN (1);
        CREATE TABLE rest PARTITION OF whole DEFAULT;
        CREATE TABLE refers (a int REFERENCES whole)"""
    )
    keys = read_schema(connection).tables[public("refers")].foreign_keys
    assert keys == (ForeignKey("refers_a_fkey", ("a",), public("whole"), ("a",)),)


def test_only_the_users_own_lasting_tables_are_read(connection: psycopg.Connection) -> None:
    connection.execute(
        """CREATE TEMP TABLE passing (a int); CREATE VIEW seen AS SELECT 1;
        CREATE MATERIALIZED VIEW kept AS SELECT 1; CREATE SEQUENCE numbers;
        CREATE TABLE of_an_extension (a int); CREATE TABLE mine (a int);
        -- what CREATE EXTENSION writes for each of its tables
        INSERT INTO pg_depend SELECT 'pg_class'::regclass, 'of_an_extension'::regclass, 0,
            'pg_extension'::regclass, oid, 0, 'e' FROM pg_extension WHERE extname = 'plpgsql'"""
    )
    assert set(read_schema(connection).tables) == {public("mine")}


def test_no_search_path_bends_what_is_read(connection: psycopg.Connection) -> None:
    connection.execute(
        """CREATE SCHEMA trap; CREATE TYPE trap.mood AS ENUM ('x');
        CREATE TABLE trap.pg_class (oid int, relname text); CREATE TABLE trap.t (a trap.mood);
        CREATE FUNCTION trap.format_type(oid, int) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$"""
    )
    plain = read_schema(connection)
    connection.execute("SET LOCAL search_path = trap, pg_catalog, public")
    assert read_schema(connection) == plain
    assert plain.tables[TableName("trap", "t")].columns[0].type == "trap.mood"
    row = connection.execute("SHOW search_path").fetchone()
    assert row == ("trap, pg_catalog, public",)


def test_reading_works_on_a_read_only_session_and_leaves_no_transaction_open(
    server: Callable[[str], str],
) -> None:
    with psycopg.connect(server("postgres"), autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = on")
        assert read_schema(connection) == Schema({})
        assert read_sizes(connection) == {}
        assert connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE


def test_a_thousand_tables_are_read_at_once(connection: psycopg.Connection) -> None:
    """One query a table and kind of thing would be 6,000."""
    connection.execute(
        """DO $$ BEGIN FOR n IN 1..1000 LOOP
            EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, a text CHECK (a <> %L))', n, 'x');
        END LOOP; END $$"""
    )
    Counting.executed = 0
    connection.cursor_factory = Counting
    assert len(read_schema(connection).tables) == 1000
    assert Counting.executed < 15


def test_sizes_are_near_the_truth_analysed_or_not(make_database: Callable[..., str]) -> None:
    script = """
        CREATE TABLE fresh (id int, a text, b text) WITH (autovacuum_enabled = off);
        INSERT INTO fresh SELECT n, 'abc', 'defgh' FROM generate_series(1, 20000) n;
        CREATE TABLE known AS TABLE fresh; CREATE TABLE none (a int);
        CREATE TABLE big AS SELECT n, string_agg(md5(n::text || m), '') AS text
            FROM generate_series(1, 50) n, generate_series(1, 500) m GROUP BY n;
        CREATE TABLE whole (a int) PARTITION BY LIST (a);
        CREATE TABLE part PARTITION OF whole DEFAULT; INSERT INTO whole VALUES (1)"""
    with psycopg.connect(make_database("sizes", sql=script), autocommit=True) as connection:
        connection.execute("ANALYZE known")
        connection.execute("INSERT INTO known TABLE fresh")
        sizes = read_sizes(connection)
    assert sizes[public("known")][0] == pytest.approx(40_000, rel=0.2)
    assert sizes[public("fresh")][0] == pytest.approx(20_000, rel=0.5)
    assert sizes[public("none")] == (0, 0)
    assert sizes[public("whole")] == (0, 0)
    assert sizes[public("big")][1] > 500_000  # out of line, in its TOAST table
