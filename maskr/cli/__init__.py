"""The command line: the only room that reads the environment, prints or exits.

What a command needs is imported inside it, so that ``maskr --help`` answers at once.
"""

from maskr.cli.app import app

__all__ = ["main"]


def main() -> None:
    """The entry point of the ``maskr`` program."""
    app()
