"""What `maskr verify` proves of a staging, and what it finds where somebody has been at it."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from maskr.shipped import shipped
from tests.command import Ended, maskr
from tests.databases import execute, rows

FILLING = "INSERT INTO note SELECT 'about person ' || n, 'fine' FROM generate_series(1, 50) n"
PRODUCTION = f"""
CREATE TABLE person (id integer PRIMARY KEY, name text NOT NULL, mail text);
CREATE TABLE visit (id integer PRIMARY KEY, person integer REFERENCES person, mail text);
CREATE TABLE note (about text, mood text);
INSERT INTO person SELECT n, 'person ' || n, n || '@shop.example' FROM generate_series(1, 60) n;
INSERT INTO visit SELECT n, 1 + n % 60, 1 + n % 60 || '@shop.example' FROM generate_series(1, 90) n;
{FILLING};
"""
POLICY = """
version: 1
defaults: {unlisted: keep}
references: [visit.mail -> person.mail]
tables:
  person: {columns: {name: first_name, mail: {mask: email, unique: true}}}
  note: {columns: {about: hash, mood: {mask: constant, value: fine}}}
"""


@pytest.fixture
def pair(make_database: Callable[..., str], tmp_path: Path) -> tuple[Path, str, str]:
    """A policy, a production, and the staging that a run has made of them."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    source, target = make_database("production", sql=PRODUCTION), make_database("staging")
    assert maskr("run", policy, "--source", source, "--target", target).code == 0
    return policy, source, target


def verified(policy: Path, source: str, target: str) -> Ended:
    return maskr("verify", policy, "--source", source, "--target", target, env={})


def codes(ended: Ended) -> set[str]:
    (said,) = ended.lines
    return {finding["code"] for finding in said["findings"]}


def test_a_staging_that_a_run_has_made_is_well(pair: tuple[Path, str, str]) -> None:
    ended = verified(*pair)
    assert (ended.code, codes(ended)) == (0, set())
    (said,) = ended.lines
    assert (said["tables"], said["keys"], said["columns"]) == (3, 2, 5)


def test_the_demos_staging_is_well(
    cloned: Callable[..., str], make_database: Callable[..., str]
) -> None:
    policy = shipped("rules/shop.yaml")
    source, target = cloned(shipped("fixtures/shop.sql"), "shop"), make_database("staging")
    assert maskr("run", policy, "--source", source, "--target", target).code == 0
    ended = verified(policy, source, target)
    assert (ended.code, codes(ended)) == (0, set()), ended.out


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("DELETE FROM visit WHERE id = 7", {"other-count"}),
        ("INSERT INTO note VALUES ('one more', 'fine')", {"other-count"}),
        ("UPDATE visit SET mail = 'nobody@example.test' WHERE id = 7", {"lost-join"}),
        ("ALTER TABLE visit DROP CONSTRAINT visit_person_fkey", {"other-schema"}),
        ("ALTER TABLE person ADD COLUMN more text", {"other-schema"}),
        ("DROP TABLE note", {"other-schema"}),
        (
            "SET session_replication_role = replica; DELETE FROM person WHERE id = 7",
            {"other-count", "lost-join"},
        ),
        ("UPDATE person SET name = 'person ' || id WHERE id < 10", {"original-found"}),
        ("UPDATE person SET name = 'person ' || id WHERE id = 7", {"original-found"}),
        (f"TRUNCATE note; {FILLING}", {"original-found"}),
    ],
)
def test_what_is_wrong_with_a_staging_is_found(
    pair: tuple[Path, str, str], damage: str, found: set[str]
) -> None:
    execute(pair[2], damage)
    ended = verified(*pair)
    assert (ended.code, codes(ended)) == (1, found)
    assert "person 7" not in ended.out + ended.err


def test_a_database_is_not_verified_against_itself(pair: tuple[Path, str, str]) -> None:
    policy, source, _ = pair
    assert verified(policy, source, source).code == 2


def test_the_two_roles_of_maskr_roles_suffice_for_a_run(
    make_database: Callable[..., str], maintenance: psycopg.Connection, tmp_path: Path
) -> None:
    """Least privilege: what the reader cannot do is write, what the writer cannot do is read."""
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    source, target = make_database("production", sql=PRODUCTION), make_database("staging")
    named = [conninfo_to_dict(dsn)["dbname"] for dsn in (source, target)]
    printed = maskr(
        "roles",
        *("--production", named[0], "--staging", named[1]),
        *("--reader", "a_reader", "--writer", "A writer"),
    )
    assert printed.code == 0
    execute(source, printed.out)
    try:
        _runs_with_its_roles(policy, source, target)
    finally:
        execute(target, 'REASSIGN OWNED BY "A writer" TO CURRENT_USER')
        execute(target, 'DROP OWNED BY a_reader, "A writer"; DROP ROLE "A writer"')
        execute(source, "DROP OWNED BY a_reader; DROP ROLE a_reader")


def _runs_with_its_roles(policy: Path, source: str, target: str) -> None:
    reader, writer = make_conninfo(source, user="a_reader"), make_conninfo(target, user="A writer")
    # Somebody else's session, to be ended; a superuser's could not be.
    session = psycopg.connect(make_conninfo(target, user="a_reader"))
    with closing(session):
        ended = maskr(
            "run", policy, "--source", reader, "--target", writer, "--no-owner", "--no-acl"
        )
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert ended.code == 0, ended.err
    assert ended.lines[-1]["warnings"] == []
    assert rows(target, "SELECT count(*) FROM visit") == [(90,)]
    assert verified(policy, reader, writer).code == 0
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        execute(reader, "DELETE FROM visit")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        execute(reader, "BEGIN; SET TRANSACTION READ WRITE; DELETE FROM visit")
    assert maskr("run", policy, "--source", target, "--target", source).code == 77
