"""``maskr preview``: a masked sample of a table; writes nothing."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from maskr.cli.settings import find_key
from maskr.db.postgres.source import PostgresSource
from maskr.errors import UsageError
from maskr.model import TableName
from maskr.plan import compile
from maskr.policy import load
from maskr.preview import Sample, sample

_WIDEST = 60  # characters of a cell; what is longer is cut on the screen


def preview(
    policy: Path, source: str, table: str, rows: int, show_original: bool, ephemeral_key: bool
) -> None:
    """Prints a masked sample of a table."""
    read = load(policy)
    key = find_key(read, ephemeral_key)
    name = _table_name(table)
    with PostgresSource(source) as database:
        plan = compile(read, database.schema())
        chosen = next((each for each in plan.tables if each.name == name), None)
        if chosen is None:
            raise UsageError(f"--table {table}", "there is no such table", "see the schema")
        if chosen.read is None:
            raise UsageError(f"--table {table}", "its rows are not copied (rows: none)")
        print_sample(str(name), sample(chosen, key, database, rows), show_original)


def print_sample(title: str, taken: Sample, show_original: bool) -> None:
    """A sample as a table, one line a row; with originals, each above its fake."""
    table = Table(title=title, title_justify="left", header_style="bold", show_lines=show_original)
    for name in taken.columns:
        table.add_column(name, style="green" if name in taken.masked else "", overflow="fold")
    for before, after in zip(taken.before.iter_rows(), taken.after.iter_rows(), strict=True):
        cells = [
            _cell(old, new, show_original and name in taken.masked)
            for name, old, new in zip(taken.columns, before, after, strict=True)
        ]
        table.add_row(*cells)
    Console(highlight=False).print(table)


def _cell(old: str | None, new: str | None, both: bool) -> Text:
    shown = Text(_short(new), style="dim" if new is None else "")
    return Text.assemble((_short(old), "red"), "\n", shown) if both else shown


def _short(value: str | None) -> str:
    text = "NULL" if value is None else value
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _table_name(text: str) -> TableName:
    schema, dot, table = text.rpartition(".")
    return TableName(schema if dot else "public", table)
