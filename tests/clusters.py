"""PostgreSQL clusters beside the session's: a primary and its standby, reached over TCP too."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from maskr.db.postgres import server
from maskr.db.postgres.programs import Binaries
from tests.databases import column

_PATIENCE_SECONDS = 30
# What is committed is sent on at once, not when the writer of the log wakes up again.
_STREAMED = {"synchronous_commit": "on"}

_AT = ("--pgdata=data", "--wait", "--silent")


@dataclass(frozen=True)
class Cluster:
    """A running server: on a socket in its folder, and on a port of 127.0.0.1."""

    programs: Path
    folder: Path
    port: int = field(default_factory=lambda: _free_port())

    def dsn(self, dbname: str = "postgres", **more: object) -> str:
        """As its superuser, by the socket, unless ``more`` says otherwise."""
        given = {"host": str(self.folder), "port": self.port, "user": "postgres", "dbname": dbname}
        return make_conninfo("", **{**given, **more})  # type: ignore[arg-type]  # libpq's own

    def execute(self, *statements: str, dbname: str = "postgres") -> None:
        """Each statement by itself, in autocommit."""
        with psycopg.connect(self.dsn(dbname), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @property
    def small(self) -> Path:
        """Where its small disk is, if it has one."""
        return self.folder / "small"

    def restart(self) -> None:
        """Ends every session, as an administrator would; returns once it takes new ones."""
        _call(self, "pg_ctl", "restart", "--mode=fast", *_AT, "--log=log")


@contextmanager
def primary(
    binaries: Binaries,
    settings: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    small_disk: int = 0,
) -> Iterator[Cluster]:
    """A cluster of its own; ``files`` of its folder and ``settings`` on top of a throw-away's.

    ``small_disk``: megabytes of a disk of its own, at ``small``, which only its processes see.
    """
    with _folder() as folder:
        cluster = Cluster(server._within_reach(binaries.directory, folder), folder)
        _call(
            cluster,
            "initdb",
            *("--pgdata=data", "--username=postgres", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", "--no-sync"),
        )
        for name, text in (files or {}).items():
            _write(folder / "data" / name, text)
        own = {**server.THROW_AWAY, **_STREAMED, **(settings or {})}
        with _started(cluster, own, _mounting(cluster, small_disk) if small_disk else ()):
            yield cluster


@contextmanager
def standby(of: Cluster, settings: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """A hot standby that streams from a running primary."""
    with _copy(of, settings or {}, "--write-recovery-conf") as cluster:
        yield cluster


@contextmanager
def frozen_clone(of: Cluster) -> Iterator[Cluster]:
    """A copy that goes its own way, by the same system identifier, and that nobody may write."""
    with _copy(of, {"default_transaction_read_only": "on"}) as cluster:
        yield cluster


@contextmanager
def _copy(of: Cluster, settings: Mapping[str, str], *options: str) -> Iterator[Cluster]:
    with _folder() as folder:
        cluster = Cluster(of.programs, folder)
        where = (f"--dbname={of.dsn()}", "--pgdata=data")
        _call(cluster, "pg_basebackup", *where, "--checkpoint=fast", "--no-sync", *options)
        with _started(cluster, settings):
            yield cluster


def caught_up(follower: Cluster, leader: Cluster) -> None:
    """Waits until the standby has replayed whatever the primary has committed."""
    (written,) = column(leader.dsn(), "SELECT pg_current_wal_flush_lsn()::text")
    until(follower, f"SELECT pg_last_wal_replay_lsn() >= '{written}'")


def until(cluster: Cluster, query: str, dbname: str = "postgres") -> None:
    """Waits until a query gives true."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while column(cluster.dsn(dbname), query) != [True]:
        assert time.monotonic() < deadline, f"in vain: {query}"
        time.sleep(0.01)


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)
    owner = server._owner()
    if owner is not None:
        os.chown(path, owner.pw_uid, owner.pw_gid)


@contextmanager
def _folder() -> Iterator[Path]:
    owner = server._owner()
    folder = Path(tempfile.mkdtemp(prefix="maskr-", dir=server._base(None, owner)))
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def can_mount() -> bool:
    """Whether this user may mount a file system for his own processes."""
    if os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("setpriv")):
        return False
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(command, capture_output=True).returncode == 0


def _mounting(cluster: Cluster, megabytes: int) -> tuple[str, ...]:
    """A command before a command, whose processes see a small disk: root mounts, then leaves."""
    owner = server._owner()
    assert owner is not None  # `can_mount` was asked before
    cluster.small.mkdir()
    options = f"size={megabytes}m,mode=0700,uid={owner.pw_uid},gid={owner.pw_gid}"
    mount = f'mount -t tmpfs -o {options} tmpfs "$0" && exec "$@"'
    down = ("setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups")
    return ("unshare", "--mount", "sh", "-c", mount, str(cluster.small), *down)


@contextmanager
def _started(
    cluster: Cluster, settings: Mapping[str, str], before: Sequence[str] = ()
) -> Iterator[None]:
    own = {
        "unix_socket_directories": str(cluster.folder),
        "listen_addresses": "127.0.0.1",
        "port": str(cluster.port),
    }
    with (cluster.folder / "data" / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = '{value}'\n" for name, value in {**settings, **own}.items())
    try:
        _call(cluster, "pg_ctl", "start", *_AT, "--log=log", before=before)
        yield
    finally:
        _call(cluster, "pg_ctl", "stop", "--mode=immediate", *_AT)


def _call(cluster: Cluster, program: str, *arguments: str, before: Sequence[str] = ()) -> None:
    """Runs one of PostgreSQL's programs in the cluster's folder, as its owner.

    ``before``: a command that runs it, and steps down to its owner by itself.
    """
    owner = None if before else server._owner()
    subprocess.run(
        [*before, cluster.programs / program, *arguments],
        cwd=cluster.folder,
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        user=owner and owner.pw_uid,
        group=owner and owner.pw_gid,
        extra_groups=owner and [],
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
