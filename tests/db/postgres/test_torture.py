"""Every kind of relation, type, key and name goes through a rebuild and comes out the same."""

import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.command import ROOT, Ended, maskr
from tests.databases import column, contents, dump, execute, rows

HARD = ROOT / "fixtures" / "hard.sql"
KEEP = "version: 1\ndefaults: {unlisted: keep}\n"
# A large object comes without its comment: only its owner may write one.
COMMENT = re.compile(r"--\n-- Name: LARGE OBJECT .*\n--\n\nCOMMENT ON LARGE OBJECT .*;\n\n\n")

VALIDATED = """
    SELECT conrelid::regclass::text, conname, convalidated FROM pg_constraint
    WHERE conrelid <> 0 ORDER BY 1, 2
"""
# What a value of each type may look like; the first that the type reads is taken.
LOOKS = (
    *("1", "a", "t", "2024-02-29", "12:00", "{}", "(1,2)", "(0,0),(1,1)", "{1,2,3}", "<(1,2),3>"),
    *("192.0.2.1", "08:00:2b:01:02:03", "16/B3", "10:20:10,14", "empty", "\\x00", "$.a", "<a/>"),
    *("08:00:2b:01:02:03:04:05", "00000000-0000-0000-0000-000000000000", "[1,2)", "pg_class"),
    *("pg_catalog.now()", "pg_catalog.+(integer,integer)", "english", "simple", "pg_catalog"),
    *("=r/pg_monitor", "YES"),
)
# The server makes values of these itself and reads none; without libxml it reads no xml either.
WITHOUT_VALUE = {
    "pg_node_tree",
    "pg_ndistinct",
    "pg_dependencies",
    "pg_mcv_list",
    "gtsvector",
    "pg_brin_bloom_summary",
    "pg_brin_minmax_multi_summary",
    "xml",
}
COLUMNS = 100  # a table: few enough that a row fits its page, whatever is in it


def rebuild(tmp_path: Path, source: str, target: str, *options: str) -> Ended:
    policy = tmp_path / "keep.yaml"
    policy.write_text(KEEP)
    return maskr("run", policy, "--source", source, "--target", target, *options)


@pytest.fixture
def hard(
    cloned: Callable[..., str], make_database: Callable[..., str], tmp_path: Path
) -> tuple[str, str]:
    """The torture schema and the staging that a rebuild made of it."""
    source, target = cloned(HARD, "hard"), make_database("staging")
    done = rebuild(tmp_path, source, target, "--large-objects", "keep")
    assert (done.code, done.err) == (0, "")
    return source, target


def test_the_whole_torture_schema_comes_over(hard: tuple[str, str]) -> None:
    """Schema, rows, sequences, large objects: one dump is as the other, to the byte."""
    source, target = hard
    assert dump(target) == COMMENT.sub("", dump(source))
    assert contents(target) == contents(source)
    assert rows(target, VALIDATED) == rows(source, VALIDATED)
    assert rows(target, "SELECT * FROM logic.counted") == rows(
        source, "SELECT * FROM logic.counted"
    )


def test_sequences_go_on_where_production_stands(hard: tuple[str, str]) -> None:
    names = column(
        hard[0],
        "SELECT c.oid::regclass::text FROM pg_class c WHERE relkind = 'S' ORDER BY 1",
    )
    for name in names:
        following = [column(dsn, f"SELECT nextval('{name}')") for dsn in hard]
        assert following[0] == following[1], name


def test_a_second_rebuild_is_as_the_first(hard: tuple[str, str], tmp_path: Path) -> None:
    source, target = hard
    before = dump(target)
    assert rebuild(tmp_path, source, target, "--large-objects", "keep").code == 0
    assert dump(target) == before


def test_what_is_left_out_on_purpose_is_told(
    cloned: Callable[..., str], make_database: Callable[..., str], tmp_path: Path
) -> None:
    source, target = cloned(HARD, "hard"), make_database("staging")
    execute(
        source,
        """
        CREATE SUBSCRIPTION upstream CONNECTION 'host=upstream.example' PUBLICATION p
            WITH (connect = false, slot_name = NONE);
        CREATE USER MAPPING FOR CURRENT_USER SERVER elsewhere OPTIONS (password 's3cr3t');
        """,
    )
    try:
        done = rebuild(tmp_path, source, target, "--large-objects", "empty", "--log-format", "json")
    finally:
        execute(source, "DROP SUBSCRIPTION upstream")
    assert done.code == 0
    told = "\n".join(done.lines[-1]["left_out"])
    for what in ("subscription upstream", "mappings of server elsewhere", "odd.remote", "contents"):
        assert what in told
    assert "s3cr3t" not in dump(target)
    assert column(target, "SELECT count(*) FROM pg_subscription WHERE subname = 'upstream'") == [0]
    assert column(target, "SELECT lo_get(424242)") == [b""]


def test_a_row_of_200_megabytes_comes_over(
    make_database: Callable[..., str], tmp_path: Path
) -> None:
    """Beside a column that is masked: so the row is taken apart, and put together again."""
    source, target = make_database("large"), make_database("staging")
    execute(
        source,
        """
        CREATE TABLE large (word text, body text);
        ALTER TABLE large ALTER body SET STORAGE EXTERNAL;
        INSERT INTO large VALUES ('clear', 'before'), ('clear', repeat('0123456\\9', 22222222));
        """,
    )
    policy = tmp_path / "policy.yaml"
    policy.write_text(KEEP + "columns: {large.word: hash}\n")
    done = maskr("run", policy, "--source", source, "--target", target)
    assert done.code == 0, done.err
    query = "SELECT length(body), md5(body) FROM large ORDER BY 1"
    assert rows(target, query) == rows(source, query)
    assert rows(target, query)[1][0] == 199_999_998
    assert column(target, "SELECT count(*) FROM large WHERE word = 'clear'") == [0]


@pytest.mark.parametrize("load", ["rebuild", "refill"])
def test_temporary_tables_of_other_sessions_are_left_out(
    make_database: Callable[..., str], tmp_path: Path, load: str
) -> None:
    source = make_database("temporary", sql="CREATE TABLE kept (x integer)")
    target = make_database("staging")
    with psycopg.connect(source, autocommit=True) as session:
        session.execute("CREATE TEMP TABLE passing (id serial, x text)")
        session.execute("INSERT INTO passing (x) VALUES ('a')")
        done = rebuild(tmp_path, source, target, "--load", load)
    assert (done.code, done.err) == (0, "")
    assert list(contents(target)) == ["public.kept"]
    assert column(target, "SELECT count(*) FROM pg_class WHERE relpersistence = 't'") == [0]


@pytest.fixture(scope="module")
def every_type(lasting_database: Callable[..., str]) -> str:
    """Tables with a column of each type of the server's own: a row of values, one of NULLs."""
    dsn = lasting_database("types")
    with psycopg.connect(dsn, autocommit=True) as connection:
        found = [
            (name, value)
            for name, fields in connection.execute(_TYPES).fetchall()
            if _can_stand_in_a_table(connection, name)
            for value in [_value(connection, name, fields)]
        ]
        assert len(found) > 500
        without = {name for name, value in found if value is None}
        assert {name.removesuffix("[]") for name in without} <= WITHOUT_VALUE
        for start in range(0, len(found), COLUMNS):
            _make_table(connection, f"t{start}", found[start : start + COLUMNS])
    return dsn


@pytest.mark.parametrize("load", ["rebuild", "refill"])
@pytest.mark.parametrize("rule", ["keep", "{mask: hash}"])
def test_every_type_that_can_stand_in_a_table_comes_over(
    every_type: str, make_database: Callable[..., str], tmp_path: Path, rule: str, load: str
) -> None:
    """Both as bytes that nobody looks into, and beside a column that is masked."""
    policy, target = tmp_path / "policy.yaml", make_database("staging")
    policy.write_text(f"{KEEP}columns: {{'*.word': {rule}}}\n")
    done = maskr("run", policy, "--source", every_type, "--target", target, "--load", load)
    assert done.code == 0, done.err
    before, after = (
        {name: [row.partition(b"\t") for row in rows] for name, rows in contents(dsn).items()}
        for dsn in (every_type, target)
    )
    assert {name: [kept for *_, kept in rows] for name, rows in after.items()} == {
        name: [kept for *_, kept in rows] for name, rows in before.items()
    }
    masked = [now[0] for rows in after.values() for now in rows]
    assert (b"clear" in masked) == (rule == "keep")
    assert dump(target, "--schema-only") == dump(every_type, "--schema-only")


# Arrays, ranges, multiranges, domains, the row types of catalogues.
_TYPES = """
    SELECT format_type(t.oid, NULL),
           (SELECT count(*) FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0)
    FROM pg_type t
    WHERE t.typnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
      AND t.typtype <> 'p'
    ORDER BY t.oid
"""


def _can_stand_in_a_table(connection: psycopg.Connection, name: str) -> bool:
    try:
        connection.execute(sql.SQL("CREATE TEMP TABLE probe (x {})").format(sql.SQL(name)))
    except psycopg.errors.InvalidTableDefinition:  # a pseudo-type in disguise
        return False
    connection.execute("DROP TABLE probe")
    return True


def _value(connection: psycopg.Connection, name: str, fields: int) -> str | None:
    """A text that the type reads; of a row type the row of NULLs."""
    rows = ["(" + "," * (fields - 1) + ")"] if fields else []
    for look in (*rows, *LOOKS):
        for value in (look, "{" + look + "}"):
            try:
                connection.execute(sql.SQL("SELECT {}::{}").format(value, sql.SQL(name)))
            except psycopg.Error:
                continue
            return value
    return None


def _make_table(
    connection: psycopg.Connection, table: str, columns: list[tuple[str, str | None]]
) -> None:
    declared = [
        sql.SQL("{} {}").format(sql.Identifier(f"c{place}"), sql.SQL(name))
        for place, (name, _) in enumerate(columns)
    ]
    words = [sql.SQL("word text"), *declared]
    create = sql.SQL("CREATE TABLE {} ({})")
    connection.execute(create.format(sql.Identifier(table), sql.SQL(", ").join(words)))
    insert = sql.SQL("INSERT INTO {} VALUES ({})")
    values = sql.SQL(", ").join(sql.Literal(value) for value in ("clear", *(v for _, v in columns)))
    connection.execute(insert.format(sql.Identifier(table), values))
    connection.execute(insert.format(sql.Identifier(table), sql.Literal("clear")))


def test_a_refill_of_the_torture_schema_brings_all_of_it_too(
    hard: tuple[str, str], tmp_path: Path
) -> None:
    """Keys in a circle, keys not valid, triggers, rules, forced row security, generated columns."""
    source, target = hard
    before = dump(target)
    options = ("--load", "refill", "--large-objects", "keep")
    done = rebuild(tmp_path, source, target, *options)
    assert done.code == 0, done.err
    assert dump(target) == before
