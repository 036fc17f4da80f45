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
from hypothesis import settings
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Composed, Identifier

from maskr.db.postgres.programs import Binaries, Origin, binaries_in, find_binaries
from maskr.db.postgres.server import Server
from tests.command import maskr

_ORIGINS: dict[str, Origin] = {"system": "system", "embedded": "embedded"}
_ROOT = Path(__file__).parents[1]

# How long an example takes says more of the machine than of the code: the first one imports faker.
settings.register_profile("maskr", deadline=None)
settings.load_profile("maskr")
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
    with Server(request.getfixturevalue("binaries"), base=_in_memory()) as started:
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


@pytest.fixture(scope="session")
def lasting_database(
    server: Callable[[str], str], maintenance: psycopg.Connection
) -> Iterator[Callable[..., str]]:
    """``make_database`` for what all tests of a session look at and none of them changes."""
    with ExitStack() as drops:
        yield _maker(server, maintenance, drops)


@pytest.fixture(scope="session")
def shop(server: Callable[[str], str], templates: Callable[[str], str]) -> str:
    """The DSN of the demo's production: to read from; `cloned` gives one that may be changed."""
    return server(templates((_ROOT / "fixtures" / "shop.sql").read_text("utf-8")))


@pytest.fixture(scope="session")
def staging(shop: str, lasting_database: Callable[..., str]) -> str:
    """The DSN of that shop's staging, masked with the tests' key: to look at."""
    target = lasting_database("shop_staging")
    ended = maskr("run", _ROOT / "rules/shop.yaml", "--source", shop, "--target", target)
    assert ended.code == 0, ended.err
    return target


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
        maintenance.execute(_create(name, template or "template0", maintenance.info))
        drop = SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        drops.callback(maintenance.execute, drop.format(Identifier(name)))
        if sql is not None:
            with psycopg.connect(server(name), autocommit=True) as connection:
                connection.execute(sql.encode())
        return server(name)

    return make


def _create(name: str, template: str, info: psycopg.ConnectionInfo) -> Composed:
    # Copying files is twice as fast as logging pages, which is the default since 15.
    strategy = " STRATEGY file_copy" if info.server_version >= 150_000 else ""
    create = SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template))
    return create + SQL(strategy)


def _in_memory() -> Path | None:
    """A roomy file system in memory, if there is one: 40 ms a clone, and up to 500 on a disk.

    One that runs no programs (a container's) will not do: the server's may be copied there.
    """
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        return None
    room = os.statvfs(memory)
    roomy = room.f_bavail * room.f_frsize > 4 << 30
    return memory if roomy and not room.f_flag & os.ST_NOEXEC else None
