"""libpq's ways to a server (TLS, services, password files, several hosts) lead both ends there.

A primary and its standby that take nobody without a password, and nobody without TLS where the
server was built with it. The embedded one was not: there TLS that was asked for ends the run.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from maskr.db.postgres.programs import Binaries
from tests import clusters
from tests.certificates import Authority, authority
from tests.clusters import Cluster
from tests.command import KEY, Ended, maskr
from tests.databases import column
from tests.db.postgres.test_standby import LOADS, POLICY, PRODUCTION, whole
from tests.striking import struck

PASSWORD = "p:as\\s w0rd"  # what a password file has to escape, and a DSN to quote
HOST = "localhost"


@dataclass(frozen=True)
class Pair:
    """Two servers that are one, and the authority that vouches for them."""

    leader: Cluster
    follower: Cluster
    authority: Authority
    tls: bool
    folder: Path

    def dsn(self, dbname: str, *hosts: Cluster, **more: object) -> str:
        """By TCP, without a password; over TLS where that can be."""
        given = hosts or (self.leader,)
        where = {
            "host": ",".join(HOST for _ in given),
            "port": ",".join(str(host.port) for host in given),
            "user": "keeper",
            "dbname": dbname,
        }
        return make_conninfo("", **{**where, **self.verified(), **more})  # type: ignore[arg-type]  # libpq's own

    def verified(self) -> dict[str, str]:
        """What asks for a server that the authority knows by its name."""
        root = {"sslmode": "verify-full", "sslrootcert": str(self.folder / "root.crt")}
        return root if self.tls else {}


@pytest.fixture(scope="module")
def pair(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with clusters.primary(binaries) as probe:
        tls = column(probe.dsn(), "SHOW ssl_library") != [""]
    mine, folder = authority("maskr's tests"), tmp_path_factory.mktemp("authority")
    (folder / "root.crt").write_text(mine.pem)
    certificate, key = mine.server(HOST)
    files = {
        "server.crt": certificate,
        "server.key": key,
        "pg_hba.conf": "local all all trust\nlocal replication all trust\n"
        f"{'hostssl' if tls else 'host'} all all all scram-sha-256\n",
    }
    settings = {"ssl": "on"} if tls else {}
    with clusters.primary(binaries, settings, files) as leader:
        leader.execute(
            f"CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '{PASSWORD}'", "CREATE DATABASE shop"
        )
        leader.execute(PRODUCTION, dbname="shop")
        with clusters.standby(leader) as follower:
            clusters.caught_up(follower, leader)
            yield Pair(leader, follower, mine, tls, folder)


@pytest.fixture
def staging(pair: Pair) -> Iterator[str]:
    """The DSN, by the socket, of a staging that is not there yet."""
    yield pair.leader.dsn("staging")
    pair.leader.execute("DROP DATABASE IF EXISTS staging WITH (FORCE)")


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path


def run(policy: Path, source: str, target: str, *options: object, **env: str) -> Ended:
    given = {"MASKR_KEY": KEY.dump(), **env}
    return maskr("run", policy, "--source", source, "--target", target, *options, env=given)


@pytest.fixture
def passfile(tmp_path: Path, pair: Pair) -> Path:
    """A password file that knows the keeper of both servers, as libpq wants it."""
    path = tmp_path / "pgpass"
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    path.write_text(
        "".join(f"{HOST}:{each.port}:*:keeper:{escaped}\n" for each in (pair.leader, pair.follower))
    )
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("load", LOADS)
def test_tls_that_verifies_the_server_holds_for_both_ends_and_for_pg_dump(
    pair: Pair, policy: Path, staging: str, load: str
) -> None:
    """The server takes nobody without TLS; one that has none is not taken for one that has."""
    pair.leader.execute("CREATE DATABASE staging")
    root = pair.folder / "root.crt"
    asked = {"sslmode": "verify-full", "sslrootcert": root, "password": PASSWORD}
    ends = [pair.dsn(name, **asked) for name in ("shop", "staging")]
    ended = run(policy, *ends, "--load", load)
    if not pair.tls:
        assert (ended.code, "does not support SSL" in ended.err) == (69, True)
        return
    assert (ended.code, ended.err) == (0, "")
    assert whole(staging)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"sslrootcert": "other.crt"}, "certificate"),
        ({"host": "127.0.0.1"}, "certificate"),  # the right authority, but another name
        ({"sslrootcert": "none.crt"}, "root certificate"),
        ({"sslmode": "disable"}, "no encryption"),
    ],
)
def test_a_server_that_is_not_the_one_meant_gets_no_password(
    pair: Pair, policy: Path, staging: str, asked: dict[str, str], reason: str
) -> None:
    (pair.folder / "other.crt").write_text(authority("somebody else").pem)
    given = {"sslmode": "verify-full", "sslrootcert": "root.crt", **asked}
    given["sslrootcert"] = str(pair.folder / given["sslrootcert"])
    for ends in (
        (pair.dsn("shop", password=PASSWORD, **given), staging),
        (pair.leader.dsn("shop"), pair.dsn("staging", password=PASSWORD, **given)),
    ):
        ended = run(policy, *ends)
        if pair.tls or given["sslmode"] != "disable":
            assert ended.code == 69
            assert (reason if pair.tls else "") in ended.err
            assert PASSWORD not in ended.err


def test_a_password_file_is_enough(pair: Pair, policy: Path, staging: str, passfile: Path) -> None:
    ends = pair.dsn("shop"), pair.dsn("staging")
    for number, told in enumerate(({}, {"PGPASSFILE": str(passfile)})):
        ended = run(policy, *ends, **told)
        assert ended.code == (0 if number else 69), ended.err
    assert whole(staging)
    named = [pair.dsn(name, passfile=passfile) for name in ("shop", "staging")]
    assert run(policy, *named, "--load", "refill").code == 0


def test_a_service_file_is_enough_even_for_a_staging_that_is_not_there(
    pair: Pair, policy: Path, staging: str, passfile: Path, tmp_path: Path
) -> None:
    services = tmp_path / "pg_service.conf"
    common = {"host": HOST, "port": pair.leader.port, "user": "keeper", "passfile": passfile}
    services.write_text(
        "".join(
            f"[{name}]\n"
            + "".join(
                f"{key}={value}\n"
                for key, value in {**common, **pair.verified(), "dbname": dbname}.items()
            )
            for name, dbname in (("production", "shop"), ("stage", "staging"))
        )
    )
    env = {"PGSERVICEFILE": str(services)}
    for load in LOADS:
        ended = run(policy, "service=production", "service=stage", "--load", load, **env)
        assert (ended.code, ended.err) == (0, "")
        assert whole(staging)
    ended = run(policy, "service=production", "service=nowhere", **env)
    assert (ended.code, "service" in ended.err) == (69, True)


def test_variables_are_enough(pair: Pair, policy: Path, staging: str) -> None:
    env = {"PGHOST": HOST, "PGPORT": str(pair.leader.port), "PGUSER": "keeper"}
    tls = {f"PG{name.upper()}": value for name, value in pair.verified().items()}
    env |= {"PGPASSWORD": PASSWORD, "PGDATABASE": "staging", **tls}
    ended = run(policy, "dbname=shop", "", **env)
    assert ended.code == 0, ended.err
    assert whole(staging)


@dataclass
class Census:
    """Where maskr's sessions stood when a run was under way."""

    pair: Pair
    found: list[tuple[bool, bool]]

    def take(self) -> None:
        """Whether any of them is in the shop, on the leader and on the follower."""
        query = """
            SELECT count(*) > 0 FROM pg_stat_activity
            WHERE application_name = 'maskr' AND datname = 'shop'
        """
        here, there = (
            column(each.dsn(), query)[0] for each in (self.pair.leader, self.pair.follower)
        )
        self.found.append((bool(here), bool(there)))


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("wanted", "on_leader"), [("read-write", True), ("primary", True), ("prefer-standby", False)]
)
def test_of_several_hosts_the_one_that_is_meant_is_read_by_every_session(
    pair: Pair,
    policy: Path,
    staging: str,
    wanted: str,
    on_leader: bool,
    turned: bool,
) -> None:
    hosts = [pair.leader, pair.follower][:: -1 if turned else 1]
    census = Census(pair, [])
    source = pair.dsn("shop", *hosts, target_session_attrs=wanted, password=PASSWORD)
    target = pair.dsn("staging", *hosts, target_session_attrs="read-write", password=PASSWORD)
    ends = ("--source", source, "--target", target)
    ended = struck(census.take, 4, policy, *ends, "--jobs", 2)
    assert (ended.code, ended.err) == (0, "")
    assert census.found == [(on_leader, not on_leader)]
    assert whole(staging)


def test_a_host_that_is_down_is_passed_over(pair: Pair, policy: Path, staging: str) -> None:
    nobody = Cluster(pair.leader.programs, pair.leader.folder)
    hosts = (nobody, pair.leader)
    ends = [pair.dsn(name, *hosts, password=PASSWORD) for name in ("shop", "staging")]
    for load in LOADS:
        ended = run(policy, *ends, "--load", load)
        assert (ended.code, ended.err) == (0, "")
    assert whole(staging)


def test_without_a_server_of_the_kind_asked_for_nothing_begins(
    pair: Pair, policy: Path, staging: str
) -> None:
    alone = pair.dsn("staging", pair.follower, target_session_attrs="read-write", password=PASSWORD)
    ended = run(policy, pair.leader.dsn("shop"), alone)
    assert (ended.code, "read-only" in ended.err) == (69, True)
