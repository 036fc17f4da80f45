"""``maskr check``: what is wrong with a policy, and what it leaves undecided."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from maskr.checks.judging import Judgement, judge, lint
from maskr.checks.pages import pages
from maskr.cli.findings import highlighted
from maskr.cli.formats import CheckFormat
from maskr.cli.schemas import given_schema
from maskr.draft import draft
from maskr.errors import PolicyError, Severity, UsageError
from maskr.policy import load
from maskr.policy.loader import uncollected
from maskr.policy.mistakes import closest
from maskr.render.data import as_json
from maskr.render.github import github
from maskr.render.markdown import markdown
from maskr.render.plain import plain
from maskr.render.reference import reference, section
from maskr.render.sarif import sarif

_RENDERERS: Mapping[CheckFormat, Callable[[Judgement], str]] = {
    CheckFormat.JSON: as_json,
    CheckFormat.GITHUB: github,
    CheckFormat.SARIF: sarif,
    CheckFormat.MARKDOWN: markdown,
}


def check(
    policy: Path, source: str | None, schema: Path | None, form: CheckFormat, strict: bool
) -> None:
    """Prints all findings and the coverage; ends with 1 where something is wrong.

    Raises:
        UsageError: the schema cannot be read.
        typer.Exit: with 1: an error was found, or under ``strict`` a warning.
    """
    judgement = _judged(policy, source, schema)
    if form is CheckFormat.TEXT:
        Console(highlight=False, soft_wrap=True).print(highlighted(plain(judgement)))
    else:
        typer.echo(_RENDERERS[form](judgement))
    failing = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    if any(finding.severity in failing for finding in judgement.findings):
        raise typer.Exit(1)


@uncollected()
def _judged(policy: Path, source: str | None, schema: Path | None) -> Judgement:
    given = given_schema(source, schema)
    try:
        read = load(policy)
    except PolicyError as error:  # here it is what was asked for
        return Judgement(error.findings, error.files)
    if given is None:
        return lint(read)
    laid = draft(read, given.schema)
    told = given.findings
    if schema is None:
        from maskr.cli.repeating import unrepeatable  # the kernel is not needed for a file

        told = (*told, *unrepeatable(laid))
    judgement = judge(laid, told)
    return replace(judgement, files={**judgement.files, **dict(given.texts)})


def explain_code(code: str, form: CheckFormat) -> None:
    """Prints the page of a code, or with ``list`` what there is to say of every code.

    Raises:
        UsageError: there is no such code, or pages do not come in this format.
    """
    if form not in (CheckFormat.TEXT, CheckFormat.MARKDOWN):
        raise UsageError(f"--format {form}", "a page comes as text or markdown", "take one of them")
    if code != "list" and code not in pages():
        hint = closest(code, pages()) or "`maskr check --explain list` shows them"
        raise UsageError(f"--explain {code}", "there is no such code", hint)
    if form is CheckFormat.MARKDOWN:
        typer.echo(
            reference(pages().values()) if code == "list" else section(pages()[code]).rstrip()
        )
        return
    console = Console(highlight=False)
    if code == "list":
        for page in pages().values():
            line = Text.assemble((page.code, "bold"), f"  {page.weight}: {page.summary}")
            console.print(line, soft_wrap=True)
        return
    from rich.markdown import Markdown  # slow to import, and for this alone

    console.print(Text.assemble((code, "bold"), f"  {pages()[code].weight}"))
    console.print(Markdown(pages()[code].text))
