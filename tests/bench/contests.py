"""The contests: maskr and what it is measured by, alternating over the same rows."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median as median_of

import psutil
import psycopg

from maskr.db.postgres.programs import find_program
from maskr.db.postgres.server import Server
from tests.bench import review, tables
from tests.bench.measure import Taken, alternately, median, output, pipe, program
from tests.bench.tables import Work

_KEY = "00" * 32
FOLDER = Path(".bench")
# Production's and staging's own: durable writes are switched off in both, for every contestant.
SETTINGS = {
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


@dataclass(frozen=True, slots=True)
class Grown:
    """What a table of one size took: µs a row from its first chunk to its last, and peak MiB."""

    microseconds: float
    peak: float


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
        with self._tables(f"bench_{label}", work) as (source, target):
            refill = self._refill(self._policy(label, work.policy_text()), source, target)
            # A copy that the planner knows nothing of is no staging yet: maskr's ends so, too.
            truncate, analyse = f"TRUNCATE {work.name}", f"ANALYZE {work.name}"
            to, into = f"COPY {work.name} TO STDOUT", f"COPY {work.name} FROM STDIN"
            passes: dict[str, Callable[[], tuple[float, float]]] = {
                PSQL: lambda: pipe(
                    [self._psql, "-qXd", source, "-c", to],
                    [self._psql, "-qXd", target, "-c", truncate, "-c", into, "-c", analyse],
                ),
                MASKR: lambda: program(refill, {"MASKR_KEY": _KEY}),
            }
            if loop:
                passes[LOOP] = lambda: program(
                    [sys.executable, "-m", "tests.bench.loop", source, target, work.name], {}
                )
            taken = alternately(passes, self.times, self._postmasters)
            size = self._text_size(source, work.name)
        medians = {name: median(each) for name, each in taken.items()}
        return Figure(label, work.rows, size / 1e6, medians)

    @contextmanager
    def _tables(self, database: str, work: Work) -> Iterator[tuple[str, str]]:
        """The table filled in production and empty in staging: their DSNs."""
        self._production.create(database, work.script())
        self._staging.create(database, work.ddl)
        yield self._production.dsn(database), self._staging.dsn(database)
        for server in (self._production, self._staging):
            with psycopg.connect(server.dsn(), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {database}")

    def _policy(self, label: str, text: str) -> Path:
        path = FOLDER / f"{label}.yaml"
        path.write_text(text)
        return path

    def _refill(self, policy: Path, source: str, target: str) -> list[str]:
        return [
            *(str(Path(sys.executable).parent / "maskr"), "run", str(policy)),
            *("--source", source, "--target", target, "--load", "refill"),
        ]

    def growth(self, work: Callable[[int], Work], rows: Sequence[int]) -> dict[int, Grown]:
        """What a row and its memory take in tables of these sizes, one after the other."""
        found: dict[int, Grown] = {}
        for count in rows:
            made = work(count)
            with self._tables(f"growth_{count}", made) as (source, target):
                policy = self._policy(f"growth_{count}", made.policy_text())
                passes = [
                    output(self._refill(policy, source, target), {"MASKR_KEY": _KEY})
                    for _ in range(self.times)
                ]
            seconds = [json.loads(text.splitlines()[0])["seconds"] for text, _ in passes]
            found[count] = Grown(median_of(seconds) / count * 1e6, max(peak for _, peak in passes))
        return found

    def whole(self, label: str, script: str, policy_text: str, rows: int) -> Figure:
        """A rebuild of a whole database against pg_dump and pg_restore, two jobs each."""
        database = f"bench_{label}"
        self._production.create(database, script)
        source = self._production.dsn(database)
        policy = self._policy(label, policy_text)
        major = self._production.binaries.major
        dump, restore = (str(find_program(name, major)) for name in ("pg_dump", "pg_restore"))

        def copy() -> tuple[float, float]:
            folder = FOLDER / "dump"
            shutil.rmtree(folder, ignore_errors=True)
            with psycopg.connect(self._staging.dsn(), autocommit=True) as connection:
                connection.execute("DROP DATABASE IF EXISTS restored")
                connection.execute("CREATE DATABASE restored")
            first, _ = program([dump, "-Fd", "-j2", "-Z0", "-f", str(folder), "-d", source], {})
            into = self._staging.dsn("restored")
            second, _ = program([restore, "-j2", "-d", into, str(folder)], {})
            with psycopg.connect(into, autocommit=True) as connection:
                connection.execute("ANALYZE")
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


def contests(bench: Bench, scale: float, wanted: Callable[[str], bool]) -> list[Figure]:
    """Those that are wanted; ``scale`` shrinks every table."""

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
        if wanted(label)
    ]
    if wanted("shop40"):
        largest = rows(1_000_000)
        script, policy = tables.shop40(largest)
        figures.append(bench.whole("shop40", script, policy, int(largest / 0.8)))
    if wanted("review"):
        columns = review.TABLES * len(review.COLUMNS)
        for label, taken in review.measured(FOLDER, bench.times, MASKR).items():
            size = (FOLDER / f"{label}.yaml").stat().st_size
            figures.append(Figure(label, columns, size / 1e6, taken))
    return figures
