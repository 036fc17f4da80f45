"""The commands that look and never write: ``preview``, ``explain``, ``maskers``."""

from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from maskr.cli.settings import find_key
from maskr.db.postgres.source import PostgresSource
from maskr.draft import Choice, Draft, draft
from maskr.errors import UsageError
from maskr.maskers import ANY, Masker, registry
from maskr.model import Schema, TableName
from maskr.plan import compile
from maskr.policy import Effective, Policy, load
from maskr.policy.model import Rule
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


def explain(policy: Path, subject: str, source: str | None) -> None:
    """Prints the rule of a column, or of every column of a table, and where it comes from."""
    read = load(policy)
    if source is None:
        _explain_by_name(read, subject)
        return
    with PostgresSource(source) as database:
        schema = database.schema()
    laid = draft(read, schema)
    table, column = _find(schema, subject)
    console = Console(highlight=False, soft_wrap=True)
    if table not in laid.choices:
        root = schema.root(table)
        console.print(f"{table} is a partition of {root} and follows it")
        table = root
    for name, choice in laid.choices[table].items():
        if column in (None, name):
            _print_choice(console, laid, choice)


def _find(schema: Schema, subject: str) -> tuple[TableName, str | None]:
    """The table and column that ``a``, ``a.b`` or ``a.b.c`` means in this schema."""
    parts = subject.split(".")
    table: TableName | None = None
    column: str | None = None
    if len(parts) == 3:
        table, column = TableName(parts[0], parts[1]), parts[2]
    elif len(parts) == 2 and TableName(*parts) in schema.tables:
        table = TableName(parts[0], parts[1])
    elif len(parts) == 2:
        table, column = TableName("public", parts[0]), parts[1]
    elif len(parts) == 1:
        table = TableName("public", subject)
    found = schema.tables.get(table) if table else None
    if table is None or found is None or (column is not None and found.column(column) is None):
        raise UsageError(subject, "there is no such table or column", "write schema.table.column")
    return table, column


def _explain_by_name(policy: Policy, subject: str) -> None:
    """Without a database: what the policy alone says, foreign keys not followed."""
    parts = subject.split(".")
    if len(parts) == 2:
        parts = ["public", *parts]
    if len(parts) != 3:
        raise UsageError(subject, "without --source only a column can be explained", "add --source")
    table = TableName(parts[0], parts[1])
    decision = Effective(policy).decide(table, parts[2])
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(".".join(parts), style="bold"))
    if decision is None:
        console.print("  no rule of its own; a foreign key may hand one down: add --source")
    else:
        _print_rule(console, decision.rule, decision.via)


def _print_choice(console: Console, laid: Draft, choice: Choice) -> None:
    console.print(Text.assemble((choice.subject, "bold"), f"  {choice.column.type}"))
    if choice.rule is None:
        console.print("  no rule: a run is refused", style="red")
        return
    _print_rule(console, choice.rule, choice.via)


def _print_rule(console: Console, rule: Rule, via: tuple[object, ...]) -> None:
    masker = registry().get(rule.mask)
    given = ", ".join(f"{name}: {value}" for name, value in rule.params.items())
    console.print(Text(f"  {rule.mask}" + (f" ({given})" if given else ""), style="green"))
    for key in ("by", "when", "namespace", "reason"):
        if value := getattr(rule, key):
            console.print(Text(f"  {key}: {value}"))
    for step in via:
        console.print(Text(f"  ← {step}", style="dim"))
    if masker is None:
        console.print(f"  there is no masker {rule.mask!r}", style="red")
        return
    parameters, bad = masker.parse(rule.params)
    if not bad:
        console.print(Text(f"  {promises(masker, **parameters)}", style="cyan"))


def promises(masker: Masker, **parameters: object) -> str:
    """What a masker guarantees with these parameters, as words."""
    traits = masker.traits(**parameters)
    said = {
        "unique": traits.unique,
        "repeatable": traits.repeatable,
        "reversible by the key holder": traits.reversible,
        "format kept": traits.format_kept,
        "shows the original or a part of it": traits.keeps,
    }
    words = [
        word if true else f"not {word}" for word, true in said.items() if true or word == "unique"
    ]
    if traits.longest is not None:
        words.append(f"at most {traits.longest} characters")
    return ", ".join(words)


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
