"""The README is true: its commands run, its policy holds, its exit codes are those of the code."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from psycopg.conninfo import conninfo_to_dict

from maskr.cli.app import app
from maskr.errors import MaskrError, PolicyError
from tests.command import ROOT
from tests.databases import column, rows
from tests.test_floors import STOREYS

README = (ROOT / "README.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
PRODUCTION = """
    CREATE TABLE customers (
        id int PRIMARY KEY, email text NOT NULL UNIQUE, name text, birth_date date, country char(2)
    );
    CREATE TABLE orders (
        id int PRIMARY KEY, customer text REFERENCES customers (email), placed_at date, note text
    );
    CREATE TABLE audit_log (line text);
    INSERT INTO customers VALUES (1, 'zorvika@qormail.example', 'Zorvika', '1970-01-02', 'NL');
    INSERT INTO orders VALUES (7, 'zorvika@qormail.example', '2025-01-02', 'for Zorvika');
    INSERT INTO audit_log VALUES ('Zorvika came');
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def databases(make_database: Callable[..., str]) -> dict[str, str]:
    return {
        "production": make_database("production", sql=PRODUCTION),
        "staging": make_database("staging"),
    }


@pytest.fixture
def shell(tmp_path: Path, databases: dict[str, str]) -> Callable[[str], str]:
    """Runs a script where the README's policy is, and both services are known to libpq."""
    services = "".join(
        f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in conninfo_to_dict(dsn).items())
        for name, dsn in databases.items()
    )
    (tmp_path / "services.conf").write_text(services)
    (tmp_path / "policy.yaml").write_text(blocks("yaml")[0])
    command = tmp_path / "bin" / "maskr"
    command.parent.mkdir()
    start = "from maskr.cli import main; main()"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{start}" "$@"\n')
    command.chmod(0o755)
    env = {
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PGSERVICEFILE": str(tmp_path / "services.conf"),
    }

    def run(script: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_the_first_run_works_as_it_is_written(
    shell: Callable[[str], str], databases: dict[str, str]
) -> None:
    _, commands = blocks("sh")
    out = shell(commands)
    staging = databases["staging"]
    assert column(staging, "SELECT count(*) FROM orders JOIN customers ON customer = email") == [1]
    assert column(staging, "SELECT count(*) FROM audit_log") == [0]
    found = rows(staging, "SELECT c::text, o::text FROM customers c, orders o")
    assert not re.search("zorvika", f"{out}{found}", re.IGNORECASE)


def test_the_cron_line_is_one_and_its_options_exist() -> None:
    [line] = blocks("cron")
    assert re.match(r"(\S+ ){5} ?MASKR_KEY_FILE=\S+ maskr run ", line)
    assert "%" not in line  # which cron takes for a line break
    assert {each for each in shlex.split(line) if each.startswith("--")} <= options("run")


def options(command: str) -> set[str]:
    group = typer.main.get_command(app)
    found = group.commands[command]  # type: ignore[attr-defined]  # a click group has them
    return {
        name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)
    }


def test_every_command_and_option_that_is_named_exists() -> None:
    group = typer.main.get_command(app)
    known = set(group.commands)  # type: ignore[attr-defined]  # a click group has them
    named = set(re.findall(r"\bmaskr ([a-z]+)\b", "\n".join(blocks("sh")) + _inline(README)))
    assert named - {"demo"} <= known
    every = {name for command in known - {"key"} for name in options(command)} | {"--out", "--help"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) <= every


def _inline(text: str) -> str:
    return "\n".join(re.findall(r"`([^`\n]+)`", text))


def test_the_exit_codes_are_those_of_the_code() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    raised = {kind.exit_code for kind in _all_below(MaskrError)} | {MaskrError.exit_code}
    assert told == raised | {0, 1, 130}
    assert PolicyError.exit_code in raised


def _all_below(kind: type[MaskrError]) -> set[type[MaskrError]]:
    below = set(kind.__subclasses__())
    return below | {deeper for each in below for deeper in _all_below(each)}


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:.*##", makefile, re.MULTILINE)


@pytest.mark.parametrize("text", [README, ARCHITECTURE], ids=["README", "ARCHITECTURE"])
def test_every_file_that_is_linked_is_there(text: str) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target


def test_the_map_shows_the_floors_that_the_layer_test_holds() -> None:
    drawn = [
        set(re.findall(r"`(\w+)`", row))
        for row in re.findall(r"^\| \d+ \| ([^|]+) \|", ARCHITECTURE, re.MULTILINE)
    ]
    assert drawn[::-1] == [set(rooms) for rooms in STOREYS]
