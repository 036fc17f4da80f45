"""``make bench``: measures, prints tables, writes JSON to ``.bench/``."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict

import polars as pl
import psutil
from rich.console import Console
from rich.table import Table

from maskr.db.postgres.server import Server
from tests.bench import maskers, page, tables
from tests.bench.bars import Judged, judged
from tests.bench.contests import FOLDER, MASKR, SETTINGS, Bench, Figure, contests

WORKS = (
    *("people", "kept", "narrow", "wide", "documents", "shop40", "review"),
    *("growth", "maskers"),
)
_HEADINGS = (
    *("work", "rows", "MB", "who", "wall s", "rows/s", "MB/s", "CPU s", "servers' CPU s"),
    *("µs/row", "peak MiB", "maskr is"),
)


def _cells(figure: Figure, who: str) -> Sequence[str]:
    taken = figure.taken[who]
    return (
        *(figure.work, f"{figure.rows:,}", f"{figure.megabytes:,.0f}", who),
        *(f"{taken.wall:.2f}", f"{figure.rows / taken.wall:,.0f}"),
        *(f"{figure.megabytes / taken.wall:,.0f}", f"{taken.program:.2f}"),
        *(f"{taken.servers:.2f}", f"{taken.program / figure.rows * 1e6:.2f}"),
        f"{taken.peak:,.0f}" if taken.peak else "",
        "" if who == MASKR else f"{figure.ratio(who):.2f} x",
    )


def _show(figures: Sequence[Figure], bars: Sequence[Judged]) -> None:
    console = Console(width=150)
    table = Table(box=None, header_style="bold")
    for heading in _HEADINGS:
        table.add_column(heading, justify="left" if heading in ("work", "who") else "right")
    for figure in figures:
        for who in figure.taken:
            table.add_row(*_cells(figure, who))
    console.print(table)
    table = Table(box=None, header_style="bold")
    for heading in ("bar", "goal", "found", ""):
        table.add_column(heading)
    for bar in bars:
        verdict = "reached" if bar.reached else "[red]broken" if bar.broken else "missed"
        table.add_row(
            bar.what, f"{bar.goal:.2f} {bar.unit}", f"{bar.found:.2f} {bar.unit}", verdict
        )
    console.print(table)


def main() -> None:
    """Measures."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows, one pass each")
    parser.add_argument("--scale", type=float, help="shrink every table by this factor")
    parser.add_argument("--times", type=int, help="passes of each contestant (default 3)")
    parser.add_argument(
        "--only",
        type=lambda text: tuple(text.split(",")),
        default=(),
        metavar="WORK,...",
        help=f"only these of {', '.join(WORKS)}",
    )
    parser.add_argument(
        "--hold", action="store_true", help="fail where a ratio is worse than what has been reached"
    )
    parser.add_argument("--write", action="store_true", help="put the tables into BENCHMARKS.md")
    options = parser.parse_args()
    if options.hold and (options.quick or options.scale):
        parser.error("--hold needs the whole tables: small ones tell of the start-up")
    scale = options.scale or (0.1 if options.quick else 1.0)
    times = options.times or (1 if options.quick else 3)

    def wanted(work: str) -> bool:
        return not options.only or work in options.only

    FOLDER.mkdir(exist_ok=True)
    # An installed program has its bytecode; where none may be written, each start would compile.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with ExitStack() as stack:
        production = stack.enter_context(Server(settings=SETTINGS))
        staging = stack.enter_context(Server(settings=SETTINGS))
        bench = Bench(production, staging, times)
        figures = contests(bench, scale, wanted)
        sizes = [int(200_000 * scale), int(20_000_000 * scale)]
        grown = bench.growth(tables.narrow, sizes) if wanted("growth") else {}
    machine = {
        "machine": f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GiB",
        "python": platform.python_version(),
        "postgresql": bench.version,
        "polars": pl.__version__,
        "passes": times,
    }
    bars = list(judged(figures, grown))
    _show(figures, bars)
    Console().print(", ".join(f"{name} {value}" for name, value in machine.items()))
    told = {
        "machine": machine,
        "figures": [asdict(figure) for figure in figures],
        "growth": {rows: asdict(each) for rows, each in grown.items()},
        "bars": [asdict(bar) for bar in bars],
    }
    costs = list(maskers.costs(scale)) if wanted("maskers") else []
    if costs:
        maskers.show(costs)
        told["maskers"] = [asdict(cost) for cost in costs]
    if options.write:
        page.write(machine, figures, grown, bars, costs)
    (FOLDER / "bench.json").write_text(json.dumps(told, indent=2) + "\n")
    if options.hold and any(bar.broken for bar in bars):
        sys.exit("make bench: maskr has become slower than it was; see the bars marked broken")


if __name__ == "__main__":
    main()
