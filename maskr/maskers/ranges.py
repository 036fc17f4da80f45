"""The masker of ranges: both bounds move together."""

import re
from collections.abc import Iterator

import polars as pl

from maskr.keys import Draws
from maskr.maskers import Mask, Nested, Site, Traits, masker
from maskr.maskers.spans import Notation, Span, rewrite
from maskr.model import Column, Kind

# PostgreSQL manual, "Range Input and Output Syntax"; a multirange is several of them.
_RANGE = re.compile(r'([\[(])("[^"]*"|[^,"\[\](){}]*),("[^"]*"|[^,"\[\](){}]*)([\])])')


def _bound(column: Column) -> Column:
    """A column of the type of a range's bounds."""
    kinds = {"date": Kind.DATE, "ts": Kind.TIMESTAMP, "tstz": Kind.TIMESTAMP, "num": Kind.NUMERIC}
    types = {"date": "date", "ts": "timestamp without time zone", "num": "numeric"}
    types |= {"tstz": "timestamp with time zone", "int4": "integer", "int8": "bigint"}
    base = re.sub(r"(multi)?range$", "", column.type)
    kind = kinds.get(base, Kind.INTEGER if base in types else Kind.TEXT)
    return Column(column.name, types.get(base, "text"), kind)


@masker(
    kinds=frozenset({Kind.RANGE}),
    traits=Traits(keeps=True, format_kept=True),
    rules=lambda bounds: {"bounds": bounds},
    inside=_bound,
    name="range",
)
def range_(site: Site, *, bounds: Nested) -> Mask:
    """Masks both bounds of a range (or of each range in a multirange) by one draw.

    So a shifted range is as long as it was. Bounds without a value, ``empty`` and which bounds
    belong to the range stay.

    Args:
        site: where the mask works.
        bounds: a rule for values of the bounds' type: ``shift_date``, ``noise``.

    Example:
        ``seats: {mask: range, bounds: {mask: noise, spread: 2}}``
    """
    notation = Notation(_bounds, lambda token: token.strip('"'), _bound_token)
    inner = site.nested("bounds")

    def mask(values: pl.Series, draws: Draws) -> pl.Series:
        made = rewrite(values, notation, [inner], draws)
        return pl.Series(made.name, [text and _RANGE.sub(_in_order, text) for text in made])

    return mask


def _bound_token(fake: str | None, old: str) -> str:
    return f'"{fake}"' if old.startswith('"') and fake else fake or ""


def _in_order(found: re.Match[str]) -> str:
    """The range with its bounds the right way round: no mask need know what a range is."""
    bounds = [found[group].strip('"') for group in (2, 3)]
    # Years before Christ run backwards; one draw for both bounds has kept their order anyway.
    comparable = all(bounds) and not any(bound.endswith("BC") for bound in bounds)
    if not comparable or _rank(bounds[0]) <= _rank(bounds[1]):
        return found[0]
    return f"{found[1]}{found[3]},{found[2]}{found[4]}"


def _rank(bound: str) -> tuple[float, str]:
    """What bounds of one type are compared by: numbers, or dates as ISO 8601 writes them."""
    try:
        return float(bound), ""
    except ValueError:
        return bound.find("-"), bound  # a longer year comes later


def _bounds(text: str) -> Iterator[Span]:
    for found in _RANGE.finditer(text):
        for group in (2, 3):
            if found[group].strip('"') not in ("", "infinity", "-infinity"):
                yield Span(found.start(group), found.end(group), 0)
