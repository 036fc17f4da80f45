"""``maskr discover``: proposes what can be checked, and never tells a value."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command import maskr
from tests.databases import rows

FIXTURES = sorted((Path(__file__).parents[2] / "fixtures").glob("*.sql"))
JOINED = """
    CREATE TABLE users (name text PRIMARY KEY, x1 text, x2 text, tags text[], status text);
    CREATE TABLE posts (author text REFERENCES users, status text, mails text[]);
    CREATE TABLE a (id int PRIMARY KEY, email text UNIQUE);
    CREATE TABLE b (id int PRIMARY KEY REFERENCES a, email varchar(6) UNIQUE, name text);
    ALTER TABLE a ADD FOREIGN KEY (id) REFERENCES b DEFERRABLE INITIALLY DEFERRED;
    INSERT INTO users SELECT 'Zorvika ' || n, 'zorvika' || n || '@qormail.example',
        'nothing ' || n, '{blue}', 'on' FROM generate_series(1, 9) AS n;
    CREATE TABLE logs (at int, x3 text) PARTITION BY LIST (at);
    CREATE TABLE logs_rest PARTITION OF logs DEFAULT;
    INSERT INTO logs SELECT n, x1 FROM users, generate_series(1, 2) AS n;
"""


def proposed(dsn: str, *options: object) -> str:
    done = maskr("discover", "--source", dsn, *options)
    assert done.code == 0, done.err
    return done.out


def checked(text: str, dsn: str, folder: Path) -> str:
    """What the check of a proposal comes to, which has no error."""
    policy = folder / "policy.yaml"
    policy.write_text(text, encoding="utf-8")
    done = maskr("check", policy, "--source", dsn)
    assert done.code == 0, done.out
    return done.out.splitlines()[-1]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_a_proposal_decides_every_column_and_passes_its_check(
    path: Path, cloned: Callable[[Path], str], tmp_path: Path
) -> None:
    dsn = cloned(path)
    text = proposed(dsn)
    assert checked(text, dsn, tmp_path).endswith(" 0 undecided")
    assert text == proposed(dsn)


def test_no_value_of_a_row_is_in_a_proposal(cloned: Callable[[Path], str]) -> None:
    dsn = cloned(next(path for path in FIXTURES if path.stem == "shop"))
    text = proposed(dsn)
    for row in rows(dsn, "SELECT first_name, last_name, email, phone FROM customers LIMIT 200"):
        assert not any(value and f"{value}" in text for value in row)


def test_what_no_name_tells_is_told_by_the_values(
    make_database: Callable[..., str], tmp_path: Path
) -> None:
    dsn = make_database("discover", sql=JOINED)
    text = proposed(dsn)
    assert '"*.x1": {mask: email, domain: example.test}  # email: ' in text
    assert "(by its values)" in text
    assert '"*.x2": keep\n' in text
    assert '"*.x3": {mask: email, ' in text
    assert '"*.x1": keep\n' in proposed(dsn, "--rows", 0)
    assert "zorvika" not in text.lower()
    checked(text, dsn, tmp_path)


def test_columns_that_are_joined_get_one_rule(
    make_database: Callable[..., str], tmp_path: Path
) -> None:
    dsn = make_database("discover", sql=JOINED)
    checked(proposed(dsn), dsn, tmp_path)
    said = maskr("explain", tmp_path / "policy.yaml", "posts.author", "--source", dsn).out
    assert "keep" not in said


def test_what_no_mask_fits_is_kept_and_said_to_be_open(
    make_database: Callable[..., str], tmp_path: Path
) -> None:
    sql = (
        "CREATE TABLE people (email date NOT NULL, phone smallint PRIMARY KEY, ssn char(2) UNIQUE)"
    )
    dsn = make_database("discover", sql=sql)
    text = proposed(dsn)
    assert checked(text, dsn, tmp_path) == "3 columns: 2 masked, 1 kept, 0 undecided"
    assert '"*.ssn": fpe  # national-id: ' in text
    assert "its usual mask does not fit" in text


def test_a_proposal_carries_a_whole_run(
    cloned: Callable[[Path], str], make_database: Callable[..., str], tmp_path: Path
) -> None:
    dsn = cloned(next(path for path in FIXTURES if path.stem == "shop"))
    policy = tmp_path / "policy.yaml"
    policy.write_text(proposed(dsn))
    ends = ("--source", dsn, "--target", make_database("staging"), "--log-format", "text")
    assert maskr("run", policy, *ends).code == 0
    verified = maskr("verify", policy, *ends)
    assert verified.code == 0, verified.out
