"""Large objects: bytes that no column holds and no rule of a policy can speak of.

They may be anything, a scanned passport too. So somebody has to say what becomes of them.
"""

import psycopg

from maskr.db import LargeObjects, Source
from maskr.errors import RefusedError


def refuse_undecided(source: Source, where: str, choice: LargeObjects) -> None:
    """Refuses to begin when there are large objects and nobody decided about them.

    Raises:
        RefusedError: says how many.
    """
    count = len(source.large_objects()) if choice is LargeObjects.REFUSE else 0
    if count:
        raise RefusedError(
            where,
            f"it holds {count} large object{'s' if count != 1 else ''}, which no rule can mask",
            "say --large-objects empty, or keep if there is nothing personal in them",
        )


def bring(source: Source, connection: psycopg.Connection, choice: LargeObjects) -> tuple[str, ...]:
    """Makes every large object of the source under its own number; others are removed.

    Returns:
        What was left out, for the report.
    """
    connection.execute("SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata")
    numbers = source.large_objects()
    for number in numbers:
        connection.execute("SELECT pg_catalog.lo_create(%s::oid)", (number,))
        if choice is LargeObjects.KEEP:
            at = 0
            for piece in source.large_object(number):
                connection.execute("SELECT pg_catalog.lo_put(%s::oid, %s, %s)", (number, at, piece))
                at += len(piece)
    if not numbers:
        return ()
    contents = "" if choice is LargeObjects.KEEP else "contents, "
    return (f"{contents}owners, grants and comments of {len(numbers)} large objects",)
