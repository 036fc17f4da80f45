"""Maskers made of other rules."""

from typing import Annotated

import polars as pl
from pydantic import Field

from maskr.keys import Draws
from maskr.maskers import ANY, Mask, Nested, Site, Traits, masker

_Rules = Annotated[list[Nested], Field(min_length=1)]


def _numbered(masks: list[Nested]) -> dict[str, object]:
    return {f"masks.{number}": rule for number, rule in enumerate(masks)}


@masker(kinds=ANY, traits=Traits(keeps=True), rules=_numbered)
def chain(site: Site, *, masks: _Rules) -> Mask:
    """Several masks, each on what the one before it gave.

    Args:
        site: where the mask works.
        masks: rules, in their order.

    Example:
        ``code: {mask: chain, masks: [{mask: truncate, length: 6}, {mask: partial, keep_last: 2}]}``
    """
    inner = [site.nested(where) for where in _numbered(masks)]

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        for each in inner:
            values = each(values)
        return values

    return mask


@masker(kinds=ANY, traits=Traits(keeps=True), rules=_numbered)
def coalesce(site: Site, *, masks: _Rules) -> Mask:
    """The first of several masks that gives something.

    A rule that cannot read the value hands it on where it says ``on_invalid: null``.

    Args:
        site: where the mask works.
        masks: rules, in their order.

    Example:
        ``day: {mask: coalesce, masks: [{mask: shift_date, on_invalid: null}, lorem]}``
    """
    inner = [site.nested(where) for where in _numbered(masks)]

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        made = pl.Series(values.name, [None], dtype=pl.String).new_from_index(0, len(values))
        for each in inner:
            left = made.is_null() & values.is_not_null()
            if not left.any():
                break
            made = made.scatter(left.arg_true(), each(values.filter(left)))
        return made

    return mask


@masker(
    kinds=ANY,
    traits=Traits(keeps=True),
    fields=lambda expression, **_: [f"({expression}) IS TRUE"],
    rules=lambda then, otherwise, **_: {"then": then, "otherwise": otherwise},
)
def either(site: Site, *, expression: str, then: Nested, otherwise: Nested) -> Mask:
    """One of two masks, by a condition on the row.

    Args:
        site: where the mask works.
        expression: an SQL condition over the row's original columns; the source evaluates it.
        then: the rule where it is true.
        otherwise: the rule where it is false or unknown.

    Example:
        ``mobile: {mask: either, expression: "country = 'DE'", then: phone, otherwise: scramble}``
    """
    yes, no = site.nested("then"), site.nested("otherwise")

    def mask(values: pl.Series, draws: Draws, condition: pl.Series) -> pl.Series:
        true = (condition == "t").fill_null(False)
        made = no(values)
        return made.scatter(true.arg_true(), yes(values.filter(true))) if true.any() else made

    return mask
