"""The commands by name, with their arguments; what each does stands in a module of its own."""

import os
from pathlib import Path
from typing import Annotated

import typer

from maskr import __version__
from maskr.cli.ending import ends
from maskr.cli.formats import CatalogueFormat, CheckFormat, DiffFormat, Load, LogFormat
from maskr.db import LargeObjects
from maskr.errors import UsageError

app = typer.Typer(
    name="maskr",
    help="Fills a staging database from production, without the people in it.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,  # a traceback with locals would show rows
    rich_markup_mode="rich",
)
key_app = typer.Typer(help="The secret key that the fakes are drawn with.", no_args_is_help=True)
app.add_typer(key_app, name="key")

PolicyPath = Annotated[Path, typer.Argument(help="The policy file.", show_default=False)]
SourceOption = Annotated[
    str,
    typer.Option(
        "--source",
        envvar="MASKR_SOURCE",
        help="Production, as libpq's DSN: a URI, key=value, or service=. Only ever read.",
        show_default=False,
    ),
]
TargetOption = Annotated[
    str,
    typer.Option(
        "--target",
        envvar="MASKR_TARGET",
        help="Staging, as libpq's DSN.",
        show_default=False,
    ),
]
OptionalSource = Annotated[
    str | None,
    typer.Option(
        "--source",
        envvar="MASKR_SOURCE",
        help="A live database to hold the policy against.",
        show_default=False,
    ),
]
SchemaOption = Annotated[
    Path | None,
    typer.Option(
        "--schema",
        help="DDL to hold the policy against, such as pg_dump --schema-only writes it.",
        show_default=False,
    ),
]
LogFormatOption = Annotated[
    LogFormat | None,
    typer.Option(help="text or json; by default text on a terminal, json anywhere else."),
]
EphemeralKey = Annotated[
    bool,
    typer.Option(
        "--ephemeral-key",
        help="Draw with a fresh key that is never stored: nobody can ever link staging back.",
    ),
]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"maskr {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    pass


@app.command()
@ends
def run(
    policy: PolicyPath,
    source: SourceOption,
    target: TargetOption,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and mask everything, write nothing.")
    ] = False,
    tables: Annotated[
        str, typer.Option(help="A glob on schema.table: only these are emptied and filled.")
    ] = "*",
    report: Annotated[
        Path | None,
        typer.Option(help="A folder to write report.json, report.html and metrics.prom to."),
    ] = None,
    progress: Annotated[
        bool, typer.Option("--progress/--no-progress", help="Show how far it is.")
    ] = True,
    log_format: LogFormatOption = None,
    ephemeral_key: EphemeralKey = False,
    load: Annotated[
        Load | None,
        typer.Option(
            help="rebuild: a new database beside the target, which takes its name at the end. "
            "refill: the target's tables are emptied and filled in one transaction; its schema "
            "belongs to its migrations. By default rebuild, and refill with --tables.",
        ),
    ] = None,
    keep_previous: Annotated[
        int, typer.Option(min=0, help="rebuild: how many former stagings stay, renamed.")
    ] = 0,
    owners: Annotated[
        bool, typer.Option("--owner/--no-owner", help="Let objects have production's owners.")
    ] = True,
    grants: Annotated[
        bool, typer.Option("--acl/--no-acl", help="Let roles have production's grants.")
    ] = True,
    role_map: Annotated[
        list[str] | None,
        typer.Option(
            help="What a role of production is called on staging's server; may be repeated.",
            metavar="OLD=NEW",
        ),
    ] = None,
    large_objects: Annotated[
        LargeObjects,
        typer.Option(help="They cannot be masked: refuse to begin, keep them, or empty them."),
    ] = LargeObjects.REFUSE,
    jobs: Annotated[
        int,
        typer.Option(
            min=1,
            max=64,
            help="Tables (or parts of a large one), indexes and constraints at a time. A refill is "
            "one transaction and loads one table at a time.",
        ),
    ] = 2,
) -> None:
    """Mask production into staging: the main job."""
    # A chunk is masked by one thread. Those of polars, of which it has one a core, would only wait
    # for one another over pieces this small: half as many as mask at a time do for all of them.
    # It reads this when it is imported.
    os.environ.setdefault("POLARS_MAX_THREADS", str(max(1, jobs // 2)))
    from maskr.cli import running

    how = running.how(keep_previous, owners, grants, role_map or [], large_objects, jobs)
    running.run(
        running.Job(
            policy, source, target, dry_run, tables, report, ephemeral_key, load, how, jobs
        ),
        progress,
        log_format,
    )


@app.command()
@ends
def preview(
    policy: PolicyPath,
    source: SourceOption,
    table: Annotated[str, typer.Option(help="schema.table; without a schema: public.")],
    rows: Annotated[int, typer.Option(min=1, max=1000, help="How many rows.")] = 5,
    show_original: Annotated[
        bool, typer.Option("--show-original", help="Show the original values beside the masked.")
    ] = False,
    ephemeral_key: EphemeralKey = False,
) -> None:
    """Show a masked sample of a table; writes nothing anywhere."""
    from maskr.cli import looking

    looking.preview(policy, source, table, rows, show_original, ephemeral_key)


@app.command()
@ends
def check(
    policy: Annotated[
        Path | None, typer.Argument(help="The policy file.", show_default=False)
    ] = None,
    source: OptionalSource = None,
    schema: SchemaOption = None,
    format: Annotated[CheckFormat, typer.Option(help="How to tell it.")] = CheckFormat.TEXT,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail too.")] = False,
    explain: Annotated[
        str | None,
        typer.Option(
            help="Say what a finding's code means, and what to do; 'list' shows them all.",
            metavar="CODE",
        ),
    ] = None,
) -> None:
    """Say what is wrong with a policy, and which columns nobody decided about."""
    from maskr.cli import checking

    if explain is not None:
        checking.explain_code(explain, format)
    elif policy is None:
        raise UsageError("POLICY", "there is none", "name the policy file")
    else:
        checking.check(policy, source, schema, format, strict)


@app.command()
@ends
def diff(
    old: Annotated[str, typer.Argument(help="The policy before: a file, or git:REV:path.")],
    new: Annotated[str, typer.Argument(help="The policy after: a file, or git:REV:path.")],
    source: OptionalSource = None,
    schema: SchemaOption = None,
    format: Annotated[DiffFormat, typer.Option(help="How to tell it.")] = DiffFormat.TEXT,
    allow_exposure: Annotated[
        bool, typer.Option("--allow-exposure", help="End with 0 whatever is newly exposed.")
    ] = False,
) -> None:
    """Say what a change of policy exposes, weakens, changes and protects, column by column."""
    from maskr.cli import diffing

    diffing.diff(old, new, source, schema, format, allow_exposure)


@app.command()
@ends
def explain(
    policy: PolicyPath,
    subject: Annotated[str, typer.Argument(help="TABLE or TABLE.COLUMN", metavar="TABLE[.COLUMN]")],
    source: OptionalSource = None,
    schema: SchemaOption = None,
) -> None:
    """Say which rule applies to a table or column, why, and what it promises."""
    from maskr.cli import explaining

    explaining.explain(policy, subject, source, schema)


@app.command()
@ends
def discover(
    source: SourceOption,
    rows: Annotated[
        int, typer.Option(min=0, max=100_000, help="Rows of each table to look at; 0: only names.")
    ] = 200,
) -> None:
    """Propose a policy: every column decided, by its name, its type and sampled values."""
    from maskr.cli import discovering

    discovering.discover(source, rows)


@app.command()
@ends
def schema() -> None:
    """Print the JSON Schema of a policy, for an editor to complete and mark mistakes by."""
    from maskr.cli import formatting

    formatting.schema()


@app.command()
@ends
def fmt(
    files: Annotated[list[Path], typer.Argument(help="Policy files.", show_default=False)],
    check: Annotated[
        bool, typer.Option("--check", help="Only tell which are uneven, and end with 1.")
    ] = False,
) -> None:
    """Lay policies out evenly; what they say and their comments stay."""
    from maskr.cli import formatting

    formatting.fmt(files, check)


@app.command()
@ends
def maskers(
    name: Annotated[str | None, typer.Argument(help="One masker: its whole page.")] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--try", help="Show what it makes of this value; may be repeated."),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            help="A parameter to try it with, as YAML; may be repeated.",
            metavar="NAME=VALUE",
        ),
    ] = None,
    type: Annotated[
        str | None, typer.Option(help="The type of the column to try it in; text if it takes that.")
    ] = None,
    format: Annotated[CatalogueFormat, typer.Option(help="How to tell it.")] = CatalogueFormat.TEXT,
) -> None:
    """List the maskers, show the page of one, or try it."""
    from maskr.cli import maskers, trying

    if values or given or type:
        trying.show(name, values or [], given or [], type)
    else:
        maskers.show(name, format)


@app.command()
@ends
def verify(
    policy: PolicyPath,
    source: SourceOption,
    target: TargetOption,
    log_format: LogFormatOption = None,
) -> None:
    """Hold staging against production: schema, rows, joins, originals in it; reads only.

    A masked text that still holds its original is found in a single row, where a primary key that
    is kept says which row is which, among at most 100,000 rows a column. What chance may repeat
    (a fake drawn `by` another column, a number, fewer than 20 values in all) is found in more than
    5 % of the rows. Without such a key a column is found whose values, half of them, are there
    again.
    """
    from maskr.cli import verifying

    verifying.verify(policy, source, target, log_format)


@app.command()
@ends
def roles(
    reader: Annotated[str, typer.Option(help="The user of --source.")] = "maskr_reader",
    writer: Annotated[str, typer.Option(help="The user of --target.")] = "maskr_writer",
    production: Annotated[str, typer.Option(help="Production's database.")] = "production",
    staging: Annotated[str, typer.Option(help="Staging's database.")] = "staging",
) -> None:
    """Print SQL for the two users of a run, who may do no more than it needs."""
    from maskr.cli import roles as printing

    printing.roles(reader, writer, production, staging)


@key_app.command("new")
@ends
def key_new(
    out: Annotated[
        Path | None,
        typer.Option(help="Write it to this file (mode 0600) instead of standard output."),
    ] = None,
) -> None:
    """Make a key."""
    from maskr.cli import keys

    keys.new(out)


@key_app.command("show")
@ends
def key_show(
    policy: Annotated[
        Path | None, typer.Argument(help="A policy, for its key command.", show_default=False)
    ] = None,
) -> None:
    """Show the fingerprint of the key in use, never the key."""
    from maskr.cli import keys

    keys.show(policy)


@app.command()
@ends
def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the server running until Enter is pressed.")
    ] = False,
) -> None:
    """Show the whole thing on a PostgreSQL of its own; leaves nothing behind."""
    from maskr.cli import demonstration

    demonstration.demo(keep)
