"""A production that is read from its hot standby, or from a clone that is frozen."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from maskr.db.postgres.programs import Binaries
from tests import clusters
from tests.clusters import Cluster
from tests.command import Ended, maskr
from tests.databases import column, contents, dump, execute, untouched
from tests.striking import struck

LOADS = ["rebuild", "refill"]
PRODUCTION = """
CREATE TABLE person (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
CREATE TABLE visit (id serial PRIMARY KEY, person integer REFERENCES person, day date);
CREATE INDEX ON visit (day);
INSERT INTO person (name) SELECT 'person ' || n FROM generate_series(1, 500) n;
INSERT INTO visit (person, day)
SELECT 1 + n % 500, date '2024-01-01' + n FROM generate_series(1, 2000) n;
"""
POLICY = """
version: 1
defaults: {unlisted: keep}
tables: {person: {columns: {name: {mask: hash}}}}
"""


@pytest.fixture(scope="module")
def leader(binaries: Binaries) -> Iterator[Cluster]:
    with clusters.primary(binaries) as cluster:
        cluster.execute("CREATE DATABASE shop")
        cluster.execute(PRODUCTION, dbname="shop")
        yield cluster


@pytest.fixture(scope="module")
def follower(leader: Cluster) -> Iterator[Cluster]:
    """Gives replay the way at once: whatever it needs that a session holds, the session loses."""
    with clusters.standby(leader, {"max_standby_streaming_delay": "0"}) as cluster:
        clusters.caught_up(cluster, leader)
        yield cluster


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path


@pytest.fixture
def target(make_database: Callable[..., str]) -> str:
    """The staging of yesterday, of another schema: a rebuild replaces it."""
    return make_database("staging", sql="CREATE TABLE old (x text); INSERT INTO old VALUES ('y')")


def run(policy: Path, source: str, target: str, *options: object) -> Ended:
    return maskr("run", policy, "--source", source, "--target", target, *options)


def whole(target: str) -> bool:
    """Whether every visit finds its person, and no name came through."""
    joined = column(target, "SELECT count(*) FROM visit JOIN person p ON p.id = person")
    return joined == [2000] and column(
        target, "SELECT count(*) FROM person WHERE name ~ '^person'"
    ) == [0]


@pytest.mark.parametrize("jobs", [1, 3])
def test_staging_is_built_and_filled_from_a_hot_standby(
    leader: Cluster, follower: Cluster, policy: Path, target: str, jobs: int
) -> None:
    source = follower.dsn("shop")
    assert column(source, "SELECT pg_is_in_recovery()") == [True]
    for load in LOADS:
        ended = run(policy, source, target, "--load", load, "--jobs", jobs)
        assert (ended.code, ended.err) == (0, "")
        assert whole(target)
        assert dump(target, "--schema-only") == dump(leader.dsn("shop"), "--schema-only")
    # A standby knows of a sequence what was written ahead: up to 32 numbers more, never fewer.
    query = "SELECT last_value FROM visit_id_seq"
    assert column(target, query) == column(source, query)
    assert column(target, "SELECT nextval('visit_id_seq') > max(id) FROM visit") == [True]


def vacuum(leader: Cluster, follower: Cluster) -> None:
    """Has the primary remove rows that an older snapshot on the standby still sees."""
    query = "SELECT sum(confl_snapshot) FROM pg_stat_database_conflicts"
    before = column(follower.dsn(), query)[0]
    leader.execute(
        "DELETE FROM visit WHERE id % 2 = 0",
        "VACUUM visit",
        "INSERT INTO visit SELECT n, 1, '2024-01-01' FROM generate_series(2, 2000, 2) n",
        dbname="shop",
    )
    clusters.until(
        follower, f"SELECT sum(confl_snapshot) > {before} FROM pg_stat_database_conflicts"
    )


def migrate(leader: Cluster, follower: Cluster) -> None:
    """Has the primary change a table that a session on the standby has locked."""
    leader.execute("ALTER TABLE visit ADD more text", "ALTER TABLE visit DROP more", dbname="shop")
    clusters.caught_up(follower, leader)


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("conflict", [vacuum, migrate])
def test_a_snapshot_that_replay_cancels_means_try_again(
    leader: Cluster,
    follower: Cluster,
    target: str,
    policy: Path,
    conflict: Callable[[Cluster, Cluster], None],
    load: str,
) -> None:
    """By whatever statement the run learns of it: reading, pg_dump, the sequences at the end."""
    assert run(policy, follower.dsn("shop"), target).code == 0
    said = ""
    for moment in (1, 3, 5, 8):
        with untouched(target):
            ended = struck(
                lambda: conflict(leader, follower),
                moment,
                *(policy, "--source", follower.dsn("shop"), "--target", target, "--load", load),
            )
        assert ended.code == 75, ended.err
        said += ended.err
    assert "hot_standby_feedback" in said
    clusters.caught_up(follower, leader)
    assert run(policy, follower.dsn("shop"), target, "--load", load).code == 0


def test_production_is_not_filled_from_its_own_standby(
    leader: Cluster, follower: Cluster, policy: Path
) -> None:
    """They are one database, on two servers."""
    before = contents(leader.dsn("shop"))
    for load in LOADS:
        ended = run(policy, follower.dsn("shop"), leader.dsn("shop"), "--load", load)
        assert (ended.code, "the same database" in ended.err) == (77, True)
    assert contents(leader.dsn("shop")) == before


def test_a_standby_is_never_written_to(leader: Cluster, follower: Cluster, policy: Path) -> None:
    for load in LOADS:
        ended = run(policy, leader.dsn("shop"), follower.dsn("postgres"), "--load", load)
        assert (ended.code, "standby" in ended.err) == (77, True)


def test_unlogged_tables_of_a_standby_are_refused_before_the_first_row(
    leader: Cluster, follower: Cluster, policy: Path, target: str
) -> None:
    """A standby has none of their rows; where none are wanted they do not stand in the way."""
    leader.execute(
        "CREATE UNLOGGED TABLE seen (id integer GENERATED ALWAYS AS IDENTITY, at date)",
        "INSERT INTO seen (at) SELECT '2024-01-01' FROM generate_series(1, 9)",
        dbname="shop",
    )
    try:
        clusters.caught_up(follower, leader)
        for load in LOADS:
            with untouched(target):
                ended = run(policy, follower.dsn("shop"), target, "--load", load)
            assert (ended.code, "public.seen" in ended.err) == (69, True)
        policy.write_text(POLICY.replace("tables: {", "tables: {seen: {rows: none}, "))
        ended = run(policy, follower.dsn("shop"), target)
        assert (ended.code, ended.err) == (0, "")
        assert whole(target)
        assert "rows of public.seen (rows: none)" in ended.lines[-1]["left_out"]
        if _has_unlogged_sequences(leader):
            assert any("unlogged sequence" in line for line in ended.lines[-1]["left_out"])
    finally:
        leader.execute("DROP TABLE seen", dbname="shop")
        clusters.caught_up(follower, leader)


def _has_unlogged_sequences(leader: Cluster) -> bool:
    """PostgreSQL 15 and newer: an unlogged table's own sequence is unlogged as well."""
    return int(str(column(leader.dsn(), "SHOW server_version_num")[0])) >= 150_000


def test_staging_is_built_and_filled_from_a_frozen_clone(
    leader: Cluster, policy: Path, target: str
) -> None:
    """It cannot be written to by anybody, which no part of a run minds."""
    with clusters.frozen_clone(leader) as clone:
        source = clone.dsn("shop")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            execute(source, "DELETE FROM visit")
        for load in LOADS:
            ended = run(policy, source, target, "--load", load, "--jobs", 2)
            assert (ended.code, ended.err) == (0, "")
            assert whole(target)
        assert maskr("verify", policy, "--source", source, "--target", target).code == 0
        # Whoever has frozen it is production still, and no staging of it.
        assert run(policy, source, leader.dsn("shop")).code == 77
        ended = run(policy, leader.dsn("shop"), clone.dsn("postgres"), "--load", "refill")
        assert ended.code == 77
