"""Writes what was measured into BENCHMARKS.md, between its marks."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench.bars import Judged
from tests.bench.contests import MASKR, Figure, Grown
from tests.bench.maskers import JSON_BAR, MEDIAN_BAR, SINGLE_BAR, Cost, median_of

PAGE = Path("BENCHMARKS.md")
Machine = Mapping[str, object]


def write(
    machine: Machine,
    figures: Sequence[Figure],
    grown: Mapping[int, Grown],
    bars: Sequence[Judged],
    costs: Sequence[Cost],
) -> None:
    """Puts the tables of what was measured in the place of the last ones of their kind."""
    parts = {
        "copies": list(_copies(figures, bars)),
        "growth": list(_growth(grown)),
        "maskers": list(_maskers(costs)),
    }
    page = PAGE.read_text()
    told = "Measured on " + ", ".join(f"{name} {value}" for name, value in machine.items()) + "."
    for name, tables in parts.items():
        if tables:
            place = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- end -->)", re.DOTALL)
            text = "\n" + "\n\n".join([told, *tables]) + "\n\n"
            page = place.sub(lambda _, text=text: text, page, count=1)  # type: ignore[misc]  # one argument
    PAGE.write_text(page)


def _copies(figures: Sequence[Figure], bars: Sequence[Judged]) -> Iterator[str]:
    if figures:
        yield _table(("bar", "goal", "found", ""), map(_judged, bars))
        yield _table(
            (
                "work",
                "who",
                "wall s",
                "rows/s",
                "CPU µs/row",
                "servers' CPU s",
                "peak MiB",
                "ratio",
            ),
            (_figure(figure, who) for figure in figures for who in figure.taken),
        )


def _growth(grown: Mapping[int, Grown]) -> Iterator[str]:
    if grown:
        yield _table(
            ("rows", "µs a row", "peak MiB"),
            ((f"{n:,}", f"{g.microseconds:.2f}", f"{g.peak:.0f}") for n, g in grown.items()),
        )


def _judged(bar: Judged) -> Sequence[str]:
    goal, found = (f"{number:.2f} {bar.unit}" for number in (bar.goal, bar.found))
    return bar.what, f"≤ {goal}", found, "reached" if bar.reached else "missed"


def _figure(figure: Figure, who: str) -> Sequence[str]:
    taken = figure.taken[who]
    return (
        *(f"{figure.work}, {figure.rows:,} rows", who, f"{taken.wall:.2f}"),
        *(f"{figure.rows / taken.wall:,.0f}", f"{taken.program / figure.rows * 1e6:.2f}"),
        f"{taken.peak:.0f}" if taken.peak else "",
        "" if who == MASKR else f"maskr is {figure.ratio(who):.2f} x",
    )


def _maskers(costs: Sequence[Cost]) -> Iterator[str]:
    if costs:
        yield (
            f"Maskers, ns of CPU a value. The median of single values is {median_of(costs):,.0f} "
            f"(goal {MEDIAN_BAR}); each may take {SINGLE_BAR:,}, a document {JSON_BAR:,}."
        )
        yield _table(
            ("masker", "distinct", "of 5,000", ""),
            (
                (c.masker, f"{c.distinct:,.0f}", f"{c.repeated:,.0f}", "over" if c.over else "")
                for c in sorted(costs, key=lambda cost: -cost.distinct)
            ),
        )


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    escaped = ([cell.replace("|", r"\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)
