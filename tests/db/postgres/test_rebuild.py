"""Staging built anew beside the old one: what it takes over, what it refuses, what it leaves."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from maskr.db.postgres import source as source_module
from maskr.db.postgres.rebuild import RebuildSink
from tests.command import Ended, maskr
from tests.databases import column, contents, dump, execute, rows

PRODUCTION = """
CREATE TABLE person (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE visit (id integer PRIMARY KEY, person integer REFERENCES person, day date);
INSERT INTO person SELECT n, 'person ' || n FROM generate_series(1, 50) n;
INSERT INTO visit SELECT n, 1 + n % 50, date '2024-01-01' + n FROM generate_series(1, 200) n;
"""
OLD = "CREATE TABLE yesterday (x text); INSERT INTO yesterday VALUES ('still here')"
POLICY = """
version: 1
defaults: {unlisted: keep}
tables: {person: {columns: {name: {mask: hash}}}}
"""
# Visits to persons who stay behind.
DANGLING = POLICY.replace("{person: {", "{person: {where: 'id > 10', ")


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path


@pytest.fixture
def role(maintenance: psycopg.Connection) -> Iterator[Callable[[str, str], str]]:
    """``role(name, options)`` makes a role, which goes when the databases have gone."""
    made: list[str] = []

    def make(name: str, options: str = "LOGIN") -> str:
        maintenance.execute(f"CREATE ROLE {name} {options}".encode())
        made.append(name)
        return name

    yield make
    for name in made:
        maintenance.execute(f"DROP ROLE {name}".encode())


@pytest.fixture
def source(role: object, make_database: Callable[..., str]) -> str:
    return make_database("production", sql=PRODUCTION)


@pytest.fixture
def target(
    role: object, make_database: Callable[..., str], maintenance: psycopg.Connection
) -> Iterator[str]:
    """A staging of yesterday's, whose former selves are dropped with it."""
    dsn = make_database("staging", sql=OLD)
    yield dsn
    for name in beside(maintenance, dsn):
        maintenance.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def name_of(dsn: str) -> str:
    return str(conninfo_to_dict(dsn)["dbname"])


def beside(maintenance: psycopg.Connection, target: str) -> list[str]:
    """The databases whose names begin with the target's."""
    found = maintenance.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s || '__') ORDER BY 1",
        (name_of(target),),
    )
    return [name for (name,) in found]


def run(policy: Path, source: str, target: str, *options: object) -> Ended:
    arguments = ("--source", source, "--target", target, "--log-format", "json", *options)
    return maskr("run", policy, *arguments)


def masked(target: str) -> bool:
    """Whether the target is a new staging, whole."""
    return column(target, "SELECT count(*) FROM visit JOIN person ON person.id = person") == [
        200
    ] and column(target, "SELECT count(*) FROM person WHERE name LIKE 'person%'") == [0]


def test_a_target_that_does_not_exist_is_made(
    policy: Path, source: str, server: Callable[[str], str], maintenance: psycopg.Connection
) -> None:
    target = server("staging_that_is_not_there")
    try:
        assert run(policy, source, target).code == 0
        assert masked(target)
        assert beside(maintenance, target) == []
    finally:
        maintenance.execute("DROP DATABASE IF EXISTS staging_that_is_not_there")


def test_the_new_staging_takes_the_old_ones_place(
    policy: Path, source: str, target: str, maintenance: psycopg.Connection
) -> None:
    assert run(policy, source, target).code == 0
    assert masked(target)
    assert dump(target, "--schema-only") == dump(source, "--schema-only")
    assert beside(maintenance, target) == []


def test_so_many_former_stagings_stay_as_are_asked_for(
    policy: Path, source: str, target: str, maintenance: psycopg.Connection
) -> None:
    for _ in range(4):
        assert run(policy, source, target, "--keep-previous", 2).code == 0
    former = beside(maintenance, target)
    assert len(former) == 2
    assert all(masked(make_conninfo(target, dbname=name)) for name in former)
    assert run(policy, source, target).code == 0
    assert beside(maintenance, target) == []


def test_a_name_of_63_bytes_has_room_for_what_stands_beside_it(
    policy: Path, source: str, make_database: Callable[..., str]
) -> None:
    target = make_database("ä" * 25 + "x")
    for _ in range(2):
        assert run(policy, source, target, "--keep-previous", 0).code == 0
    assert masked(target)


def test_a_constraint_that_does_not_hold_leaves_the_old_staging(
    policy: Path, source: str, target: str, maintenance: psycopg.Connection
) -> None:
    policy.write_text(DANGLING)
    before = contents(target)
    ended = run(policy, source, target)
    assert ended.code == 65, ended.err
    assert "visit_person_fkey" in ended.error["where"]
    assert contents(target) == before
    assert beside(maintenance, target) == []


def test_sessions_in_the_old_staging_are_ended(policy: Path, source: str, target: str) -> None:
    with psycopg.connect(target) as session:
        session.execute("SELECT * FROM yesterday")
        assert run(policy, source, target).code == 0
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert masked(target)


def test_what_is_the_databases_own_outlives_the_swap(
    policy: Path,
    source: str,
    target: str,
    role: Callable[..., str],
    maintenance: psycopg.Connection,
) -> None:
    """Owner, rights, settings, comment, connection limit: staging's own go before production's."""
    owner, guest, name = role("staging_owner"), role("staging_guest"), name_of(target)
    execute(source, f'ALTER DATABASE {name_of(source)} SET search_path TO public, "Odd, one"')
    execute(source, f"ALTER DATABASE {name_of(source)} SET maskr.production TO on")
    execute(source, f"ALTER DATABASE {name_of(source)} SET work_mem TO '9MB'")
    for statement in (
        f"ALTER DATABASE {name} OWNER TO {owner}",
        f"ALTER DATABASE {name} CONNECTION LIMIT 7",
        f"ALTER DATABASE {name} SET work_mem TO '7MB'",
        f"ALTER ROLE {guest} IN DATABASE {name} SET lock_timeout TO '3s'",
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {name} TO {guest} WITH GRANT OPTION",
        f"COMMENT ON DATABASE {name} IS 'it''s staging'",
    ):
        maintenance.execute(statement.encode())
    facts = f"""
        SELECT pg_get_userbyid(datdba), datconnlimit, datacl::text,
               shobj_description(oid, 'pg_database'),
               ARRAY(SELECT setrole::regrole::text || ':' || s
                     FROM pg_db_role_setting, unnest(setconfig) s WHERE setdatabase = d.oid
                     ORDER BY 1)
        FROM pg_database d WHERE datname = '{name}'
    """
    (before,) = rows(target, facts)
    assert run(policy, source, target).code == 0
    (after,) = rows(target, facts)
    assert after[:4] == before[:4]
    assert after[4] == [
        '-:search_path=public, "Odd, one"',
        "-:work_mem=7MB",
        f"{guest}:lock_timeout=3s",
    ]


@pytest.mark.parametrize(
    "mark",
    [
        "COMMENT ON DATABASE {} IS 'the shop; maskr: production, never write'",
        "ALTER DATABASE {} SET maskr.production TO on",
    ],
)
@pytest.mark.parametrize("load", ["rebuild", "refill"])
def test_a_database_that_is_marked_as_production_is_never_written_to(
    policy: Path,
    source: str,
    target: str,
    maintenance: psycopg.Connection,
    mark: str,
    load: str,
) -> None:
    maintenance.execute(mark.format(name_of(target)).encode())
    before = contents(target)
    ended = run(policy, source, target, "--load", load)
    assert ended.code == 77
    assert "marked as production" in ended.err
    assert contents(target) == before


@pytest.mark.parametrize("options", ["LOGIN", "LOGIN CREATEDB"])
def test_a_user_who_may_not_swap_is_sent_to_refill(
    policy: Path, source: str, target: str, role: Callable[..., str], options: str
) -> None:
    dsn = make_conninfo(target, user=role("weak", options))
    ended = run(policy, source, dsn)
    assert ended.code == 77
    assert "--load refill" in ended.err


def test_every_role_that_is_missing_is_named_before_anything_is_made(
    policy: Path, source: str, target: str, role: Callable[..., str]
) -> None:
    """Two servers would have different roles; here two are mapped to some that do not exist."""
    execute(source, f"ALTER TABLE person OWNER TO {role('prod_app')}")
    execute(source, f"GRANT SELECT ON visit TO {role('prod_reader')}")
    gone = ("--role-map", "prod_app=no_app", "--role-map", "prod_reader=no_reader")
    ended = run(policy, source, target, *gone)
    assert ended.code == 77
    assert "no_app, no_reader" in ended.err
    assert run(policy, source, target, *gone, "--no-owner", "--no-acl").code == 0


def test_owners_and_grants_are_productions_or_mapped_or_left_out(
    policy: Path, source: str, target: str, role: Callable[..., str]
) -> None:
    for each in ("prod_app", "prod_reader", "stg_app", "stg_reader"):
        role(each)
    execute(
        source,
        """
        ALTER TABLE person OWNER TO prod_app;
        ALTER TABLE person ENABLE ROW LEVEL SECURITY;
        CREATE POLICY few ON person FOR SELECT TO prod_reader, prod_app USING (id > 1);
        GRANT SELECT ON person TO prod_reader;
        ALTER DEFAULT PRIVILEGES FOR ROLE prod_app GRANT SELECT ON TABLES TO prod_reader;
        """,
    )

    assert run(policy, source, target).code == 0
    assert dump(target, "--schema-only") == dump(source, "--schema-only")
    mapped = ("--role-map", "prod_app=stg_app", "--role-map", "prod_reader=stg_reader")
    assert run(policy, source, target, *mapped).code == 0
    wanted = dump(source, "--schema-only").replace("prod_app", "stg_app")
    assert dump(target, "--schema-only") == wanted.replace("prod_reader", "stg_reader")
    assert run(policy, source, target, "--no-owner", "--no-acl").code == 0
    assert "OWNER TO prod_app" not in dump(target, "--schema-only")
    assert "GRANT" not in dump(target, "--schema-only")


@pytest.mark.parametrize("load", ["rebuild", "refill"])
def test_a_grant_that_the_server_only_warns_of_is_not_lost(
    policy: Path,
    source: str,
    target: str,
    role: Callable[..., str],
    maintenance: psycopg.Connection,
    load: str,
) -> None:
    """GRANT by somebody who has the right but may not give it: a warning, and no grant."""
    role("auditor")
    execute(source, "GRANT EXECUTE ON FUNCTION pg_catalog.pg_jit_available() TO auditor")
    writer = role("a_writer", "LOGIN CREATEDB")
    maintenance.execute(f"ALTER DATABASE {name_of(target)} OWNER TO {writer}".encode())
    execute(target, "DROP TABLE yesterday; GRANT CREATE ON SCHEMA public TO a_writer")
    before = dump(target)
    by_writer = make_conninfo(target, user=writer)
    ended = run(policy, source, by_writer, "--no-owner", "--load", load)
    assert (ended.code, "pg_jit_available" in ended.err) == (77, True), ended.err
    assert dump(target) == before
    assert run(policy, source, by_writer, "--no-owner", "--no-acl", "--load", load).code == 0
    assert masked(target)


def test_large_objects_need_a_decision(policy: Path, source: str, target: str) -> None:
    execute(source, "SELECT lo_from_bytea(4242, '\\x00ff')")
    ended = run(policy, source, target)
    assert ended.code == 77
    assert "--large-objects" in ended.err
    assert run(policy, source, target, "--large-objects", "empty").code == 0
    assert column(target, "SELECT lo_get(4242)") == [b""]
    for load in ("rebuild", "refill"):
        assert run(policy, source, target, "--large-objects", "keep", "--load", load).code == 0
        assert column(target, "SELECT lo_get(4242)") == [b"\x00\xff"]


def test_what_a_dead_run_has_left_is_cleared_away(
    policy: Path, source: str, target: str, maintenance: psycopg.Connection
) -> None:
    name = name_of(target)
    maintenance.execute(f"CREATE DATABASE {name}__next".encode())
    assert run(policy, source, target).code == 0  # it died before it could say what it was making
    maintenance.execute(f"CREATE DATABASE {name}__next".encode())
    maintenance.execute(f"COMMENT ON DATABASE {name}__next IS 'maskr: next of {name}'".encode())
    execute(make_conninfo(target, dbname=f"{name}__next"), OLD)
    assert run(policy, source, target).code == 0
    assert masked(target)
    assert beside(maintenance, target) == []


def test_a_database_of_somebody_elses_is_not_taken_for_a_leftover(
    policy: Path, source: str, target: str, maintenance: psycopg.Connection
) -> None:
    name = f"{name_of(target)}__next"
    maintenance.execute(f"CREATE DATABASE {name}".encode())
    maintenance.execute(f"COMMENT ON DATABASE {name} IS 'mine'".encode())
    assert run(policy, source, target).code == 77
    assert beside(maintenance, target) == [name]


def test_a_source_that_stands_where_the_next_is_built_is_refused(
    policy: Path, target: str, maintenance: psycopg.Connection
) -> None:
    name = f"{name_of(target)}__next"
    maintenance.execute(f"CREATE DATABASE {name}".encode())
    source = make_conninfo(target, dbname=name)
    execute(source, PRODUCTION)
    assert run(policy, source, target).code == 77
    assert column(source, "SELECT count(*) FROM person") == [50]


@pytest.mark.parametrize("load", ["rebuild", "refill"])
def test_a_second_run_on_the_same_target_is_told_to_wait(
    policy: Path, source: str, target: str, load: str
) -> None:
    with RebuildSink(target):
        ended = run(policy, source, target, "--load", load)
    assert ended.code == 75
    assert run(policy, source, target).code == 0


def test_a_part_of_the_tables_can_only_be_refilled(policy: Path, source: str, target: str) -> None:
    assert run(policy, source, target, "--tables", "public.visit", "--load", "rebuild").code == 2
    assert run(policy, source, target).code == 0
    execute(target, "DELETE FROM visit")
    assert run(policy, source, target, "--tables", "public.visit").code == 0
    assert masked(target)


def test_rows_that_row_security_hides_are_refused_not_lost(
    policy: Path, source: str, target: str, role: Callable[..., str]
) -> None:
    execute(
        source,
        f"""
        ALTER TABLE person ENABLE ROW LEVEL SECURITY;
        CREATE POLICY few ON person USING (id < 10);
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role("reader")};
        """,
    )
    ended = run(policy, make_conninfo(source, user="reader"), target)
    assert ended.code == 77
    assert "public.person" in ended.err
    assert "BYPASSRLS" in ended.err


def test_production_that_cannot_be_locked_in_time_is_left_alone(
    policy: Path, source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(source_module.READ_ONLY, "lock_timeout", "100ms")
    before = contents(target)
    with psycopg.connect(source) as migration:
        migration.execute("ALTER TABLE person ADD COLUMN more text")
        assert run(policy, source, target).code == 75
    assert contents(target) == before


def test_the_planner_knows_every_table_of_the_new_staging(
    policy: Path, source: str, target: str
) -> None:
    execute(
        source,
        'CREATE TABLE "Odd ""name" (x int); INSERT INTO "Odd ""name" VALUES (1), (2);'
        "CREATE TABLE part (x int) PARTITION BY RANGE (x);"
        "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (9);"
        "INSERT INTO part VALUES (1), (2);"
        "CREATE MATERIALIZED VIEW seen AS SELECT x FROM part;",
    )
    assert run(policy, source, target, "--jobs", 3).code == 0
    known = column(target, "SELECT DISTINCT tablename FROM pg_stats WHERE schemaname = 'public'")
    assert set(known) == {"person", "visit", 'Odd "name', "part", "part_1", "seen"}
