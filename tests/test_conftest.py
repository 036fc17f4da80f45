import os
from collections.abc import Callable
from pathlib import Path

import psycopg


def rows(dsn: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query.encode()).fetchall()


def test_a_clone_holds_what_the_sql_file_makes_and_is_its_own(
    cloned: Callable[..., str], tmp_path: Path
) -> None:
    path = tmp_path / "t.sql"
    path.write_text("CREATE TABLE t (x text); INSERT INTO t VALUES ('é;');")
    first, second = cloned(path), cloned(path, "staging")
    with psycopg.connect(first) as connection:
        connection.execute("DELETE FROM t")
    assert rows(first, "SELECT x FROM t") == []
    assert rows(second, "SELECT x FROM t") == [("é;",)]


def test_one_text_makes_one_template(templates: Callable[[str], str]) -> None:
    text = "CREATE TABLE one ()"
    assert templates(text) == templates(text)
    assert templates(text) != templates("CREATE TABLE two ()")


def test_a_database_is_named_after_its_hint(make_database: Callable[..., str]) -> None:
    (name,) = rows(make_database("shop_staging"), "SELECT current_database()")[0]
    assert str(name).startswith("shop_staging_")


def test_databases_are_dropped_with_their_test(maintenance: psycopg.Connection) -> None:
    left = maintenance.execute("SELECT 1 FROM pg_database WHERE datname ~ '^shop_staging_'")
    assert left.fetchall() == []


def test_the_developers_environment_does_not_reach_the_tests() -> None:
    assert [name for name in os.environ if name.startswith(("PGHOST", "PGUSER", "MASKR_"))] == []
