import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskr.db.postgres.catalog import read_schema
from maskr.db.postgres.programs import find_program
from maskr.model import Identity, Kind, TableName
from maskr.sql import read_ddl

# Each script must mean to read_ddl what it means to PostgreSQL itself.
SAME = sorted((Path(__file__).parent / "same").glob("*.sql"))
# The fixtures hold DO blocks too, which only a dump of theirs says in words. A dump in its turn
# does not say that a parent got a column after its heirs: restored, it stands before theirs.
FIXTURES = sorted((Path(__file__).parents[2] / "fixtures").glob("*.sql"))
DUMPED = [*FIXTURES, *(path for path in SAME if path.stem != "late_column")]


@pytest.fixture(scope="module")
def connection(server: Callable[[str], str]) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server("postgres")) as connected:
        yield connected


@pytest.mark.parametrize("path", SAME, ids=lambda path: path.stem)
def test_ddl_means_what_it_means_to_postgresql(path: Path, connection: psycopg.Connection) -> None:
    script = path.read_text(encoding="utf-8")
    try:
        connection.execute(script.encode())
        live = read_schema(connection)
    finally:
        connection.rollback()
    schema, findings = read_ddl(script)
    assert findings == ()
    assert set(schema.tables) == set(live.tables)
    for name, table in live.tables.items():
        assert schema.tables[name] == table


@pytest.mark.parametrize("path", DUMPED, ids=lambda path: path.stem)
def test_a_dump_says_the_same_as_the_database(path: Path, cloned: Callable[..., str]) -> None:
    dsn = cloned(path)
    with psycopg.connect(dsn) as connected:
        live = read_schema(connected)
        version = connected.info.server_version // 10_000
    dump = [str(find_program("pg_dump", version)), "--schema-only", f"--dbname={dsn}"]
    text = subprocess.run(dump, check=True, capture_output=True, text=True).stdout
    schema, findings = read_ddl(text)
    assert findings == ()
    assert set(schema.tables) == set(live.tables)
    for name, table in live.tables.items():
        assert schema.tables[name] == table


# What is not understood, and where the finding points.
UNREAD = {
    "CREATE TABLE t AS SELECT 1": "1:16",
    "CREATE TABLE t OF mood": "1:16",
    "a b;\nCREATE TABLE t (a int,\n  b int WHATEVER)": "1:1",
    "SELECT 1;\n\n  SELECT a INTO t FROM u": "3:10",
    "CREATE SCHEMA s CREATE TABLE t (a int)": "1:8",
    "CREATE WONDER w": "1:8",
    "ALTER WONDER w": "1:7",
    "CREATE TABLE t (a int": "1:22",
    "CREATE TABLE t (a int) WHATEVER": "1:24",
    "CREATE TABLE t (a int CHECK a > 0)": "1:29",
    "CREATE TABLE t (a)": "1:18",
    "CREATE TABLE t (a int); ALTER TABLE t FROBNICATE": "1:39",
    "CREATE TABLE t (a int); ALTER TABLE t ALTER a SET NONSENSE": "1:47",
    "IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y": "1:1",
    "DO $$ BEGIN EXECUTE 'CREATE TABLE t (a int)'; END $$": "1:4",
    "CREATE TABLE t (a 'unfinished)": "1:19",
    "ALTER TABLE nowhere ADD COLUMN a int": "1:1",
    "ALTER TABLE ONLY nowhere ATTACH PARTITION x DEFAULT": "1:1",
    "CREATE UNIQUE INDEX i ON nowhere (a)": "1:1",
    "CREATE TABLE t (a int REFERENCES nowhere)": "1:1",
    "CREATE TABLE t (a int); CREATE TABLE t (b int)": "1:25",
    "CREATE TABLE t (a int, UNIQUE (b))": "1:1",
    "CREATE TABLE t PARTITION OF nowhere DEFAULT": "1:1",
    "CREATE TABLE t (a int); ALTER TABLE t DROP b": "1:25",
    "CREATE TABLE t (a int); ALTER TABLE t RENAME b TO c": "1:25",
    "DROP TABLE nowhere": "1:1",
    "ALTER TABLE nowhere RENAME TO somewhere": "1:1",
    "CREATE TABLE t (); CREATE TABLE u (); ALTER TABLE t RENAME TO u": "1:39",
    "CREATE TABLE t (); ALTER TABLE t INHERIT t": "1:20",
    "CREATE TABLE t (); CREATE TABLE u () INHERITS (t); ALTER TABLE t INHERIT u": "1:52",
    "CREATE TABLE t (); CREATE TABLE u (); ALTER TABLE t NO INHERIT u": "1:39",
    "CREATE TABLE t (); ALTER TABLE t ADD COLUMN": "1:44",
    "CREATE TABLE t (a int); ALTER TABLE t ADD a int": "1:25",
    "CREATE TYPE e AS ENUM ('a'); ALTER TYPE e RENAME VALUE 'b' TO 'c'": "1:30",
    "CREATE TYPE e AS ENUM ('a'); ALTER TYPE e ADD VALUE 'b' BEFORE 'c'": "1:30",
    "ALTER TYPE nowhere ADD VALUE 'a'": "1:1",
    "ALTER DOMAIN nowhere SET NOT NULL": "1:1",
}


@pytest.mark.parametrize(("script", "place"), UNREAD.items())
def test_what_is_not_understood_is_a_finding_at_its_place(script: str, place: str) -> None:
    _, findings = read_ddl(script, "some.sql")
    assert findings[0].code == "unparsed-ddl"
    assert str(findings[0].place) == f"some.sql:{place}"
    assert findings[0].hint


def test_one_bad_statement_does_not_hide_the_others() -> None:
    schema, findings = read_ddl("CREATE TABLE a (x int); CREATE TABLE b (!); CREATE TABLE c ();")
    assert [str(name) for name in schema.tables] == ["public.a", "public.c"]
    assert len(findings) == 1


def test_strings_are_not_repeated_in_a_finding() -> None:
    _, findings = read_ddl("CREATE TABLE t (a int 'secret'); ALTER TABLE t SET 'secret'")
    assert findings
    assert "secret" not in "".join(map(str, findings))


def test_extension_types_are_known_by_name_without_their_extension() -> None:
    schema, findings = read_ddl(
        "CREATE TABLE t (a public.citext, b citext, c x.hstore, d vector(3), e geometry(Point,9))"
    )
    columns = schema.tables[TableName("public", "t")].columns
    assert findings == ()
    assert [column.kind for column in columns] == [
        *(Kind.TEXT, Kind.TEXT, Kind.HSTORE, Kind.OTHER, Kind.OTHER)
    ]
    assert [column.type for column in columns[1:4]] == [
        *("public.citext", "x.hstore", "public.vector(3)")
    ]


def test_what_only_postgresql_18_writes_is_read() -> None:
    schema, findings = read_ddl(
        """CREATE TABLE t (a int CONSTRAINT n NOT NULL NO INHERIT, b int, p daterange,
             v int GENERATED ALWAYS AS (b), w int GENERATED ALWAYS AS (b) VIRTUAL,
             CONSTRAINT m NOT NULL b, CHECK (b > 0) NOT ENFORCED,
             PRIMARY KEY (a, p WITHOUT OVERLAPS));
           CREATE TABLE u (a int, p daterange,
             FOREIGN KEY (a, PERIOD p) REFERENCES t (a, PERIOD p));
           ALTER TABLE u ADD CONSTRAINT x NOT NULL a"""
    )
    assert findings == ()
    table, other = schema.tables.values()
    assert [column.nullable for column in table.columns] == [False, False, False, True, True]
    assert [column.generated for column in table.columns] == [False, False, False, True, True]
    assert (table.uniques[0].columns, table.uniques[0].exact) == (("a", "p"), False)
    assert other.foreign_keys[0].referenced == ("a", "p")
    assert [column.nullable for column in other.columns] == [False, True]


def test_identity_is_told_from_identity_by_default() -> None:
    schema, _ = read_ddl(
        "CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY,"
        " b int GENERATED BY DEFAULT AS IDENTITY)"
    )
    table = schema.tables[TableName("public", "t")]
    assert [column.identity for column in table.columns] == [Identity.ALWAYS, Identity.BY_DEFAULT]


PIECES = [
    *("CREATE", "TABLE", "ALTER", "t", "u", "(", ")", ",", ";", "int", "numeric(3,", "2)", "'x'"),
    *(
        "PRIMARY",
        "KEY",
        "UNIQUE",
        "INDEX",
        "ON",
        "CHECK",
        "REFERENCES",
        "FOREIGN",
        "DEFAULT",
        "NOT",
    ),
    *("NULL", "CONSTRAINT", "PARTITION", "OF", "BY", "LIST", "ATTACH", "INHERITS", "TYPE", "AS"),
    *("ENUM", "DOMAIN", "GENERATED", "ALWAYS", "IDENTITY", "ADD", "COLUMN", "DROP", "SET", "$$"),
    *("RENAME", "TO", "SCHEMA", "search_path", "=", "LIKE", "INCLUDING", "ALL", "EXCLUDE", "USING"),
    *("\\", "VALUE", "RANGE", "COPY", "FROM", "stdin", "\n", "--", "/*", '"', "SELECT", "INTO"),
]
STARTS = ["CREATE TABLE t (", "ALTER TABLE t", "CREATE TYPE e AS", "CREATE UNIQUE INDEX ON t", ""]


@given(st.sampled_from(STARTS), st.lists(st.sampled_from(PIECES), max_size=20).map(" ".join))
def test_no_ddl_ends_in_a_traceback(start: str, rest: str) -> None:
    base = "CREATE TABLE t (a int PRIMARY KEY, b text); CREATE TYPE u AS ENUM ('x');"
    schema, _ = read_ddl(f"{base} {start} {rest}")
    assert all(name == table.name for name, table in schema.tables.items())
