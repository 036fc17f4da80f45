"""``maskr verify``: holds a staging against its production."""

import json
from dataclasses import asdict
from pathlib import Path

import typer

from maskr.cli.findings import print_findings
from maskr.cli.formats import LogFormat
from maskr.cli.output import chosen
from maskr.db.postgres.evidence import PostgresEvidence
from maskr.errors import UsageError
from maskr.plan import compile
from maskr.policy import load
from maskr.render.plain import count
from maskr.verify import verify as compare


def verify(policy: Path, source: str, target: str, log_format: LogFormat | None) -> None:
    """Prints what is wrong with staging, and how much was looked at; needs no key.

    Raises:
        UsageError: source and target are one database.
        typer.Exit: with 1: something is wrong.
    """
    read = load(policy)
    with PostgresEvidence(source) as production, PostgresEvidence(target) as staging:
        if production.identity.same(staging.identity):
            raise UsageError("--target", "source and target are the same database", "name staging")
        verdict = compare(compile(read, production.schema()), read, production, staging)
    looked = (
        f"{verdict.tables} tables, {verdict.keys} joins and {verdict.columns} masked columns "
        "compared"
    )
    if chosen(log_format) is LogFormat.JSON:
        typer.echo(json.dumps({"event": "verify", **asdict(verdict)}, default=str))
    else:
        print_findings(verdict.findings, read.files)
        typer.echo(f"{looked}: {count(verdict.findings) if verdict.findings else 'all is well'}")
    if verdict.findings:
        raise typer.Exit(1)
