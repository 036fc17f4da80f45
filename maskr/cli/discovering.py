"""``maskr discover``: proposes a policy for a database."""

import typer

from maskr.db.postgres.source import PostgresSource
from maskr.discover import propose, sampler


def discover(source: str, rows: int) -> None:
    """Prints a policy that decides every column; reads only, and prints no value."""
    with PostgresSource(source) as database:
        schema = database.schema()
        typer.echo(propose(schema, sampler(database, schema, rows)), nl=False)
