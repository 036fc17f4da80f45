"""``make bench``: measures, prints a table, writes JSON to ``.bench/``."""

import argparse
import json
import platform
import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl
import psutil
import psycopg
from rich.console import Console
from rich.table import Table

from maskr.db.postgres.programs import find_program
from maskr.db.postgres.server import Server
from tests.bench import maskers, review, tables
from tests.bench.measure import Taken, alternately, median, pipe, program
from tests.bench.tables import Work

_KEY = "00" * 32
_FOLDER = Path(".bench")
# Production's and staging's own: durable writes are switched off in both, for every contestant.
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "shared_buffers": "512MB",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
MASKR, PSQL, LOOP, DUMP = "maskr", "psql | psql", "python loop", "pg_dump + pg_restore"


@dataclass(frozen=True, slots=True)
class Figure:
    """One contest: a piece of work, how large, and what each contestant took (medians)."""

    work: str
    rows: int
    megabytes: float
    taken: dict[str, Taken]

    def ratio(self, reference: str) -> float:
        """maskr's wall over the reference's."""
        return self.taken[MASKR].wall / self.taken[reference].wall


class Bench:
    """Two servers, and the contests between them."""

    def __init__(self, production: Server, staging: Server, times: int) -> None:
        """The servers run; ``times`` is how often each contestant runs."""
        self._production, self._staging, self.times = production, staging, times
        self._postmasters = [psutil.Process(self._pid(server)) for server in (production, staging)]
        major = production.binaries.major
        self._psql = str(find_program("psql", major))
        self.version = major

    def _pid(self, server: Server) -> int:
        with psycopg.connect(server.dsn()) as connection:
            row = connection.execute(
                "SELECT pg_backend_pid(), current_setting('data_directory')"
            ).fetchone()
            assert row is not None
            parent = psutil.Process(row[0]).parent()
            assert parent is not None
            return parent.pid

    def contest(self, label: str, work: Work, *, loop: bool = False) -> Figure:
        """maskr against a bare copy of the same table, alternating."""
        database = f"bench_{label}"
        self._production.create(database, work.script())
        self._staging.create(database, work.ddl)
        source, target = self._production.dsn(database), self._staging.dsn(database)
        policy = _FOLDER / f"{label}.yaml"
        policy.write_text(work.policy_text())
        truncate = f"TRUNCATE {work.name}"
        passes: dict[str, Callable[[], tuple[float, float]]] = {
            PSQL: lambda: pipe(
                [self._psql, "-qXd", source, "-c", f"COPY {work.name} TO STDOUT"],
                [self._psql, "-qXd", target, "-c", truncate, "-c", f"COPY {work.name} FROM STDIN"],
            ),
            MASKR: lambda: program(
                [
                    *(str(Path(sys.executable).parent / "maskr"), "run", str(policy)),
                    *("--source", source, "--target", target, "--load", "refill"),
                ],
                {"MASKR_KEY": _KEY},
            ),
        }
        if loop:
            passes[LOOP] = lambda: program(
                [sys.executable, "-m", "tests.bench.loop", source, target, work.name], {}
            )
        taken = alternately(passes, self.times, self._postmasters)
        size = self._text_size(source, work.name)
        for server in (self._production, self._staging):
            with psycopg.connect(server.dsn(), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {database}")
        medians = {name: median(each) for name, each in taken.items()}
        return Figure(label, work.rows, size / 1e6, medians)

    def whole(self, label: str, script: str, policy_text: str, rows: int) -> Figure:
        """A rebuild of a whole database against pg_dump and pg_restore, two jobs each."""
        database = f"bench_{label}"
        self._production.create(database, script)
        source = self._production.dsn(database)
        policy = _FOLDER / f"{label}.yaml"
        policy.write_text(policy_text)
        major = self._production.binaries.major
        dump, restore = (str(find_program(name, major)) for name in ("pg_dump", "pg_restore"))

        def copy() -> tuple[float, float]:
            folder = _FOLDER / "dump"
            shutil.rmtree(folder, ignore_errors=True)
            with psycopg.connect(self._staging.dsn(), autocommit=True) as connection:
                connection.execute("DROP DATABASE IF EXISTS restored")
                connection.execute("CREATE DATABASE restored")
            first, _ = program([dump, "-Fd", "-j2", "-Z0", "-f", str(folder), "-d", source], {})
            into = self._staging.dsn("restored")
            second, _ = program([restore, "-j2", "-d", into, str(folder)], {})
            return first + second, 0.0

        passes: dict[str, Callable[[], tuple[float, float]]] = {
            DUMP: copy,
            MASKR: lambda: program(
                [
                    *(str(Path(sys.executable).parent / "maskr"), "run", str(policy), "--jobs=2"),
                    *("--source", source, "--target", self._staging.dsn("rebuilt")),
                ],
                {"MASKR_KEY": _KEY},
            ),
        }
        taken = alternately(passes, self.times, self._postmasters)
        with psycopg.connect(source) as connection:
            size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
            assert size is not None
        return Figure(label, rows, size[0] / 1e6, {name: median(t) for name, t in taken.items()})

    def _text_size(self, dsn: str, table: str) -> int:
        with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
            sample = cursor.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert sample is not None
            with cursor.copy(f"COPY (SELECT * FROM {table} LIMIT 10000) TO STDOUT") as copy:
                read = sum(len(line) for line in copy)
            return int(read / min(10000, sample[0]) * sample[0])


def contests(bench: Bench, scale: float, only: str) -> list[Figure]:
    """Those whose name holds ``only``; ``scale`` shrinks every table."""

    def rows(full: int) -> int:
        return max(1000, int(full * scale))

    works = {
        "people": tables.people(rows(2_000_000)),
        "kept": tables.kept(rows(2_000_000)),
        "narrow": tables.narrow(rows(20_000_000)),
        "wide": tables.wide(rows(100_000)),
        "documents": tables.documents(rows(200_000)),
    }
    figures = [
        bench.contest(label, work, loop=label == "people")
        for label, work in works.items()
        if only in label
    ]
    if only in "shop40":
        largest = rows(1_000_000)
        script, policy = tables.shop40(largest)
        figures.append(bench.whole("shop40", script, policy, int(largest / 0.8)))
    if only in "review":
        columns = review.TABLES * len(review.COLUMNS)
        for label, taken in review.measured(_FOLDER, bench.times, MASKR).items():
            size = (_FOLDER / f"{label}.yaml").stat().st_size
            figures.append(Figure(label, columns, size / 1e6, taken))
    return figures


def _print(figures: list[Figure]) -> None:
    table = Table(box=None, header_style="bold")
    headings = ("work", "rows", "MB", "who", "wall s", "rows/s", "MB/s", "CPU s", "servers' CPU s")
    for heading in (*headings, "µs/row", "peak MiB", "maskr is"):
        table.add_column(heading, justify="left" if heading in ("work", "who") else "right")
    for figure in figures:
        for who, taken in figure.taken.items():
            table.add_row(
                *(figure.work, f"{figure.rows:,}", f"{figure.megabytes:,.0f}", who),
                *(f"{taken.wall:.2f}", f"{figure.rows / taken.wall:,.0f}"),
                *(f"{figure.megabytes / taken.wall:,.0f}", f"{taken.program:.2f}"),
                *(f"{taken.servers:.2f}", f"{taken.program / figure.rows * 1e6:.2f}"),
                f"{taken.peak:,.0f}" if taken.peak else "",
                "" if who == MASKR else f"{figure.ratio(who):.2f} x",
            )
    Console(width=150).print(table)


def main() -> None:
    """Measures."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, one pass each")
    parser.add_argument("--scale", type=float, help="shrink every table by this factor")
    parser.add_argument("--times", type=int, help="passes of each contestant (default 3)")
    parser.add_argument("--only", default="", help="only what has this in its name; or maskers")
    options = parser.parse_args()
    scale = options.scale or (0.1 if options.quick else 1.0)
    times = options.times or (1 if options.quick else 3)
    _FOLDER.mkdir(exist_ok=True)
    with ExitStack() as stack:
        production = stack.enter_context(Server(settings=_SETTINGS))
        staging = stack.enter_context(Server(settings=_SETTINGS))
        bench = Bench(production, staging, times)
        figures = contests(bench, scale, options.only)
    machine = {
        "machine": f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GiB",
        "python": platform.python_version(),
        "postgresql": bench.version,
        "polars": pl.__version__,
        "passes": times,
    }
    _print(figures)
    Console().print(", ".join(f"{name} {value}" for name, value in machine.items()))
    told = {"machine": machine, "figures": [asdict(figure) for figure in figures]}
    if options.only in "maskers":
        costs = list(maskers.costs(scale))
        maskers.show(costs)
        told["maskers"] = [asdict(cost) for cost in costs]
    (_FOLDER / "bench.json").write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
