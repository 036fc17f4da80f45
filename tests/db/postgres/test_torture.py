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
)


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


def test_every_type_that_can_stand_in_a_table_comes_over(
    make_database: Callable[..., str], tmp_path: Path
) -> None:
    source, target = make_database("types"), make_database("staging")
    with psycopg.connect(source, autocommit=True) as connection:
        made = [fill for (oid,) in connection.execute(_TYPES) if (fill := _filled(connection, oid))]
    # Only what takes none of these looks, or what no user can write, is without a value.
    assert len(made) > 150
    assert sum(filled for _, filled in made) > 130
    done = rebuild(tmp_path, source, target)
    assert done.code == 0, done.err
    assert contents(target) == contents(source)
    assert dump(target, "--schema-only") == dump(source, "--schema-only")


_TYPES = """
    SELECT t.oid FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem
    WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype <> 'p' AND t.typrelid = 0
      AND COALESCE(e.typrelid, 0) = 0 AND COALESCE(e.typtype, 'b') <> 'p'
"""


def _filled(connection: psycopg.Connection, oid: int) -> tuple[int, bool] | None:
    """A table with a column of the type, one row of a value of it if one is found, one of NULL."""
    named = connection.execute("SELECT format_type(%s, NULL)", (oid,)).fetchone()
    assert named is not None
    kind, table = sql.SQL(named[0]), sql.Identifier(f"t{oid}")
    try:
        connection.execute(sql.SQL("CREATE TABLE {} (x {})").format(table, kind))
    except psycopg.errors.InvalidTableDefinition:  # a pseudo-type in disguise
        return None
    connection.execute(sql.SQL("INSERT INTO {} VALUES (NULL)").format(table))
    for look in LOOKS:
        for value in (look, "{" + look + "}"):
            try:
                connection.execute(sql.SQL("INSERT INTO {} VALUES ({})").format(table, value))
            except psycopg.Error:
                continue
            return oid, True
    return oid, False


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
