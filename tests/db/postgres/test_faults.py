"""Whatever dies, at whatever moment: staging is the old one or the new one, whole.

A run through a small production is eleven moments (phases, tables, chunks); a fault strikes at ten
of them. The exit code says which staging it is, and the next run clears up.
"""

import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from maskr.cli import running
from maskr.cli.output import Quiet
from maskr.db.postgres import sink as sink_module
from maskr.db.postgres.programs import Binaries
from maskr.db.postgres.server import Server
from maskr.model import TableName
from maskr.run import TableResult
from tests.command import maskr, start
from tests.databases import Contents, column, contents, execute

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
class Strikes(Quiet):
    """A watcher that strikes once, when so many moments have passed."""

    strike: Callable[[], object]
    at: int
    passed: int = 0
    counting: threading.Lock = field(default_factory=threading.Lock)

    def _moment(self) -> None:
        with self.counting:  # several tables are on their way at a time
            self.passed += 1
            strike = self.passed == self.at
        if strike:
            self.strike()

    def started(self, table: TableName) -> None:
        self._moment()

    def advanced(self, table: TableName, rows: int, size: int) -> None:
        self._moment()

    def ended(self, result: TableResult) -> None:
        self._moment()

    def phase(self, name: str) -> None:
        self._moment()


@dataclass
class Stage:
    """A production whose every table tells the day, and the staging of the day before."""

    source: str
    target: str
    policy: Path
    day: int = 0
    old: Contents | None = None

    def arguments(self, load: str) -> tuple[object, ...]:
        return (
            "run",
            self.policy,
            "--source",
            self.source,
            "--target",
            self.target,
            "--load",
            load,
        )

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
        return maskr(*self.arguments(load)).code

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


@pytest.fixture
def struck(monkeypatch: pytest.MonkeyPatch, stage: Stage) -> Callable[..., int]:
    """``struck(strike, at, load)`` → how a run ends that is struck at that moment."""

    def run(strike: Callable[[], object], at: int, load: str) -> int:
        stage.dawn()
        watcher = Strikes(strike, at)
        monkeypatch.setattr(running, "Lines", lambda: watcher)
        code = stage.run(load)
        assert watcher.passed >= at or code != 0, "it never came to that moment"
        stage.keeps_its_promise(code)
        return code

    return run


@pytest.mark.parametrize("load", LOADS)
def test_a_lost_production_ends_the_run_cleanly(
    stage: Stage, struck: Callable[..., int], load: str
) -> None:
    codes = {
        struck(lambda: end_sessions(stage.source, name_of(stage.source)), at, load)
        for at in MOMENTS
    }
    assert codes <= {0, 75}  # 0: everything had been read
    assert 75 in codes


def test_sessions_of_a_rebuild_that_are_lost_are_made_anew(
    stage: Stage, struck: Callable[..., int]
) -> None:
    names = (name_of(stage.target), name_of(stage.target) + "__next")
    codes = [struck(lambda: end_sessions(stage.target, *names), at, "rebuild") for at in MOMENTS]
    assert codes == [0] * len(codes)


def test_a_refill_that_loses_its_session_is_undone(
    stage: Stage, struck: Callable[..., int]
) -> None:
    strike = lambda: end_sessions(stage.target, name_of(stage.target))  # noqa: E731 - one line
    assert {struck(strike, at, "refill") for at in MOMENTS} == {75}


@pytest.mark.parametrize("load", LOADS)
def test_sigterm_ends_the_run_and_leaves_staging(struck: Callable[..., int], load: str) -> None:
    strike = lambda: os.kill(os.getpid(), signal.SIGTERM)  # noqa: E731 - one line
    assert {struck(strike, at, load) for at in MOMENTS} == {130}


@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("ddl", ["TRUNCATE t2", "ALTER TABLE t2 DROP COLUMN word", "DROP TABLE t2"])
def test_production_cannot_be_changed_under_a_run(
    stage: Stage, struck: Callable[..., int], load: str, ddl: str
) -> None:
    """A migration waits until the run is through; reading and writing go on."""
    refused = []

    def migrate() -> None:
        try:
            execute(stage.source, f"SET lock_timeout = '50ms'; {ddl}")
        except psycopg.errors.LockNotAvailable:
            refused.append(ddl)
        execute(stage.source, "UPDATE t2 SET word = 'later' WHERE id = 3")

    for at in (1, 5, 8):
        assert struck(migrate, at, load) == 0
    assert len(refused) == 3


@pytest.mark.parametrize("load", LOADS)
def test_timeouts_that_production_sets_for_its_users_do_not_end_a_run(
    stage: Stage, maintenance: psycopg.Connection, load: str
) -> None:
    timeouts = ["statement_timeout", "idle_in_transaction_session_timeout"]
    if maintenance.info.server_version >= 170_000:
        timeouts += ["transaction_timeout", "idle_session_timeout"]
    stage.dawn()
    change = "ALTER ROLE CURRENT_USER IN DATABASE {} {} {}"
    for name in timeouts:
        setting = f"{name} TO '20ms'"
        maintenance.execute(change.format(name_of(stage.source), "SET", setting).encode())
    try:
        assert stage.run(load) == 0
        assert stage.is_new()
    finally:
        for name in timeouts:
            maintenance.execute(change.format(name_of(stage.source), "RESET", name).encode())


def test_a_refill_does_not_wait_for_ever_for_a_lock(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sink_module._SETTINGS, "lock_timeout", "100ms")
    stage.dawn()
    with psycopg.connect(stage.target) as reader:
        reader.execute("SELECT * FROM t0 LIMIT 1")
        assert stage.run("refill") == 75
    stage.keeps_its_promise(75)


@pytest.mark.parametrize("load", LOADS)
def test_sigkill_at_any_moment_leaves_the_old_staging_or_the_new(stage: Stage, load: str) -> None:
    stage.dawn()
    began = time.monotonic()
    with start(*stage.arguments(load)) as whole:
        assert whole.wait() == 0
    seconds = time.monotonic() - began
    for point in range(10):
        stage.dawn()
        with start(*stage.arguments(load)) as process:
            # The first half is spent on starting up; the rest of the run is struck more closely.
            time.sleep(seconds * (0.4 + point * 0.06))
            process.kill()
        settled(stage.target)
        assert contents(stage.target) == stage.old or stage.is_new()


def settled(target: str) -> None:
    """Waits until the server has noticed that its client is dead."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'maskr'"
    deadline = time.monotonic() + 20
    while column(target, query) != [0]:
        assert time.monotonic() < deadline, "the dead run's sessions stay"
        time.sleep(0.05)


@pytest.fixture
def own_server(binaries: Binaries) -> Iterator[Server]:
    """A server that may be crashed."""
    with Server(binaries) as server:
        server.create("staging")
        yield server


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


@pytest.mark.parametrize("load", LOADS)
def test_a_staging_that_crashes_and_recovers(
    own_server: Server, stage: Stage, struck: Callable[..., int], load: str
) -> None:
    """A rebuild goes on where it was; a refill has lost its transaction and says so."""
    stage.target = dsn = own_server.dsn("staging")
    assert stage.run("rebuild") == 0
    first, *others = [struck(lambda: crash(dsn), at, load) for at in MOMENTS]
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
