"""Steps over SQL expressions in DDL: where one ends, and which columns it mentions."""

from collections.abc import Collection, Sequence

from maskr.sql.cursor import Cursor, UnreadableError
from maskr.sql.draft import Draft
from maskr.sql.lexer import Token
from maskr.sql.typenames import read_type

_OPENING, _CLOSING = ("(", "["), (")", "]")


def skip_expression(cursor: Cursor, *ends: str) -> None:
    """Takes an expression up to one of the words ``ends``, a comma or the end, at its own level.

    Its first token is taken whatever it is (DEFAULT NULL).

    Raises:
        UnreadableError: there is nothing to take.
    """
    depth = 0
    while True:
        text = cursor.next().text
        depth += (text in _OPENING) - (text in _CLOSING)
        coming = cursor.peek()
        if depth <= 0 and (coming in ends or coming in ("", ",", ")")):
            return


def split(tokens: Sequence[Token]) -> list[Cursor]:
    """The parts between commas."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "mark":
            depth += (token.text in _OPENING) - (token.text in _CLOSING)
        if token.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return [Cursor(part) for part in parts]


def mentioned(tokens: Sequence[Token], columns: Collection[str]) -> tuple[str, ...]:
    """Which of ``columns`` an expression reads, in the order of ``columns``.

    A word that names a function, a type, or a field of EXTRACT is no column, whatever its name.
    """
    found: set[str] = set()
    cursor, types = Cursor(tokens), Draft()
    while not cursor.done:
        if cursor.take("::") or cursor.take("as"):
            _skip_type(cursor, types)
        elif cursor.take("extract", "(") or cursor.take(")", "."):  # a field's name
            cursor.next()
        else:
            token = cursor.next()
            names = token.kind == "quoted" or (
                token.kind == "word" and cursor.peek() != "(" and cursor.kind() != "string"
            )
            if names and cursor.peek() != "." and token.value in columns:
                found.add(token.value)
    return tuple(name for name in columns if name in found)


def _skip_type(cursor: Cursor, types: Draft) -> None:
    start = cursor.at
    try:
        read_type(cursor, types)
    except UnreadableError:
        cursor.at = start
