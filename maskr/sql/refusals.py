"""What is said of a predicate that is refused: values and words, no reading."""

from dataclasses import dataclass

from maskr.sql import vocabulary
from maskr.types import RESERVED, quote


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a predicate.

    Attributes:
        code: ``unsafe-predicate`` or ``unknown-column``.
        what: what is wrong, one clause.
        hint: what to do.
        offset: characters into the predicate's text.
    """

    code: str
    what: str
    hint: str
    offset: int


def refused_function(name: str) -> tuple[str, str]:
    """What to say of a function that is not allowed, and what to do."""
    if name in RESERVED:
        return f"{name.upper()} has no place in a predicate", "compare columns and values"
    if name in vocabulary.VOLATILE:
        return f"function {name} is volatile", "use now() or a column: a rerun must say the same"
    hint = "use a built-in function without side effects, or a generated column"
    return f"function {name} is not one of those allowed", hint


def misplaced(near: str) -> tuple[str, str]:
    """What to say of a token where the grammar has no place for it."""
    if not near:
        return "it ends too early", "complete the expression"
    if near == ";":
        return "it holds a semicolon", "write one expression, not a statement"
    if near.startswith(("--", "/*")):
        return "it holds a comment", "use a comment of YAML"
    if near.startswith("$"):
        return "it holds a dollar-quoted string or a parameter", "write plain values"
    if near.lower() in RESERVED:
        return f"{near.upper()} has no place here", f"if it is a column, quote it: {quote(near)}"
    return f"{near!a} has no place here", "write one comparison, or several with AND, OR, NOT"
