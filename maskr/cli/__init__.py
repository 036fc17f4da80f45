"""The command line: the only room that reads the environment, prints or exits.

What a command needs is imported inside it, so that ``maskr --help`` answers at once.
"""

import os

from maskr.cli.app import app

__all__ = ["main"]


def main() -> None:
    """The entry point of the ``maskr`` program."""
    # Nothing here multiplies matrices, but numpy's BLAS starts a thread a core as it is imported:
    # measured on 2 cores, 0.09 s of CPU of each command.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    app()
