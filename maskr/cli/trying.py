"""``maskr maskers NAME --try VALUE``: what a masker makes of a value, with no database."""

import json

import polars as pl
import typer

from maskr import types
from maskr.cli.maskers import named
from maskr.cli.settings import key_or_fresh
from maskr.db.postgres import copytext
from maskr.errors import UsageError
from maskr.kernel import bind
from maskr.maskers import Masker
from maskr.model import Column, Kind, Schema, Table, TableName
from maskr.plan import TablePlan, compile
from maskr.policy import load_text
from maskr.policy.tree import parse

_TABLE = TableName("public", "tried")
_COLUMN = "value"


def show(name: str | None, values: list[str], given: list[str], type: str | None) -> None:
    """Prints each value and its fake. No row is read: the values are the caller's own.

    Raises:
        UsageError: no masker or value is named, or a parameter is not written as one.
        PolicyError: the masker does not take these parameters, or not this type.
    """
    if name is None or not values:
        raise UsageError("--try", "it takes a masker and a value", "write NAME --try VALUE")
    masker = named(name)
    column = _any_column(masker) if type is None else column_of(type)
    plan = plan_of({"mask": name} | dict(map(_parameter, given)), column)
    if plan.read is not None and plan.read.flags:
        what = f"masker {name!r} has its expression evaluated by the source"
        raise UsageError("--try", what, "see it with `maskr preview`")
    key, fresh = key_or_fresh()
    if fresh:
        typer.echo("without a key of yours: another run gives other fakes")
    kernel = bind(plan, key)
    for value in values:
        chunk = copytext.encode(pl.DataFrame({"0": copytext.escape(pl.Series([value]))}))
        fake = copytext.unescape(copytext.decode(kernel(chunk) if kernel else chunk, 1)["0"])[0]
        typer.echo(f"{value} -> {'NULL' if fake is None else fake}")
    if kernel is not None and (unread := kernel.invalid.total()):
        typer.echo(f"{unread} of them it cannot read: on_invalid says what becomes of those")


def column_of(type: str) -> Column:
    """A column of the type, as format_type spells it."""
    return types.column(_COLUMN, type, {})


def plan_of(rule: dict[str, object], column: Column) -> TablePlan:
    """A table of this one column, masked by the rule.

    Raises:
        PolicyError: the rule cannot be read, or does not fit the column.
    """
    tables = {str(_TABLE): {"columns": {_COLUMN: rule}}}
    # JSON is YAML, with nothing that YAML might take for something else.
    policy = load_text(json.dumps({"version": 1, "tables": tables}), "--try")
    (plan,) = compile(policy, Schema({_TABLE: Table(_TABLE, (column,))})).tables
    return plan


def _any_column(masker: Masker) -> Column:
    """A column of a kind that the masker takes, text before others."""
    kind = Kind.TEXT if Kind.TEXT in masker.kinds else min(masker.kinds)
    return Column(_COLUMN, str(kind), kind, element=Kind.TEXT if kind is Kind.ARRAY else None)


def _parameter(text: str) -> tuple[str, object]:
    name, equals, written = text.partition("=")
    tree, mistakes = parse(f"value: {written}", f"--with {name}")
    if not equals or tree is None or mistakes or not isinstance(tree.data, dict):
        raise UsageError(
            f"--with {name}", "this is no parameter", "write NAME=VALUE, VALUE as YAML"
        )
    return name, tree.data["value"]
