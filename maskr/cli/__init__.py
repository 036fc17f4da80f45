"""The command line: the only room that reads the environment, prints or exits.

What a command needs is imported inside it, so that ``maskr --help`` answers at once.
"""

import gc
import os

# Objects made before the collector looks for cycles among them. Python's own 700 is met some
# thousand times while modules are imported, which took a third of a short run.
_OBJECTS_A_COLLECTION = 100_000


def main() -> None:
    """The entry point of the ``maskr`` program."""
    gc.set_threshold(_OBJECTS_A_COLLECTION)
    # Nothing here multiplies matrices, but numpy's BLAS starts a thread a core as it is imported:
    # measured on 2 cores, 0.09 s of CPU of each command.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from maskr.cli.app import app

    app()
