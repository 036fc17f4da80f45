"""The commands that look and never write: ``preview``, ``maskers``."""

from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from maskr.cli.settings import find_key
from maskr.db.postgres.source import PostgresSource
from maskr.errors import UsageError
from maskr.maskers import ANY, Masker, registry
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


def maskers(name: str | None) -> None:
    """Lists the catalogue, or prints one page of it."""
    if name is None:
        _list_maskers()
        return
    masker = registry().get(name)
    if masker is None:
        raise UsageError(name, "there is no such masker", "`maskr maskers` lists them")
    console = Console(highlight=False)
    console.print(Text(masker.name, style="bold green"))
    console.print(Markdown(_page(masker)))


def _page(masker: Masker) -> str:
    text, _, rest = masker.page.partition("\nArgs:\n")
    kinds = "any" if masker.kinds == ANY else ", ".join(sorted(masker.kinds))
    arguments, _, example = rest.partition("\n\n") if rest else ("", "", "")
    if not rest:
        text, _, example = text.partition("\nExample:\n")
    lines = [
        f"- **{line.strip().split(':')[0]}**:{line.strip().partition(':')[2]}"
        if line.startswith("    ") and not line.startswith("        ")
        else line.strip()
        for line in arguments.splitlines()
        if not line.strip().startswith("site:")
    ]
    example = example.removeprefix("Example:\n").strip()
    parts = [
        text.strip(),
        f"Takes columns of kind: {kinds}.",
        "\n".join(lines),
        f"Example: {example}",
    ]
    return "\n\n".join(part for part in parts if part)


def _list_maskers() -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("masker", "kinds", "parameters", "what it does"):
        table.add_column(heading)
    for masker in registry().values():
        kinds = "any" if masker.kinds == ANY else ", ".join(sorted(masker.kinds))
        first = masker.page.partition("\n")[0]
        table.add_row(masker.name, kinds, Text(", ".join(masker.parameters)), Text(first))
    Console(highlight=False).print(table)


def _table_name(text: str) -> TableName:
    schema, dot, table = text.rpartition(".")
    return TableName(schema if dot else "public", table)
