"""Vets a policy's predicate (``when``, ``where``) and spells it so that nothing else can be read.

Two readers must agree. The first goes over PostgreSQL's own tokens and takes only what is listed:
the table's columns, harmless functions, operators, the grammar's keywords. The second is sqlglot,
on the spelling that the first one made: it must see one boolean expression. What PostgreSQL gets is
that same spelling, token by token, and not sqlglot's, which writes IS UNKNOWN as IS NULL.

The spelling counts on a search_path without a user's schema. It may hold a ``%``: hand it to
psycopg without parameters. Knows no database.
"""

from collections.abc import Collection
from dataclasses import dataclass

from maskr.errors import MaskrError
from maskr.sql.lexer import tokens
from maskr.sql.refusals import Problem
from maskr.sql.shape import problem_of_shape
from maskr.sql.vetting import Vetter


@dataclass(frozen=True, slots=True)
class Predicate:
    """A vetted predicate.

    Attributes:
        sql: one boolean expression for PostgreSQL, without parentheses around it.
        columns: the columns it reads.
    """

    sql: str
    columns: frozenset[str]


class PredicateError(MaskrError):
    """A predicate is refused; ``problems`` holds every reason, in the order of the text."""

    exit_code = 78
    code = "unsafe-predicate"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """``problems`` holds at least one."""
        super().__init__("predicate", problems[0].what, problems[0].hint)
        self.problems = problems
        self.args = (problems,)  # so that a copy made by pickle is built the same way


def predicate(text: str, columns: Collection[str], table: str = "") -> Predicate:
    """Vets ``text`` as one boolean SQL expression over ``columns``.

    Args:
        text: as the policy has it.
        columns: the table's columns, unquoted.
        table: the table's own name, by which a column may be qualified (``orders.total``).

    Raises:
        PredicateError: it does anything but compare this row's columns, or PostgreSQL might read
            it otherwise than it was vetted.

    >>> predicate("Created_At > now() - interval '90 days'", ["created_at"]).sql
    '"created_at" > pg_catalog.now ( ) - interval \\'90 days\\''
    """
    return _vetted(text, columns, table, condition=True)


def expression(text: str, columns: Collection[str], table: str = "") -> Predicate:
    """Vets ``text`` as one SQL expression over ``columns`` that may be of any type.

    Raises:
        PredicateError: as `predicate` does.

    >>> expression("left(postcode, 2) || '000'", ["postcode"]).sql
    'pg_catalog.left ( "postcode" , 2 ) || \\'000\\''
    """
    return _vetted(text, columns, table, condition=False)


def _vetted(text: str, columns: Collection[str], table: str, *, condition: bool) -> Predicate:
    reader = Vetter(list(tokens(text)), columns, table)
    reader.read()
    sql = " ".join(reader.spelt)
    if not reader.problems and (shape := problem_of_shape(sql, condition=condition)):
        reader.refuse(0, shape, "write one comparison, or several with AND, OR, NOT")
    if reader.problems:
        raise PredicateError(tuple(sorted(reader.problems, key=lambda problem: problem.offset)))
    return Predicate(sql, frozenset(reader.columns_read))
