"""Maskers of the user's own: a Python function, an SQL expression, a program.

What goes wrong in them is told without a value: their own messages are not repeated.
"""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from maskr.errors import DataError
from maskr.keys import Draws
from maskr.maskers import ANY, Mask, Site, Traits, masker
from maskr.maskers.imports import FUNCTION, imported
from maskr.maskers.programs import Program, storable

_TRIED_TWICE = 100  # distinct values of the first batch: whoever is not repeatable shows it there
# Nobody but its author knows what it promises.
_OPEN = Traits(keeps=True, coincides=True)


@masker(
    kinds=ANY,
    traits=_OPEN,
    takes_nulls=True,
    fields=lambda expression: [expression],
)
def sql(site: Site, *, expression: str) -> Mask:
    """What an SQL expression over the row's original columns gives; the source evaluates it.

    NULL where the expression gives NULL, and a value where it makes one of a NULL.

    Args:
        site: where the mask works.
        expression: of immutable functions and operators, without a sub-select.

    Example:
        ``postcode: {mask: sql, expression: "left(postcode, 2) || '000'"}``
    """

    def mask(values: pl.Series, draws: Draws, evaluated: pl.Series) -> pl.Series:
        return evaluated

    return mask


@masker(kinds=ANY, traits=_OPEN)
def python(
    site: Site,
    *,
    function: Annotated[str, Field(pattern=FUNCTION)],
    takes: Literal["value", "column"] = "value",
) -> Mask:
    """A Python function of your own.

    It must be repeatable: the first values are masked twice, and a difference ends the run. None
    says that it cannot read the value (see ``on_invalid``).

    Args:
        site: where the mask works.
        function: ``module:function``; the module has to be where Python finds it (PYTHONPATH).
        takes: ``value``: called once for each distinct value of a batch with the text, and, where
            it has a second parameter, with 64 random bits drawn from the value (an int).
            ``column``: called with a polars Series of texts and maskr's draws, gives back a Series.

    Example:
        ``nickname: {mask: python, function: "our_masks:nickname"}``
    """
    call = imported(function)
    column = _by_column(call, site) if takes == "column" else _by_value(call, site)
    tried = False

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        nonlocal tried
        made = column(values, draws)
        if not tried and len(values):
            tried = True
            again = column(values.head(_TRIED_TWICE), draws.take(_first(len(values))))
            if not again.equals(made.head(_TRIED_TWICE), null_equal=True):
                raise _failed(site, "is not repeatable", "draw from the value, not from chance")
        return made

    return mask


def _first(rows: int) -> pl.Series:
    return pl.arange(0, min(rows, _TRIED_TWICE), eager=True)


def _by_value(call: Callable[..., Any], site: Site) -> Callable[[pl.Series, Draws], pl.Series]:
    drawn = len(inspect.signature(call).parameters) > 1

    def column(values: pl.Series, draws: Draws) -> pl.Series:
        words = draws.words("python").tolist() if drawn else [0] * len(values)
        known: dict[tuple[str | None, int], str | None] = {}
        made: list[str | None] = []
        for each in zip(values.to_list(), words, strict=True):
            if each[0] is not None and each not in known:
                known[each] = _text(_called(call, site, *(each if drawn else each[:1])), site)
            made.append(known.get(each))
        return pl.Series(values.name, made, dtype=pl.String)

    return column


def _by_column(call: Callable[..., Any], site: Site) -> Callable[[pl.Series, Draws], pl.Series]:
    def column(values: pl.Series, draws: Draws) -> pl.Series:
        made = _called(call, site, values, draws)
        fits = isinstance(made, pl.Series) and made.dtype == pl.String and len(made) == len(values)
        if not fits:
            raise _failed(site, "gave no Series of as many texts", "return one of dtype String")
        return made.alias(values.name)  # type: ignore[no-any-return]  # looked at above

    return column


def _called(call: Callable[..., Any], site: Site, *arguments: object) -> Any:
    try:
        return call(*arguments)
    except Exception as error:
        # Its message may well quote the value, and so may its traceback.
        raise _failed(site, f"raised {type(error).__name__}", "try it by hand") from None


def _text(made: object, site: Site) -> str | None:
    if made is not None and not isinstance(made, str):
        raise _failed(site, f"gave a value of type {type(made).__name__}", "return a str or None")
    if made is not None and not storable(made):
        raise _failed(site, "gave a text that is no UTF-8 or has a NUL", "leave that out")
    return made


def _failed(site: Site, what: str, hint: str) -> DataError:
    return DataError(f"column {site.column.name}", f"the mask's function {what}", hint)


@masker(kinds=ANY, traits=_OPEN)
def command(
    site: Site,
    *,
    argv: Annotated[list[str], Field(min_length=1)],
    timeout: Annotated[int, Field(gt=0)] = 60,
) -> Mask:
    """A program of your own: one process for the whole table, a line in, a line out.

    Each line it reads is a value as a JSON string; for each it writes one line, a JSON string or
    ``null``, in the same order, and flushes it. ``null`` says that it cannot read the value (see
    ``on_invalid``). It is asked once for each distinct value of a batch, and has to be repeatable.

    Args:
        site: where the mask works.
        argv: the program and its arguments; no shell is between.
        timeout: seconds it may take for a batch.

    Example:
        ``iban: {mask: command, argv: [our-iban-masker, --locale, de]}``
    """
    program = Program(tuple(argv), timeout, f"column {site.column.name}")

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        distinct = values.drop_nulls().unique(maintain_order=True)
        answers = pl.Series(program.ask(distinct.to_list()), dtype=pl.String)
        return values.replace_strict(distinct, answers, default=None, return_dtype=pl.String)

    return mask
