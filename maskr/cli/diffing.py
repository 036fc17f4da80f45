"""``maskr diff``: what a change of policy exposes and protects, for its reviewer."""

from collections.abc import Callable, Mapping
from pathlib import Path

import typer

from maskr.checks.judging import cover
from maskr.cli.formats import DiffFormat
from maskr.cli.revisions import load_from
from maskr.cli.schemas import given_schema
from maskr.compare import Category, compare
from maskr.draft import draft
from maskr.errors import PolicyError
from maskr.mentions import mentioned
from maskr.render.changes import Comparison, as_json, markdown, plain

_RENDERERS: Mapping[DiffFormat, Callable[[Comparison], str]] = {
    DiffFormat.TEXT: plain,
    DiffFormat.JSON: as_json,
    DiffFormat.MARKDOWN: markdown,
}


def diff(
    old: str, new: str, source: str | None, schema: Path | None, form: DiffFormat, allow: bool
) -> None:
    """Prints the changes; ends with 1 where something is newly exposed, unless that is allowed.

    Raises:
        PolicyError: one of the policies cannot be read, or a part of the schema.
        typer.Exit: with 1: see above.
    """
    given = given_schema(source, schema)
    if given is not None and given.findings:
        # Of a table that was not understood nothing would be compared.
        raise PolicyError(given.findings, dict(given.texts))
    policies = load_from(old), load_from(new)
    tables = given.schema if given is not None else mentioned(policies)
    before, after = (draft(policy, tables) for policy in policies)
    changes = compare(before, after)
    coverage = (cover(before), cover(after)) if given is not None else None
    typer.echo(_RENDERERS[form](Comparison(changes, coverage)))
    if not allow and any(change.category is Category.EXPOSED for change in changes):
        raise typer.Exit(1)
