"""``maskr fmt``: lays policies out anew; ``maskr schema``: what an editor needs to know of them."""

import json
import os
from pathlib import Path

import typer

from maskr.errors import UsageError
from maskr.maskers import registry
from maskr.policy import format_text, json_schema


def fmt(files: list[Path], only_check: bool) -> None:
    """Rewrites each file that is not laid out evenly; what it says and its comments stay.

    Raises:
        PolicyError: a file is not YAML; the files before it are done.
        UsageError: a file cannot be read or written.
        typer.Exit: with 1: a file is to be rewritten, and was only to be checked.
    """
    uneven = [file for file in files if _lay_out(file, only_check)]
    for file in uneven:
        typer.echo(f"{'would rewrite' if only_check else 'rewrote'} {file}", err=True)
    if uneven and only_check:
        raise typer.Exit(1)


def _lay_out(file: Path, only_check: bool) -> bool:
    try:
        before = file.read_bytes()
        after = format_text(before.decode("utf-8"), str(file)).encode()
        if after != before and not only_check:
            _replace(file, after)
    except OSError as error:
        raise UsageError(str(file), (error.strerror or "no such path").lower()) from None
    except UnicodeDecodeError:
        raise UsageError(str(file), "is not UTF-8", "save it as UTF-8") from None
    return after != before


def _replace(file: Path, content: bytes) -> None:
    """Whole or not at all, with the rights it had; through a link, where it leads."""
    real = file.resolve()
    beside = real.with_name(f".{real.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.chmod(real.stat().st_mode)
        beside.replace(real)
    finally:
        beside.unlink(missing_ok=True)


def schema() -> None:
    """Prints the JSON Schema of a policy, each masker with its parameters."""
    described = {
        name: {**masker.schema(), "description": masker.page.partition("\n")[0]}
        for name, masker in registry().items()
    }
    typer.echo(json.dumps(json_schema(described), indent=2))
