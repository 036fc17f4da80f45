"""Starts maskr as tests do: within this process, or as a program of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from maskr.cli.app import app
from maskr.keys import Key

ROOT = Path(__file__).parents[1]
KEY = Key(bytes(range(32)))
# Into the tables that are there, for what only that way of loading does.
REFILL = ("--load", "refill")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON lines of standard output."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> dict[str, Any]:
        """The one JSON line of standard error."""
        said: dict[str, Any] = json.loads(self.err)
        return said


def maskr(*arguments: object, env: Mapping[str, str] | None = None) -> Ended:
    """Runs a command within this process, with the tests' key unless ``env`` says otherwise."""
    given = {"MASKR_KEY": KEY.dump()} if env is None else dict(env)
    done = CliRunner().invoke(app, [str(each) for each in arguments], env=given)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Ended(done.exit_code, done.stdout, done.stderr)


def program(*arguments: object) -> list[str]:
    """The command line of a maskr of its own."""
    start = "from maskr.cli import main; main()"
    return [sys.executable, "-c", start, *(str(each) for each in arguments)]


def start(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Starts a maskr of its own, with the tests' key."""
    return subprocess.Popen(
        program(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "MASKR_KEY": KEY.dump()},
        **options,
    )
