"""sqlglot's opinion of a spelt predicate: is it one expression, and a boolean one?

Only this module imports sqlglot, and only when a predicate is there: it takes 0.27 s to load.
"""

from maskr.sql.vocabulary import BOOLEAN_FUNCTIONS


def problem_of_shape(sql: str, *, condition: bool = True) -> str:
    """Why ``sql`` is not one expression (a boolean one), as a clause; empty where it is one."""
    import sqlglot
    from sqlglot import errors

    try:
        found = sqlglot.parse(sql, dialect="postgres")
    except (errors.SqlglotError, RecursionError):
        return "it is not an SQL expression that can be understood"
    if len(found) != 1 or found[0] is None or _holds_more(found[0]):
        return "it is more than one expression"
    return "" if not condition or _is_boolean(found[0]) else "it is not a condition"


def _holds_more(tree: object) -> bool:
    """Whether anything but an expression over a row stands anywhere in the tree."""
    from sqlglot import exp

    refused = (
        exp.Query,
        exp.DDL,
        exp.DML,
        exp.Command,
        exp.Alias,
        exp.Star,
        exp.Window,
        exp.AggFunc,
        exp.Placeholder,
        exp.Parameter,
    )
    return isinstance(tree, exp.Expression) and any(tree.find_all(*refused))


def _is_boolean(tree: object) -> bool:
    """Whether a condition stands at the top, and on both sides of each AND, OR and NOT there.

    Of a column, a CASE or a COALESCE only PostgreSQL knows; they pass.
    """
    from sqlglot import exp

    match tree:
        case exp.Paren() | exp.Not():
            return _is_boolean(tree.this)
        case exp.And() | exp.Or():
            return _is_boolean(tree.this) and _is_boolean(tree.expression)
        case exp.Cast():
            return tree.to.is_type(exp.DType.BOOLEAN)
        case exp.Dot():
            return tree.expression.name.lower() in BOOLEAN_FUNCTIONS
        case exp.BitwiseLeftShift() | exp.BitwiseRightShift():
            return True  # of networks and ranges: "lies within", "lies after"
    return isinstance(tree, _conditions())


def _conditions() -> tuple[type, ...]:
    """sqlglot's classes of what is, or may be, true or false."""
    from sqlglot import exp

    return (
        exp.Predicate,
        exp.Boolean,
        exp.Bracket,
        exp.Case,
        exp.Coalesce,
        exp.Column,
        exp.Escape,
        exp.MatchAgainst,
        exp.Null,
        exp.StartsWith,
    )
