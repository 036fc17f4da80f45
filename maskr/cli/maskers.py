"""``maskr maskers``: the catalogue, from signatures and docstrings."""

import json
import sys
from collections.abc import Iterable

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from maskr.cli.explaining import promises
from maskr.cli.formats import CatalogueFormat
from maskr.errors import Place, UsageError
from maskr.maskers import Masker, registry
from maskr.policy.mistakes import closest
from maskr.policy.model import Rule
from maskr.render.catalogue import as_data, document, example, kinds, promised
from maskr.render.peers import PEERS, names

# Characters of a terminal that a table needs; where there is none, lines never break.
_WIDE, _ENDLESS = 140, 1000


def show(name: str | None, form: CatalogueFormat) -> None:
    """Lists the catalogue, or prints one page of it.

    Raises:
        UsageError: there is no such masker, or a page does not come in this format.
    """
    every = registry()
    if form is CatalogueFormat.MARKDOWN:
        if name is not None:
            raise UsageError(f"--format {form}", "it is for all maskers", "leave the name out")
        typer.echo(document(every.values()))
    elif form is CatalogueFormat.JSON:
        told = [as_data(masker) for masker in every.values()]
        typer.echo(json.dumps(told if name is None else as_data(named(name)), indent=2))
    elif name is None:
        _list(every.values())
    else:
        console = Console(highlight=False)
        console.print(Text(name, style="bold green"))
        console.print(Markdown(_page(named(name))))


def named(name: str) -> Masker:
    """The masker of that name.

    Raises:
        UsageError: there is none.
    """
    masker = registry().get(name)
    if masker is None:
        hint = closest(name, registry()) or "`maskr maskers` lists them"
        raise UsageError(name, "there is no such masker", hint)
    return masker


def _page(masker: Masker) -> str:
    text, _, rest = masker.page.partition("\nArgs:\n")
    arguments = rest.partition("\n\n")[0]
    if not rest:
        text = text.partition("\nExample:\n")[0]
    lines = [
        f"- **{line.strip().split(':')[0]}**:{line.strip().partition(':')[2]}"
        if line.startswith("    ") and not line.startswith("        ")
        else line.strip()
        for line in arguments.splitlines()
        if not line.strip().startswith("site:")
    ]
    parts = [
        text.strip(),
        f"Takes columns of kind: {kinds(masker)}.",
        "\n".join(lines),
        f"Example: `{example(masker)}`",
        _kept(masker),
        _elsewhere(masker),
    ]
    return "\n\n".join(part for part in parts if part)


def _kept(masker: Masker) -> str:
    """What the example keeps to, and from how many values on."""
    traits = promised(masker)
    said = f"The example is {promises(traits, Rule(masker.name, Place('example', 1, 1)))}."
    if not traits.smallest_domain:
        return said
    return f"{said} With fewer than {traits.smallest_domain:,} distinct values, counting tells."


def _elsewhere(masker: Masker) -> str:
    """What other tools call it."""
    called = zip(PEERS, names(masker.name), strict=True)
    said = [f"{', '.join(theirs)} ({peer})" for peer, theirs in called if theirs]
    return f"Elsewhere: {'; '.join(said)}." if said else ""


def _list(every: Iterable[Masker]) -> None:
    width = None if sys.stdout.isatty() else _ENDLESS
    console = Console(highlight=False, width=width)
    if console.width >= _WIDE:
        console.print(_as_table(every))
    else:
        for masker in every:
            console.print(
                Text.assemble((masker.name, "bold"), f"  {kinds(masker)}: {_said(masker)}")
            )
            for line in filter(None, (", ".join(masker.parameters), example(masker))):
                console.print(Padding(Text(line), (0, 0, 0, 4), expand=False))
    console.print("`maskr maskers NAME` shows the page of one, with --try VALUE what it does.")


def _as_table(every: Iterable[Masker]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("masker", "kinds", "promises", "parameters", "example"):
        table.add_column(heading, overflow="fold")
    for masker in every:
        cells = (kinds(masker), _said(masker), ", ".join(masker.parameters), example(masker))
        table.add_row(Text(masker.name), *map(Text, cells))
    return table


def _said(masker: Masker) -> str:
    """Which of the promises hold that one chooses a masker by."""
    traits = promised(masker)
    said = {
        "unique": traits.unique,
        "repeatable": traits.repeatable,
        "reversible": traits.reversible,
    }
    return ", ".join(word for word, holds in said.items() if holds)
