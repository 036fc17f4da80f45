"""``maskr key``: makes a key, tells a fingerprint."""

import os
from pathlib import Path

import typer

from maskr.cli.settings import find_key
from maskr.errors import UsageError
from maskr.keys import Key
from maskr.policy import load


def new(out: Path | None) -> None:
    """Prints a new key, or writes it to a file that nobody else may read."""
    key = Key.new()
    if out is None:
        typer.echo(key.dump())
        return
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(str(out), "this file exists", "name another one") from None
    except OSError as error:
        raise UsageError(str(out), f"cannot be written ({error.strerror})") from None
    with os.fdopen(handle, "w") as file:
        file.write(key.dump() + "\n")
    typer.echo(f"{out}: key {key.fingerprint}", err=True)


def show(policy: Path | None) -> None:
    """Prints the fingerprint of the key that a run would use."""
    typer.echo(find_key(load(policy) if policy else None).fingerprint)
