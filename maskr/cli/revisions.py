"""Policies out of a revision of the repository: ``git:REV:path``, its includes from there too."""

import posixpath
import shutil
import subprocess
from pathlib import Path

from maskr.errors import UnavailableError, UsageError
from maskr.policy import Policy, Reader, load

_PREFIX = "git:"
_SECONDS = 60


def load_from(where: str) -> Policy:
    """The policy in a file, or in a revision of the repository around the current folder.

    As in git itself, a path counts from the repository's root unless it begins with ``./``.

    Raises:
        PolicyError: it is wrong, or not there.
        UsageError: there is no repository, or no such revision.
    """
    if not where.startswith(_PREFIX):
        return load(where)
    revision, colon, path = where.removeprefix(_PREFIX).partition(":")
    if not (revision and colon and path) or revision.startswith("-"):
        raise UsageError(where, "this names no file of a revision", "write git:REV:path")
    inside = _git(where, "rev-parse", "--show-prefix")
    if path.startswith(("./", "../")):
        path = posixpath.normpath(posixpath.join(inside.decode().strip(), path))
    _git(where, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    return load(path, _reader(where, revision))


def _reader(where: str, revision: str) -> Reader:
    def read(path: str) -> bytes:
        try:
            return _git(where, "cat-file", "blob", f"{revision}:{path}")
        except UsageError:
            raise FileNotFoundError(2, f"not in {revision}") from None

    return read


def _git(where: str, *arguments: str) -> bytes:
    git = shutil.which("git")
    if git is None:
        raise UnavailableError(where, "there is no git on the PATH", "install it")
    try:
        done = subprocess.run(
            [str(Path(git)), *arguments], capture_output=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(where, "git does not answer", "try it by hand") from None
    if done.returncode:
        hint = "see `git rev-parse --verify REV`, within the repository"
        raise UsageError(where, "git knows no such revision", hint)
    return done.stdout
