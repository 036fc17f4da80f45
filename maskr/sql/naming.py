"""The names that PostgreSQL gives to constraints and indexes that have none.

Source: ChooseRelationName, ChooseIndexName and makeObjectName in PostgreSQL's
src/backend/commands/indexcmds.c.
"""

from collections.abc import Callable, Sequence
from itertools import count

from maskr.sql.cursor import MOST_NAME_BYTES, clip


def choose(table: str, columns: Sequence[str], label: str, taken: Callable[[str], bool]) -> str:
    """A free name like ``customers_email_key``; the longer part is cut where it is too long.

    >>> choose("orders", ["customer_id"], "fkey", {"orders_customer_id_fkey"}.__contains__)
    'orders_customer_id_fkey1'
    """
    middle = _joined(columns)
    for number in count():
        name = _assembled(table, middle, f"{label}{number or ''}")
        if not taken(name):
            return name
    raise AssertionError  # count() has no end


def _joined(columns: Sequence[str]) -> str:
    """The columns' names with ``_`` between, no more of them than a name can hold."""
    joined = ""
    for column in columns:
        joined = f"{joined}_{column}" if joined else column
        if len(joined.encode()) > MOST_NAME_BYTES:
            break
    return clip(joined)


def _assembled(first: str, second: str, label: str) -> str:
    available = MOST_NAME_BYTES - len(label) - 1 - (1 if second else 0)
    sizes = [len(first.encode()), len(second.encode())]
    while sum(sizes) > available:
        sizes[0 if sizes[0] > sizes[1] else 1] -= 1
    parts = (clip(first, sizes[0]), clip(second, sizes[1]) if second else "", label)
    return "_".join(part for part in parts if part)
