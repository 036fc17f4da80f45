"""The databases that tests run on: one cluster a session (and xdist worker), one clone a test.

A test that asks for one and finds no PostgreSQL fails; it is never skipped.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from maskr.db.postgres.programs import Binaries, Origin, binaries_in, find_binaries
from maskr.db.postgres.server import Server

_ORIGINS: dict[str, Origin] = {"system": "system", "embedded": "embedded"}
_numbers = count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        metavar="system|embedded|BINDIR",
        help="the PostgreSQL to start; default: the system's, else the embedded one",
    )
    parser.addoption(
        "--test-dsn",
        metavar="DSN",
        help="a superuser's DSN (its password in it) of a server that runs already: used instead",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "database: needs a PostgreSQL (set by what a test asks for)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"binaries", "server"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("database")


@pytest.fixture(scope="session", autouse=True)
def plain_environment() -> Iterator[None]:
    """What libpq and maskr would read from the developer's own environment is gone."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("PG", "MASKR_")):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def binaries(pytestconfig: pytest.Config) -> Binaries:
    """The programs of the PostgreSQL that was chosen."""
    chosen = pytestconfig.getoption("--postgres")
    if chosen is None:
        return find_binaries("system", "embedded")
    return find_binaries(_ORIGINS[chosen]) if chosen in _ORIGINS else binaries_in(Path(chosen))


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Callable[[str], str]]:
    """The session's cluster: gives the DSN of one of its databases by name."""
    given = request.config.getoption("--test-dsn")
    if given:
        yield lambda dbname: make_conninfo(given, dbname=dbname)
        return
    with Server(request.getfixturevalue("binaries")) as started:
        yield started.dsn


@pytest.fixture(scope="session")
def maintenance(server: Callable[[str], str]) -> Iterator[psycopg.Connection]:
    """A superuser's session, in autocommit, that creates and drops databases."""
    with psycopg.connect(server("postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def make_database(
    server: Callable[[str], str], maintenance: psycopg.Connection
) -> Iterator[Callable[..., str]]:
    """``make_database(hint, template=None, sql=None)`` → DSN; dropped when the test ends."""
    with ExitStack() as drops:
        yield _maker(server, maintenance, drops)


@pytest.fixture(scope="session")
def templates(
    server: Callable[[str], str], maintenance: psycopg.Connection
) -> Iterator[Callable[[str], str]]:
    """``templates(text)`` → name of a database that this SQL has filled, once a session."""
    with ExitStack() as drops:
        make = _maker(server, maintenance, drops)
        made: dict[str, str] = {}

        def template(text: str) -> str:
            if text not in made:
                made[text] = str(conninfo_to_dict(make("template", sql=text))["dbname"])
            return made[text]

        yield template


@pytest.fixture
def cloned(
    make_database: Callable[..., str], templates: Callable[[str], str]
) -> Callable[..., str]:
    """``cloned(path, hint="db")`` → DSN of a fresh database filled by that SQL file."""

    def clone(path: Path, hint: str = "db") -> str:
        return make_database(hint, template=templates(path.read_text(encoding="utf-8")))

    return clone


def _maker(
    server: Callable[[str], str], maintenance: psycopg.Connection, drops: ExitStack
) -> Callable[..., str]:
    def make(hint: str, template: str | None = None, sql: str | None = None) -> str:
        # The process's number keeps xdist's workers apart on a --test-dsn.
        name = f"{hint}_{os.getpid()}_{next(_numbers)}"
        create, drop = _statements(name, template or "template0")
        maintenance.execute(create)
        drops.callback(maintenance.execute, drop)
        if sql is not None:
            with psycopg.connect(server(name), autocommit=True) as connection:
                connection.execute(sql.encode())
        return server(name)

    return make


def _statements(name: str, template: str) -> tuple[sql.Composed, sql.Composed]:
    database = sql.Identifier(name)
    return (
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(database, sql.Identifier(template)),
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database),
    )
