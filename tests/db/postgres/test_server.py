import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from maskr.db.postgres.programs import Binaries, binaries_in, find_binaries
from maskr.db.postgres.server import Server
from maskr.errors import UnavailableError


def folder_of(dsn: str) -> Path:
    return Path(str(conninfo_to_dict(dsn)["host"]))


def postmaster_of(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "data" / "postmaster.pid").read_text().split()[0]))


def setting(connection: psycopg.Connection, name: str) -> object:
    row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return row[0]


def until_gone(folder: Path, postmaster: psutil.Process) -> None:
    deadline = time.monotonic() + 30
    while (folder.exists() or postmaster.is_running()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not folder.exists()
    assert not postmaster.is_running()


@pytest.fixture(scope="module")
def running(binaries: Binaries) -> Iterator[Server]:
    with Server(binaries) as server:
        yield server


def test_it_is_the_chosen_version_and_speaks_utf8(running: Server, binaries: Binaries) -> None:
    with psycopg.connect(running.dsn()) as connection:
        assert connection.info.server_version // 10_000 == binaries.major
        assert setting(connection, "server_encoding") == "UTF8"


def test_it_listens_on_no_network_address_whatever_is_asked_for(binaries: Binaries) -> None:
    asked = {"listen_addresses": "*", "work_mem": "7MB"}
    with Server(binaries, asked) as server, psycopg.connect(server.dsn()) as connection:
        assert setting(connection, "listen_addresses") == ""
        assert setting(connection, "work_mem") == "7MB"


def test_only_its_user_reaches_the_socket(running: Server) -> None:
    assert folder_of(running.dsn()).stat().st_mode & 0o077 == 0


def test_it_never_runs_as_root(running: Server) -> None:
    assert postmaster_of(folder_of(running.dsn())).uids().real != 0


def test_a_dsn_quotes_the_database_name(running: Server) -> None:
    assert conninfo_to_dict(running.dsn("it's \\ a name"))["dbname"] == "it's \\ a name"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_in_the_block_leaves_nothing_behind(
    binaries: Binaries, error: type[BaseException]
) -> None:
    seen: list[psutil.Process] = []

    def fail(server: Server) -> None:
        with server:
            seen.append(postmaster_of(folder_of(server.dsn())))
            raise error

    server = Server(binaries)
    with pytest.raises(error):
        fail(server)
    assert not folder_of(server.dsn()).exists()
    assert [postmaster.is_running() for postmaster in seen] == [False]


def test_stop_may_be_called_twice(binaries: Binaries) -> None:
    with Server(binaries) as server:
        folder = folder_of(server.dsn())
        server.stop()
        assert not folder.exists()
    server.stop()


@pytest.mark.parametrize("death", [signal.SIGTERM, signal.SIGKILL])
def test_the_death_of_its_process_leaves_nothing_behind(
    binaries: Binaries, death: signal.Signals
) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from maskr.db.postgres.programs import binaries_in\n"
        "from maskr.db.postgres.server import Server\n"
        "with Server(binaries_in(Path(sys.argv[1]))) as server:\n"
        "    print(server.dsn(), flush=True); time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, binaries.directory],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as process:
        assert process.stdout is not None
        folder = folder_of(process.stdout.readline())
        postmaster = postmaster_of(folder)
        process.send_signal(death)
    until_gone(folder, postmaster)


def test_a_failed_start_says_why_and_leaves_nothing_behind(
    binaries: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    mkdtemp = tempfile.mkdtemp

    def recorded(prefix: str, dir: Path) -> str:
        made.append(mkdtemp(prefix=prefix, dir=dir))
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", recorded)
    server = Server(binaries, {"shared_buffers": "plenty"})
    with pytest.raises(UnavailableError, match="shared_buffers"):
        server.__enter__()
    assert [Path(folder).exists() for folder in made] == [False]


def test_a_database_is_created_with_its_script(running: Server) -> None:
    running.create("it's", "CREATE TABLE t (x text); INSERT INTO t VALUES ('%s;')")
    with psycopg.connect(running.dsn("it's")) as connection:
        assert connection.execute("SELECT x FROM t").fetchall() == [("%s;",)]


def test_its_folder_is_made_where_it_is_wanted(binaries: Binaries) -> None:
    with Server(binaries, base=Path("/var/tmp")) as server:
        assert folder_of(server.dsn()).parent == Path("/var/tmp")


def test_a_temporary_folder_too_long_for_a_socket_is_not_used(
    binaries: Binaries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with Server(binaries) as server, psycopg.connect(server.dsn()) as connection:
        assert setting(connection, "server_encoding") == "UTF8"
        assert deep not in folder_of(server.dsn()).parents


def test_programs_in_a_folder_closed_to_others_start_too(tmp_path: Path) -> None:
    package = find_binaries("embedded").directory.parents[1]
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.exists():
            shutil.copytree(folder, tmp_path / folder.name, symlinks=True)
    tmp_path.chmod(0o700)
    closed = binaries_in(tmp_path / package.name / "pginstall" / "bin")
    with Server(closed) as server, psycopg.connect(server.dsn()) as connection:
        assert connection.info.server_version // 10_000 == closed.major
