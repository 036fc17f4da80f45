"""``maskr run``: what it says, what it refuses, and that the target is as it was when it fails."""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from html.parser import HTMLParser
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from maskr.db.postgres.guards import lock_database
from tests.command import REFILL, ROOT, Ended, maskr, program, start
from tests.databases import column, dump, execute, untouched

SMALL = ROOT / "fixtures" / "small.sql"
POLICY = ROOT / "fixtures" / "policies" / "small.yaml"
# What stands in the rows of fixtures/small.sql: nothing that maskr says may hold any of it.
SECRETS = re.compile(r"zorvika|krelvandrix|quelnexil|qormail|thrumwick|202 155|1970-01", re.I)


@pytest.fixture
def source(cloned: Callable[..., str]) -> str:
    return cloned(SMALL, "production")


@pytest.fixture
def target(cloned: Callable[..., str]) -> str:
    """A staging with the right schema and rows of its own."""
    dsn = cloned(SMALL, "staging")
    execute(dsn, "TRUNCATE people, visits, events, notes RESTART IDENTITY")
    execute(dsn, "INSERT INTO notes VALUES ('yesterday@example.test', 'of the last run')")
    return dsn


@pytest.fixture
def run(source: str, target: str) -> Callable[..., Ended]:
    """``run(*options)``: the small policy, from source to target."""

    def run_it(*options: object, policy: Path = POLICY) -> Ended:
        return maskr("run", policy, "--source", source, "--target", target, *options)

    return run_it


@pytest.fixture
def policy(tmp_path: Path) -> Callable[[str, str], Path]:
    """The small policy with a piece of its text replaced."""

    def changed(old: str, new: str) -> Path:
        text = POLICY.read_text("utf-8")
        assert old in text
        path = tmp_path / "policy.yaml"
        path.write_text(text.replace(old, new), "utf-8")
        return path

    return changed


@pytest.fixture
def alter(source: str, target: str) -> Callable[[str], None]:
    """Changes the schema of both sides."""

    def alter_both(script: str) -> None:
        for dsn in (source, target):
            execute(dsn, script)

    return alter_both


# ------------------------------------------------------------------------------ when all is well


def test_a_run_ends_with_0_and_fills_the_target(run: Callable[..., Ended], target: str) -> None:
    ended = run()
    assert (ended.code, ended.err) == (0, "")
    assert column(target, "SELECT count(*) FROM people") == [2]
    assert column(target, "SELECT count(*) FROM notes JOIN people ON mailbox = email") == [1]
    assert not SECRETS.search(dump(target, "--data-only", "--exclude-table=visits"))


def test_without_a_terminal_it_says_one_json_line_a_table_and_one_of_all(
    run: Callable[..., Ended],
) -> None:
    *tables, last = run().lines
    by_name = {line["table"]: line for line in tables}  # in whatever order they came to their end
    assert sorted(by_name) == [
        "public.events_2025",
        "public.notes",
        "public.people",
        "public.visits",
    ]
    people = by_name["public.people"]
    assert (people["event"], people["rows"]) == ("table", 2)
    assert people["masked"] == ["email", "name", "nick", "born", "profile"]
    assert {"bytes_read", "bytes_written", "seconds", "rows_per_second"} <= people.keys()
    assert (last["event"], last["rows"]) == ("run", 7)
    assert last["key"] == maskr("key", "show").out.strip()


def test_text_is_a_table_with_totals(run: Callable[..., Ended]) -> None:
    said = run("--log-format", "text").out
    assert re.search(r"public\.people +2 +email, name, nick, born, profile +", said)
    assert re.search(r"total +7 +", said)
    assert not SECRETS.search(said)


def test_on_a_terminal_it_shows_the_table_and_leaves_no_bar_behind(
    source: str, target: str
) -> None:
    said, code = on_a_terminal("run", POLICY, "--source", source, "--target", target)
    assert code == 0
    assert "public.people" in said
    assert "rows/s" in said
    assert '{"event"' not in said
    assert not SECRETS.search(said)


def on_a_terminal(*arguments: object) -> tuple[str, int]:
    """What a maskr on a terminal of 200 columns printed, and its exit code."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "MASKR_KEY": "00" * 32, "COLUMNS": "200", "TERM": "xterm"}
    with subprocess.Popen(
        program(*arguments), stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=ROOT
    ) as process:
        os.close(theirs)
        said = b""
        while True:
            ready, _, _ = select.select([ours], [], [], 60)
            assert ready, "no end within a minute"
            try:
                piece = os.read(ours, 65536)
            except OSError:  # how Linux says that the last writer has gone
                break
            if not piece:
                break
            said += piece
        code = process.wait(60)
    os.close(ours)
    return said.decode(), code


def test_a_dry_run_counts_everything_and_writes_nothing(
    run: Callable[..., Ended], target: str
) -> None:
    with untouched(target):
        ended = run("--dry-run")
    assert ended.code == 0
    assert (ended.lines[-1]["rows"], ended.lines[-1]["target"]) == (7, "")


def test_a_dry_run_needs_no_target_that_can_be_reached(source: str) -> None:
    assert (
        maskr("run", POLICY, "--source", source, "--target", "host=/nowhere", "--dry-run").code == 0
    )


def test_only_the_tables_asked_for_are_filled(
    run: Callable[..., Ended], target: str, source: str
) -> None:
    assert run("--tables", "public.people", *REFILL).code == 0
    assert column(target, "SELECT line FROM notes") == ["of the last run"]
    assert column(target, "SELECT count(*) FROM people") == [2]
    assert column(target, "SELECT count(*) FROM visits") == [0]


def test_a_glob_that_names_no_table_is_a_usage_error(
    run: Callable[..., Ended], target: str
) -> None:
    with untouched(target):
        ended = run("--tables", "public.peeple", *REFILL)
    assert (ended.code, ended.error["code"]) == (2, "usage")


class Page(HTMLParser):
    """Fails on a tag that is closed and was not open; remembers the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_report_is_written_in_three_forms(run: Callable[..., Ended], tmp_path: Path) -> None:
    folder = tmp_path / "a" / "report"
    assert run("--report", folder).code == 0
    assert {path.name for path in folder.iterdir()} == {
        "report.json",
        "report.html",
        "metrics.prom",
    }
    said = json.loads((folder / "report.json").read_text("utf-8"))
    assert [table["rows"] for table in said["tables"]] == [2, 1, 2, 2]
    page = Page()
    page.feed((folder / "report.html").read_text("utf-8"))
    page.close()
    assert page.open == []
    assert "public.people" in page.text
    metrics = (folder / "metrics.prom").read_text("utf-8").splitlines()
    for line in metrics:
        assert re.fullmatch(r"# (TYPE|HELP) \w+ .+|\w+(\{\w+=\"[^\"]*\"\})? -?[0-9.e+]+", line), (
            line
        )
    assert 'maskr_table_rows{table="public.people"} 2' in metrics
    written = " ".join(path.read_text("utf-8") for path in folder.iterdir())
    assert not SECRETS.search(written)


def test_a_report_that_could_not_be_written_stops_the_run_before_it_begins(
    run: Callable[..., Ended], target: str, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    with untouched(target):
        assert run("--report", blocked).code == 2


def test_a_fresh_key_gives_other_fakes_each_time_and_is_named_by_its_print_only(
    run: Callable[..., Ended], target: str
) -> None:
    found = []
    for _ in range(2):
        ended = run("--ephemeral-key")
        assert ended.code == 0
        found.append((ended.lines[-1]["key"], column(target, "SELECT email FROM people")))
    assert found[0][0] != found[1][0]
    assert not set(found[0][1]) & set(found[1][1])


def test_source_and_target_may_come_from_the_environment(source: str, target: str) -> None:
    env = {"MASKR_KEY": "11" * 32, "MASKR_SOURCE": source, "MASKR_TARGET": target}
    assert maskr("run", POLICY, env=env).code == 0


# ----------------------------------------------------------------------------- what it refuses


def test_the_same_database_by_another_spelling_is_refused(source: str) -> None:
    parts = conninfo_to_dict(source)
    where = f"host={parts['host']}&port={parts['port']}&user={parts['user']}"
    with untouched(source):
        uri = f"postgresql:///{parts['dbname']}?{where}"
        ended = maskr("run", POLICY, "--source", source, "--target", uri)
    assert (ended.code, ended.error["code"]) == (77, "refused")
    assert "same database" in ended.error["what"]


def test_a_target_that_the_policy_does_not_allow_is_refused(
    run: Callable[..., Ended], target: str, policy: Callable[[str, str], Path]
) -> None:
    narrow = policy("version: 1", 'version: 1\ntarget: {allow: ["*_stg", "other*"]}')
    with untouched(target):
        ended = run(policy=narrow)
    assert ended.code == 77
    assert "*_stg, other*" in ended.error["what"]


def test_a_target_that_the_policy_allows_is_filled(
    run: Callable[..., Ended], policy: Callable[[str, str], Path]
) -> None:
    assert run(policy=policy("version: 1", 'version: 1\ntarget: {allow: ["staging*"]}')).code == 0


def test_every_column_that_nobody_decided_about_is_named_at_once(
    run: Callable[..., Ended], alter: Callable[[str], None], target: str
) -> None:
    alter("ALTER TABLE people ADD maiden text, ADD shoe int; CREATE TABLE fresh (x int)")
    with untouched(target):
        ended = run("--log-format", "text")
    assert ended.code == 78
    found = re.findall(r"error\[undecided-column\] no rule for (\S+)", ended.err)
    assert sorted(found) == ["public.fresh.x", "public.people.maiden", "public.people.shoe"]
    assert "3 errors" in ended.err


def test_every_mistake_in_a_policy_is_shown_with_its_place_and_a_caret(
    run: Callable[..., Ended], target: str, policy: Callable[[str, str], Path]
) -> None:
    broken = policy("version: 1\n", "version: 2\ncolums: {}\n")
    with untouched(target):
        ended = run("--log-format", "text", policy=broken)
    assert ended.code == 78
    assert f"{broken}:2:10: error[" in ended.err
    assert re.search(r":3:1: error\[unknown-key\].*\n  colums: \{\}\n  \^\n", ended.err)
    assert "2 errors" in ended.err


@pytest.mark.parametrize(
    ("old", "new", "code", "nearest"),
    [
        ("  visits:", "  visit:", "unknown-table", "visits"),
        ("      nick:", "      nik:", "unknown-column", "nick"),
        ("line: lorem", "line: lorm", "unknown-masker", "lorem"),
        ("-> people.email", "-> people.mail", "unknown-column", "email"),
    ],
)
def test_what_the_policy_names_and_nobody_has_is_told_with_the_nearest_name(
    run: Callable[..., Ended],
    policy: Callable[[str, str], Path],
    old: str,
    new: str,
    code: str,
    nearest: str,
) -> None:
    ended = run("--log-format", "text", policy=policy(old, new))
    assert ended.code == 78
    assert re.search(rf"error\[{code}\].*did you mean '\S*{nearest}'", ended.err)


def test_a_missing_policy_is_told(run: Callable[..., Ended], tmp_path: Path) -> None:
    ended = run(policy=tmp_path / "no.yaml")
    assert ended.code == 78
    assert "no.yaml" in ended.err


def test_without_a_key_nothing_begins(source: str, target: str) -> None:
    ended = maskr("run", POLICY, "--source", source, "--target", target, env={})
    assert (ended.code, ended.error["code"]) == (78, "key")
    assert "maskr key new" in ended.error["hint"]


def test_a_bad_key_is_refused_and_not_shown(source: str, target: str) -> None:
    env = {"MASKR_KEY": "hunter2hunter2"}
    ended = maskr("run", POLICY, "--source", source, "--target", target, env=env)
    assert ended.code == 78
    assert "hunter2" not in ended.out + ended.err


_UNREACHABLE = [
    {"host": "/nowhere"},
    {"host": "no-such-host.invalid"},
    {"port": "1"},
    {"user": "no_such_user"},
]


@pytest.mark.parametrize(
    ("side", "change"),
    [
        ("--source", {"dbname": "no_such_database"}),
        *(("--source", change) for change in _UNREACHABLE),
        *(("--target", change) for change in _UNREACHABLE),
    ],
    ids=str,
)
def test_a_database_that_cannot_be_reached_ends_with_69_and_no_password(
    source: str, target: str, side: str, change: dict[str, str]
) -> None:
    dsns = {"--source": source, "--target": target}
    dsns[side] = make_conninfo(dsns[side], password="hunter2", **change)
    ended = maskr("run", POLICY, *(part for pair in dsns.items() for part in pair))
    assert (ended.code, ended.error["code"]) == (69, "unavailable")
    assert "hunter2" not in ended.out + ended.err


def test_a_dsn_that_cannot_be_read_is_a_usage_error_and_not_shown(target: str) -> None:
    for dsn in ("password=hunter2 nonsense", "postgresql://ann:hunter2@[::1/shop", "hunter2"):
        ended = maskr("run", POLICY, "--source", dsn, "--target", target)
        assert ended.code == 2
        assert "hunter2" not in ended.out + ended.err


def test_a_wrong_password_ends_with_69_and_is_not_shown(target: str) -> None:
    """Against a socket that answers as a server that wants another password would."""
    with Doorkeeper() as port:
        dsn = f"postgresql://ann:hunter2@127.0.0.1:{port}/shop?sslmode=disable&gssencmode=disable"
        ended = maskr("run", POLICY, "--source", dsn, "--target", target)
    assert (ended.code, ended.error["code"]) == (69, "unavailable")
    assert "hunter2" not in ended.out + ended.err


class Doorkeeper:
    """A server that refuses everyone, as PostgreSQL words it (protocol 3, ErrorResponse)."""

    def __enter__(self) -> int:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return int(self._socket.getsockname()[1])

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            connection.recv(4096)
            fields = (b"SFATAL", b"C28P01", b'Mpassword authentication failed for user "ann"', b"")
            body = b"\0".join(fields) + b"\0"
            connection.sendall(b"E" + (len(body) + 4).to_bytes(4, "big") + body)

    def __exit__(self, *_: object) -> None:
        self._thread.join(10)
        self._socket.close()


# --------------------------------------------------------------------- data that does not fit


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            "ALTER TABLE people ADD CONSTRAINT odd CHECK (born IN ('1970-01-02', '1980-03-04'))",
            "table public.people, constraint odd",
        ),
        (
            "CREATE UNIQUE INDEX only_z ON people ((email LIKE 'z%'))",
            "table public.people, constraint only_z",
        ),
    ],
    ids=["check", "unique"],
)
def test_a_constraint_that_a_fake_violates_is_named_with_its_table_and_no_value(
    run: Callable[..., Ended],
    alter: Callable[[str], None],
    target: str,
    change: str,
    told: str,
) -> None:
    alter(change)
    with untouched(target):
        ended = run()
    assert (ended.code, ended.error["code"]) == (65, "data")
    assert told in ended.error["where"]
    assert not SECRETS.search(ended.out + ended.err)


def test_rows_without_the_row_they_reference_name_the_foreign_key(
    run: Callable[..., Ended], target: str, policy: Callable[[str, str], Path]
) -> None:
    halved = policy("  people:\n", '  people:\n    where: "id = 2 OR mentor_id = 0"\n')
    with untouched(target):
        ended = run(policy=halved)
    assert ended.code == 65
    assert re.search(r"constraint \w+_fkey", ended.error["where"])
    assert "foreign key" in ended.error["what"]


def test_a_fake_that_is_no_value_of_its_type_is_named_by_column_and_row(
    run: Callable[..., Ended], target: str, policy: Callable[[str, str], Path]
) -> None:
    wordy = policy(
        'age: {mask: keep, reason: "tests of the age limits need them"}',
        "age: {mask: faker, provider: word}",
    )
    with untouched(target):
        ended = run(policy=wordy)
    assert ended.code == 65
    assert "column age" in ended.error["where"]
    assert "row 1" in ended.error["where"]
    assert not re.search(r"invalid input|\"[a-z]+\" ?$", ended.error["what"])


def test_a_target_whose_schema_drifted_is_told_what_differs(
    run: Callable[..., Ended], target: str
) -> None:
    execute(target, "ALTER TABLE notes ADD extra int; ALTER TABLE people ALTER age TYPE bigint")
    with untouched(target):
        ended = run(*REFILL)
    assert (ended.code, ended.error["code"]) == (65, "data")
    assert "column public.notes.extra is not in the source" in ended.error["what"]
    assert "column public.people.age is bigint instead of integer" in ended.error["what"]


def test_an_empty_target_gets_productions_schema(
    source: str, make_database: Callable[..., str]
) -> None:
    target = make_database("staging_empty")
    assert maskr("run", POLICY, "--source", source, "--target", target).code == 0
    assert dump(target, "--schema-only") == dump(source, "--schema-only")


def test_rows_that_row_level_security_would_hide_are_an_error_and_not_left_out(
    run: Callable[..., Ended],
    alter: Callable[[str], None],
    source: str,
    target: str,
    maintenance: psycopg.Connection,
) -> None:
    role = f"reader_{os.getpid()}"
    maintenance.execute(f"CREATE ROLE {role} IN ROLE pg_read_all_data".encode())
    try:
        alter(
            "ALTER TABLE people ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON people USING (id = 1)"
        )
        reader = make_conninfo(source, options=f"-c role={role}")
        with untouched(target):
            ended = maskr("run", POLICY, "--source", reader, "--target", target)
    finally:
        maintenance.execute(f"DROP ROLE {role}".encode())
    assert (ended.code, ended.error["code"]) == (77, "refused")
    assert "people" in ended.error["where"] + ended.error["what"]


# ------------------------------------------------------------------------------ interruptions


@pytest.fixture
def slow(alter: Callable[[str], None]) -> None:
    """Every row of people takes PostgreSQL a minute to write."""
    alter(
        """
        CREATE FUNCTION slow(text) RETURNS boolean LANGUAGE sql AS
            'SELECT pg_catalog.pg_sleep(60) IS NOT NULL';
        ALTER TABLE people ADD CONSTRAINT slow CHECK (slow(name)) NOT VALID;
        """
    )


@pytest.fixture
def writing(
    slow: None, source: str, target: str, maintenance: psycopg.Connection
) -> Callable[[], AbstractContextManager[subprocess.Popen[str]]]:
    """``with writing() as process``: a maskr that is in the middle of a COPY into staging."""
    query = b"""
        SELECT count(*) FROM pg_stat_activity
        WHERE state = 'active' AND query LIKE 'COPY %people% FROM STDIN%'"""

    @contextmanager
    def begun() -> Iterator[subprocess.Popen[str]]:
        with start("run", POLICY, "--source", source, "--target", target, *REFILL) as process:
            while maintenance.execute(query).fetchone() == (0,):
                assert process.poll() is None, process.communicate()
                time.sleep(0.05)
            yield process
            process.kill()

    return begun


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_with_130_soon_and_leaves_the_target_as_it_was(
    writing: Callable[[], AbstractContextManager[subprocess.Popen[str]]],
    target: str,
    how: signal.Signals,
) -> None:
    with untouched(target), writing() as process:
        process.send_signal(how)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err == "interrupted: the target is as it was\n"
    assert not SECRETS.search(out + err)


def test_a_second_run_on_the_same_target_is_told_to_try_again(
    target: str, run: Callable[..., Ended]
) -> None:
    with psycopg.connect(target, autocommit=True) as first, untouched(target):
        lock_database(first, "the first run")
        ended = run(*REFILL)
    assert (ended.code, ended.error["code"]) == (75, "try-again")


def test_an_interrupt_does_not_wait_for_a_lock_on_production(
    source: str, target: str, maintenance: psycopg.Connection
) -> None:
    with psycopg.connect(source) as locker, untouched(target):
        locker.execute("LOCK TABLE visits IN ACCESS EXCLUSIVE MODE")
        waiting = b"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        with start("run", POLICY, "--source", source, "--target", target) as process:
            while maintenance.execute(waiting).fetchone() == (0,):
                assert process.poll() is None, process.communicate()
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=5)
    assert process.returncode == 130
