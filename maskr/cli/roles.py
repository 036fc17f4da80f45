"""``maskr roles``: SQL that makes the two users a run needs, and lets them do no more."""

import typer

from maskr.render.roles import reading, writing


def roles(reader: str, writer: str, source: str, target: str) -> None:
    """Prints the SQL for both servers; runs nothing."""
    typer.echo(reading(reader, source))
    typer.echo(writing(writer, target))
