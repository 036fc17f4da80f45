"""Whatever happens, at whatever moment: staging is the old one or the new one, whole.

A run through a small production is eleven moments (phases, tables, chunks); a fault strikes at ten
of them. The exit code says which staging it is, and the next run clears up.
"""

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from maskr.db.postgres import sink as sink_module
from maskr.db.postgres.programs import Binaries
from maskr.db.postgres.server import Server
from tests import clusters
from tests.clusters import Cluster
from tests.command import maskr
from tests.databases import Contents, column, contents, execute
from tests.striking import aside, killed, struck

TABLES, ROWS = 3, 2000
PRODUCTION = "".join(
    f"""
    CREATE TABLE t{n} (id integer PRIMARY KEY, word text, above integer);
    INSERT INTO t{n} SELECT i, md5(i::text), i % 7 FROM generate_series(1, {ROWS - 1}) i;
    INSERT INTO t{n} VALUES (0, 'day', 0);
    ALTER TABLE t{n} ADD FOREIGN KEY (above) REFERENCES t{max(n - 1, 0)};
    CREATE INDEX ON t{n} (word);
    """
    for n in range(TABLES)
)
POLICY = "version: 1\ndefaults: {unlisted: keep}\ncolumns: {'*.word': hash}\n"
MOMENTS = range(1, 11)  # of eleven: two phases, and three of each table
LOADS = ["rebuild", "refill"]


@dataclass
class Stage:
    """A production whose every table tells the day, and the staging of the day before."""

    source: str
    target: str
    policy: Path
    day: int = 0
    old: Contents | None = None
    guests: list[psycopg.Connection] = field(default_factory=list)
    reader: str | None = None

    def arguments(self, load: str) -> tuple[object, ...]:
        source = make_conninfo(self.source, user=self.reader)
        ends = ("--source", source, "--target", self.target)
        return (self.policy, *ends, "--load", load)

    def dawn(self) -> None:
        """Production moves on by a day; what staging holds now is yesterday's."""
        self.day += 1
        day = self.day % 7
        execute(
            self.source,
            "".join(f"UPDATE t{n} SET above = {day} WHERE id = 0;" for n in range(TABLES)),
        )
        self.old = contents(self.target)

    def run(self, load: str) -> int:
        """The exit code of a run within this process."""
        return maskr("run", *self.arguments(load)).code

    def struck(self, strike: Callable[[], object], at: int, load: str) -> int:
        """The exit code of a run of a new day that is struck at that moment."""
        self.dawn()
        code = struck(strike, at, *self.arguments(load)).code
        while self.guests:
            self.guests.pop().close()
        self.keeps_its_promise(code)
        return code

    def is_new(self) -> bool:
        """Whether every table is of this day and whole, with its constraints and indexes."""
        day = str(self.day % 7)
        tables = contents(self.target)
        whole = all(
            len(rows) == ROWS
            and any(row.startswith(b"0\t") and row.endswith(f"\t{day}\n".encode()) for row in rows)
            for rows in tables.values()
        )
        keys = column(self.target, "SELECT count(*) FROM pg_constraint WHERE contype = 'f'")
        indexes = column(
            self.target, "SELECT count(*) FROM pg_index WHERE indrelid::regclass::text ~ '^t[0-9]'"
        )
        return whole and len(tables) == TABLES and keys == [TABLES] and indexes == [2 * TABLES]

    def keeps_its_promise(self, code: int) -> None:
        """The new staging where the code is 0, else the old one; whole either way."""
        if code == 0:
            assert self.is_new()
        else:
            assert contents(self.target) == self.old


@pytest.fixture
def stage(make_database: Callable[..., str], tmp_path: Path) -> Iterator[Stage]:
    source, target = make_database("production", sql=PRODUCTION), make_database("staging")
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    stage = Stage(source, target, policy)
    assert stage.run("rebuild") == 0
    yield stage
    # Whatever happened: the next run is as ever, and nothing stands beside staging after it.
    stage.dawn()
    assert stage.run("rebuild") == 0
    assert stage.is_new()
    assert beside(target) == []


def name_of(dsn: str) -> str:
    return str(conninfo_to_dict(dsn)["dbname"])


def beside(target: str) -> list[object]:
    query = f"SELECT datname FROM pg_database WHERE datname LIKE '{name_of(target)}\\_\\_%'"
    return column(target, query)


def end_sessions(dsn: str, *names: str) -> None:
    """Ends maskr's sessions in these databases, as an administrator would."""
    with psycopg.connect(make_conninfo(dsn, dbname="postgres")) as connection:
        connection.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = ANY (%s) AND application_name ~ 'maskr|pg_dump'
            """,
            (list(names),),
        )


@dataclass(frozen=True)
class Fault:
    """Something that happens to a run, and how the run may end then.

    Attributes:
        codes: exit codes by the way of loading; at least one moment has to end with the last one.
    """

    strike: Callable[[Stage], object]
    codes: Mapping[str, tuple[int, ...]]


def lose_production(stage: Stage) -> None:
    end_sessions(stage.source, name_of(stage.source))


def lose_staging(stage: Stage) -> None:
    names = name_of(stage.target), name_of(stage.target) + "__next"
    end_sessions(stage.target, *names)


def terminate(_: Stage) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def run_another(stage: Stage) -> None:
    """By either way of loading in turn: both want the same staging."""
    assert aside(*stage.arguments(LOADS[stage.day % 2])) == 75


def migrate(stage: Stage) -> None:
    """A migration waits until the run is through; reading and writing go on."""
    for ddl in ("TRUNCATE t2", "ALTER TABLE t2 DROP COLUMN word", "DROP TABLE t2"):
        with pytest.raises(psycopg.errors.LockNotAvailable):
            execute(stage.source, f"SET lock_timeout = '10ms'; {ddl}")
    execute(stage.source, "UPDATE t2 SET word = 'later' WHERE id = 3")


def look_at_staging(stage: Stage) -> None:
    """A reader comes, and stays in his transaction; where a refill is ahead of him he gives up."""
    reader = psycopg.connect(stage.target, options="-c lock_timeout=10ms")
    stage.guests.append(reader)
    with suppress(psycopg.errors.LockNotAvailable):
        reader.execute("SELECT FROM t0 LIMIT 1")


FAULTS = {
    # 0: everything had been read.
    "production is lost": Fault(lose_production, {"rebuild": (0, 75), "refill": (0, 75)}),
    # A rebuild makes its sessions anew; a refill is one transaction, and is undone.
    "staging is lost": Fault(lose_staging, {"rebuild": (0,), "refill": (75,)}),
    "SIGTERM": Fault(terminate, {"rebuild": (130,), "refill": (130,)}),
    # A rebuild ends the reader's session; a refill waits for him, but not for ever.
    "a reader": Fault(look_at_staging, {"rebuild": (0,), "refill": (0, 75)}),
    "another maskr": Fault(run_another, {"rebuild": (0,), "refill": (0,)}),
    "a migration": Fault(migrate, {"rebuild": (0,), "refill": (0,)}),
}


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("name", FAULTS)
def test_whatever_happens_at_whatever_moment_staging_is_whole(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, name: str, load: str
) -> None:
    monkeypatch.setitem(sink_module._SETTINGS, "lock_timeout", "100ms")
    fault = FAULTS[name]
    codes = [stage.struck(lambda: fault.strike(stage), at, load) for at in MOMENTS]
    assert set(codes) <= set(fault.codes[load])
    assert fault.codes[load][-1] in codes


@pytest.mark.parametrize("load", LOADS)
def test_sigkill_at_any_moment_leaves_the_old_staging(stage: Stage, load: str) -> None:
    """The very next run finds what the dead one has left."""
    for at in MOMENTS:
        stage.dawn()
        killed(at, *stage.arguments(load))
        settled(stage.target)
        assert contents(stage.target) == stage.old
    assert stage.run(load) == 0
    assert stage.is_new()


@pytest.fixture
def hurried(maintenance: psycopg.Connection) -> Iterator[str]:
    """A user of production whose sessions may not dawdle in any way that the server knows."""
    timeouts = ["statement_timeout", "idle_in_transaction_session_timeout"]
    if maintenance.info.server_version >= 170_000:
        timeouts += ["transaction_timeout", "idle_session_timeout"]
    maintenance.execute("CREATE ROLE hurried SUPERUSER LOGIN")
    for name in timeouts:
        maintenance.execute(f"ALTER ROLE hurried SET {name} TO '200ms'".encode())
    yield "hurried"
    maintenance.execute("DROP ROLE hurried")


@pytest.mark.parametrize("load", LOADS)
def test_timeouts_that_production_sets_for_its_users_do_not_end_a_run(
    hurried: str, stage: Stage, load: str
) -> None:
    """At each of the moments the run stands still for longer than they allow."""
    stage.reader = hurried
    assert {stage.struck(lambda: time.sleep(0.3), at, load) for at in MOMENTS} == {0}


def settled(target: str) -> None:
    """Waits until the server has noticed that its client is dead."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'maskr'"
    deadline = time.monotonic() + 20
    while column(target, query) != [0]:
        assert time.monotonic() < deadline, "the dead run's sessions stay"
        time.sleep(0.05)


@pytest.fixture
def own_server(binaries: Binaries) -> Iterator[Cluster]:
    """A server that may be crashed, restarted, and left without room."""
    with clusters.primary(binaries) as cluster:
        cluster.execute("CREATE DATABASE staging")
        yield cluster


def crash(dsn: str) -> None:
    """Kills a backend the hard way; back once the server has ended every session and recovered."""
    with suppress(psycopg.OperationalError), psycopg.connect(dsn, autocommit=True) as witness:
        with suppress(psycopg.OperationalError), psycopg.connect(dsn) as victim:
            victim.execute("COPY (SELECT 1) TO PROGRAM 'kill -9 $PPID'")
        for _ in range(400):
            witness.execute("SELECT pg_sleep(0.05)")
        pytest.fail("the server has not crashed")
    for _ in range(400):
        with suppress(psycopg.OperationalError):
            column(dsn, "SELECT true")
            return
        time.sleep(0.05)
    pytest.fail("the server has not recovered")


def crashed(cluster: Cluster) -> None:
    crash(cluster.dsn())


def restarted(cluster: Cluster) -> None:
    cluster.restart()


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("ends", [crashed, restarted])
def test_a_staging_that_goes_down_and_comes_back(
    own_server: Cluster, stage: Stage, ends: Callable[[Cluster], None], load: str
) -> None:
    """A rebuild goes on where it was; a refill has lost its transaction and says so."""
    stage.target = own_server.dsn("staging")
    assert stage.run("rebuild") == 0
    first, *others = [stage.struck(lambda: ends(own_server), at, load) for at in MOMENTS]
    assert first == 75  # nothing had begun
    assert set(others) == {0 if load == "rebuild" else 75}


# Bytes that a file may have on the cramped server: a WAL segment, and no more.
_LARGEST_FILE = 16 << 20


@pytest.fixture
def cramped_server(binaries: Binaries) -> Iterator[Server]:
    """A server on which nothing grows large, as on a full disk: its files end at 16 MiB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    server = Server(binaries)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, hard))
        server.__enter__()  # its processes inherit the limit, and keep it
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    yield server
    server.stop()


@pytest.mark.parametrize("load", LOADS)
def test_a_staging_without_room_stays_as_it_is(
    cramped_server: Server, stage: Stage, load: str
) -> None:
    cramped_server.create("staging")
    stage.target = cramped_server.dsn("staging")
    assert stage.run("rebuild") == 0
    execute(
        stage.source,
        "INSERT INTO t2 SELECT i, repeat(md5(i::text), 32), 1 FROM generate_series(5000, 25000) i",
    )
    stage.policy.write_text("version: 1\ndefaults: {unlisted: keep}\n")
    stage.dawn()
    assert stage.run(load) == 69
    stage.keeps_its_promise(69)
    execute(stage.source, "DELETE FROM t2 WHERE id >= 5000")


@pytest.fixture
def small_disk(binaries: Binaries) -> Iterator[Cluster]:
    """A server whose staging lies on a disk of 64 MB, where only root can mount one."""
    with clusters.primary(binaries, small_disk=64) as cluster:
        cluster.execute("CREATE TABLESPACE small LOCATION '" + str(cluster.small) + "'")
        cluster.execute("CREATE DATABASE staging TABLESPACE small")
        yield cluster


def fill(cluster: Cluster) -> None:
    """Leaves the small disk without a free block."""
    with suppress(psycopg.errors.DiskFull):
        cluster.execute(
            "COPY (SELECT repeat('x', 1 << 20) FROM generate_series(1, 65)) "
            f"TO '{cluster.small}/ballast'"
        )


# Without the right to mount, the test above stands for it alone.
if clusters.can_mount():

    @pytest.mark.parametrize("load", LOADS)
    def test_a_disk_that_fills_up_at_whatever_moment(
        small_disk: Cluster, stage: Stage, load: str
    ) -> None:
        stage.target = small_disk.dsn("staging")
        assert stage.run("rebuild") == 0
        codes = []
        for at in MOMENTS:
            codes.append(stage.struck(lambda: fill(small_disk), at, load))
            small_disk.execute(f"COPY (SELECT) TO '{small_disk.small}/ballast'")
        assert set(codes) <= {0, 69}  # 0: all of it had found its place
        assert codes[0] == 69
