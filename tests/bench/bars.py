"""The bars that maskr is to reach, what was measured beside each, and what must never be passed.

What is held are ratios within one run, and memory: seconds tell of the machine.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.contests import DUMP, LOOP, MASKR, PSQL, Figure, Grown


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        what: in words.
        goal: is to be reached.
        held: what was reached once, and room for a noisy machine: a change that passes it has made
            maskr slower. None where the figure tells as much of the machine.
        work: the figure's name.
        measure: takes the measure of the figure.
        unit: behind the number.
    """

    what: str
    goal: float
    held: float | None
    work: str
    measure: Callable[[Figure], float]
    unit: str = "x"


def _cpu(figure: Figure) -> float:
    return figure.taken[MASKR].program / figure.rows * 1e6


BARS = (
    Bar("people, 7 masked columns, to psql | psql", 1.1, 1.8, "people", lambda f: f.ratio(PSQL)),
    Bar("the same, CPU of maskr itself a row", 1.8, None, "people", _cpu, "µs"),
    Bar("the same, to a plain Python loop", 1 / 3, 0.4, "people", lambda f: f.ratio(LOOP)),
    Bar("the same, peak memory", 300, 330, "people", lambda f: f.taken[MASKR].peak, "MiB"),
    Bar("nothing masked, to psql | psql", 1.05, 1.6, "kept", lambda f: f.ratio(PSQL)),
    Bar(
        "40 tables rebuilt with keys and indexes, to pg_dump + pg_restore",
        *(1.0, 1.65, "shop40"),
        lambda f: f.ratio(DUMP),
    ),
)
#: A row of the largest table may take so many times what one of the smallest takes.
GROWTH_GOAL, GROWTH_HELD = 1.1, 1.3


@dataclass(frozen=True, slots=True)
class Judged:
    """A bar and what was measured."""

    what: str
    goal: float
    held: float | None
    found: float
    unit: str

    @property
    def reached(self) -> bool:
        """Whether the goal is."""
        return self.found <= self.goal

    @property
    def broken(self) -> bool:
        """Whether it is worse than what must be held."""
        return self.held is not None and self.found > max(self.goal, self.held)


def judged(figures: Sequence[Figure], grown: Mapping[int, Grown]) -> Iterator[Judged]:
    """Every bar whose work has been measured."""
    by_work = {figure.work: figure for figure in figures}
    for bar in BARS:
        if bar.work in by_work:
            found = bar.measure(by_work[bar.work])
            yield Judged(bar.what, bar.goal, bar.held, found, bar.unit)
    if len(grown) > 1:
        first, *_, last = sorted(grown)
        what = f"time of a row in {last:,} rows, to one in {first:,}"
        ratio = grown[last].microseconds / grown[first].microseconds
        yield Judged(what, GROWTH_GOAL, GROWTH_HELD, ratio, "x")
        yield Judged(f"peak memory, {last:,} rows", 300, 330, grown[last].peak, "MiB")
