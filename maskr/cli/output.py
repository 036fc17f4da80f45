"""How a run is told: progress and a table on a terminal, JSON lines anywhere else."""

import json
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from maskr.cli.formats import LogFormat
from maskr.db import Size
from maskr.model import TableName
from maskr.report import Report, rate, table_json
from maskr.run import TableResult


def chosen(log_format: LogFormat | None) -> LogFormat:
    """The format asked for; else text on a terminal and JSON anywhere else."""
    return log_format or (LogFormat.TEXT if sys.stdout.isatty() else LogFormat.JSON)


class Lines:
    """A watcher that prints one JSON line a table."""

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""

    def started(self, table: TableName) -> None:
        """Nothing: quiet until it is done."""

    def advanced(self, table: TableName, rows: int, size: int) -> None:
        """Nothing: quiet until it is done."""

    def ended(self, result: TableResult) -> None:
        """The table's line."""
        sys.stdout.write(json.dumps(table_json(result)) + "\n")
        sys.stdout.flush()

    def phase(self, name: str) -> None:
        """Nothing: quiet until it is done."""


class Quiet(Lines):
    """A watcher that says nothing."""

    def ended(self, result: TableResult) -> None:
        """Nothing."""


class _Rate(ProgressColumn):
    """Rows and MB a second, over the task's whole time."""

    def render(self, task: Task) -> Text:
        elapsed = task.elapsed or 0
        if not elapsed:
            return Text("")
        rows = task.fields["rows"] / elapsed
        megabytes = task.fields["size"] / elapsed / 1e6
        return Text(f"{rows:,.0f} rows/s  {megabytes:,.1f} MB/s", style="cyan")


class Bars:
    """A watcher that draws on standard error: a bar for each table under way, one for all."""

    def __init__(self, sizes: Mapping[TableName, Size]) -> None:
        """``sizes`` are estimates of the tables that will come."""
        self._sizes = sizes
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[rows]:>12,} rows"),
            _Rate(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        total = sum(size.bytes for size in sizes.values())
        self._all = self._progress.add_task("all tables", total=total or None, rows=0, size=0)
        self._tables: dict[TableName, TaskID] = {}
        self._phase: TaskID | None = None
        self._counting = threading.Lock()  # several tables may be under way

    def __enter__(self) -> Self:
        """Begins to draw."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wipes the bars away."""
        self._progress.stop()

    def started(self, table: TableName) -> None:
        """A new bar for the table."""
        self._end_phase()
        size = self._sizes.get(table)
        total = size.bytes if size else None
        self._tables[table] = self._progress.add_task(str(table), total=total, rows=0, size=0)

    def advanced(self, table: TableName, rows: int, size: int) -> None:
        """Both bars move on."""
        with self._counting:
            for number in (self._all, self._tables[table]):
                fields = self._progress.tasks[self._progress.task_ids.index(number)].fields
                counts = {"rows": fields["rows"] + rows, "size": fields["size"] + size}
                self._progress.update(number, advance=size, **counts)

    def ended(self, result: TableResult) -> None:
        """Its bar goes; the bar of all stays."""
        self._progress.remove_task(self._tables.pop(result.name))

    def phase(self, name: str) -> None:
        """Named in the place of the tables."""
        self._end_phase()
        self._phase = self._progress.add_task(name, total=None, rows=0, size=0)

    def _end_phase(self) -> None:
        if self._phase is not None:
            self._progress.remove_task(self._phase)
            self._phase = None


def print_report(report: Report) -> None:
    """The result as a table that a DBA likes to read."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True)
    seconds = sum(each.seconds for each in report.tables)
    table.add_column("table", footer="total")
    table.add_column("rows", justify="right", footer=f"{report.rows:,}")
    table.add_column("masked columns", footer=f"{report.masked} of {report.columns}")
    table.add_column("seconds", justify="right", footer=f"{seconds:.2f}")
    speed = f"{report.rows / seconds:,.0f}" if seconds else ""
    table.add_column("rows/s", justify="right", footer=speed)
    for each in report.tables:
        masked = Text(", ".join(each.masked) or "-", style="" if each.masked else "dim")
        row = (f"{each.rows:,}", masked, f"{each.seconds:.2f}", f"{rate(each):,}")
        table.add_row(Text(str(each.name)), *row)
    console = Console(highlight=False)
    console.print(table)
    done = (
        f"{report.source} → {report.target}" if report.target else "nothing was written (dry run)"
    )
    console.print(f"\n{done}, key {report.key}, {report.seconds:.1f} s", style="green")
    for line in report.warnings:
        console.print(Text(line, style="yellow"), soft_wrap=True)
    for line in report.left_out:
        console.print(Text(f"left out: {line}", style="dim"), soft_wrap=True)
