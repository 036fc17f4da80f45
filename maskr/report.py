"""What happened in a run, as values: counts and names, never a row's value."""

import html
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from maskr import __version__
from maskr.errors import Finding, UsageError
from maskr.keys import Key
from maskr.plan import Plan
from maskr.run import Result, TableResult


@dataclass(frozen=True, slots=True)
class Report:
    """One run.

    Attributes:
        source, target: the databases' names; target is empty for a dry run.
        policy: the files that were read.
        key: the key's fingerprint.
        versions: of what the fakes depend on.
        started: UTC, ISO 8601.
        warnings: the checks' warnings, one line each.
        left_out: what of production is knowingly not in staging.
    """

    source: str
    target: str
    policy: tuple[str, ...]
    key: str
    versions: dict[str, str]
    started: str
    seconds: float
    columns: int
    masked: int
    tables: tuple[TableResult, ...]
    warnings: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)

    def as_json(self) -> dict[str, object]:
        """The report as JSON's types."""
        said = asdict(self)
        said["tables"] = [table_json(table) for table in self.tables]
        return {"event": "run", "rows": self.rows, **said}


def make_report(
    plan: Plan,
    result: Result,
    key: Key,
    *,
    source: str,
    target: str,
    policy: tuple[str, ...],
    left_out: tuple[str, ...],
    warnings: tuple[str, ...] = (),
) -> Report:
    """Puts together what a run knows; ``warnings`` go with those of the checks."""
    started = datetime.now(UTC).timestamp() - result.seconds
    return Report(
        source=source,
        target=target,
        policy=policy,
        key=key.fingerprint,
        versions={"maskr": __version__, "faker": version("faker")},
        started=datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
        seconds=round(result.seconds, 3),
        columns=plan.columns,
        masked=plan.masked,
        tables=result.tables,
        warnings=(*(_line(finding) for finding in plan.findings), *warnings),
        left_out=left_out,
    )


def _line(finding: Finding) -> str:
    return str(finding)


def rate(table: TableResult) -> int:
    """Rows a second."""
    return round(table.rows / table.seconds) if table.seconds > 0 else 0


def table_json(table: TableResult) -> dict[str, object]:
    """One table as JSON's types: what ``maskr run`` prints a line of."""
    return {
        "event": "table",
        "table": str(table.name),
        "rows": table.rows,
        "bytes_read": table.bytes_read,
        "bytes_written": table.bytes_written,
        "masked": list(table.masked),
        "invalid": dict(table.invalid),
        "seconds": round(table.seconds, 3),
        "rows_per_second": rate(table),
    }


def make_folder(folder: Path) -> None:
    """Makes the folder that a report will go to, so that a run need not end for want of one.

    Raises:
        UsageError: it cannot be made, or not be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(folder: Path, error: OSError) -> UsageError:
    hint = "name a folder that may be written to"
    return UsageError(str(folder), f"cannot be written to ({error.strerror})", hint)


def write_report(report: Report, folder: Path) -> None:
    """Writes ``report.json``, ``report.html`` and ``metrics.prom`` (Prometheus' text format).

    Raises:
        UsageError: the folder cannot be written to.
    """
    files = {
        "report.json": json.dumps(report.as_json(), indent=2) + "\n",
        "report.html": as_html(report),
        "metrics.prom": "".join(f"{line}\n" for line in as_metrics(report)),
    }
    try:
        for name, text in files.items():
            # A collector may read at any moment: it sees the old file or the new one, whole.
            draft = folder / f".{name}.part"
            draft.write_text(text, "utf-8")
            draft.replace(folder / name)
    except OSError as error:
        raise _unwritable(folder, error) from None


def as_metrics(report: Report) -> Iterator[str]:
    """For a node exporter's textfile collector; names follow Prometheus' conventions."""
    gauges = {
        "maskr_run_duration_seconds": report.seconds,
        "maskr_run_rows": report.rows,
        "maskr_run_masked_columns": report.masked,
        "maskr_run_warnings": len(report.warnings),
        "maskr_run_completed_timestamp_seconds": datetime.now(UTC).timestamp(),
    }
    for name, value in gauges.items():
        yield f"# TYPE {name} gauge"
        yield f"{name} {value}"
    yield "# TYPE maskr_table_rows gauge"
    for table in report.tables:
        label = str(table.name).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        yield f'maskr_table_rows{{table="{label}"}} {table.rows}'


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>maskr: {title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ border-bottom: 1px solid #8884; padding: .3rem .6rem; text-align: left }}
td.n, th.n {{ text-align: right; font-variant-numeric: tabular-nums }}
dt {{ font-weight: 600 }} dd {{ margin: 0 0 .5rem }}
:root {{ color-scheme: light dark }}
</style></head><body>
<h1>{title}</h1>
<dl>{facts}</dl>
<table><thead><tr><th>Table</th><th class="n">Rows</th><th>Masked columns</th>
<th class="n">Seconds</th><th class="n">Rows/s</th></tr></thead><tbody>
{rows}
</tbody></table>
{notes}
</body></html>
"""


def as_html(report: Report) -> str:
    """One page without scripts or anything fetched."""
    title = f"{report.source} → {report.target or 'nothing (dry run)'}"
    facts = {
        "Started": report.started,
        "Took": f"{report.seconds:.1f} s",
        "Rows": f"{report.rows:,}",
        "Columns": f"{report.columns} decided, {report.masked} masked",
        "Policy": ", ".join(report.policy),
        "Key": report.key,
        "Versions": ", ".join(f"{name} {number}" for name, number in report.versions.items()),
    }
    lists = {"Warnings": report.warnings, "Left out": report.left_out}
    return _PAGE.format(
        title=html.escape(title),
        facts="".join(
            f"<dt>{name}</dt><dd>{html.escape(value)}</dd>" for name, value in facts.items()
        ),
        rows="\n".join(_html_row(table) for table in report.tables),
        notes="".join(
            f"<h2>{name}</h2><ul>{''.join(f'<li>{html.escape(line)}</li>' for line in lines)}</ul>"
            for name, lines in lists.items()
            if lines
        ),
    )


def _said(table: TableResult, column: str) -> str:
    count = table.invalid.get(column)
    return f"{column} ({count:,} unreadable)" if count else column


def _html_row(table: TableResult) -> str:
    masked = html.escape(", ".join(_said(table, name) for name in table.masked)) or "none"
    return (
        f'<tr><td>{html.escape(str(table.name))}</td><td class="n">{table.rows:,}</td>'
        f'<td>{masked}</td><td class="n">{table.seconds:.2f}</td>'
        f'<td class="n">{rate(table):,}</td></tr>'
    )
