"""A table's plan becomes a function from COPY text to COPY text.

Everything is decided when it is bound: closures, word pools, sub-keys. Only the planned columns
are unescaped, masked and escaped again; every other one leaves as the bytes that came.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

import polars as pl

from maskr.db.postgres import copytext
from maskr.errors import Finding, PolicyError
from maskr.keys import Draws, Key, Namespace
from maskr.maskers import Mask, Masker, Pool, Site, registry
from maskr.maskers.pools import UnknownProviderError, build_pool
from maskr.plan import Step, TablePlan

Kernel = Callable[[bytes], bytes]

# How often a value that came out unchanged is drawn anew. A pool of two words leaves one value in
# 2**8 as it was; every real pool has hundreds.
_ATTEMPTS = 8

_NORMALISE: dict[str, Callable[[pl.Series], pl.Series]] = {
    "trim": lambda text: text.str.strip_chars(),
    "lower": lambda text: text.str.to_lowercase(),
    "digits": lambda text: text.str.replace_all(r"\D", ""),
    "unaccent": lambda text: text.str.normalize("NFKD").str.replace_all(r"\p{M}", ""),
}


def bind(plan: TablePlan, key: Key) -> Kernel | None:
    """The function that masks whole rows of this table; None where nothing is masked.

    Raises:
        PolicyError: a word pool cannot be made (a provider that Faker does not have).
    """
    if plan.read is None or not plan.steps:
        return None
    places = {name: place for place, name in enumerate(plan.read.columns)}
    width = len(plan.read.columns)
    steps = tuple(_bound(step, plan, key) for step in plan.steps)

    def mask(chunk: bytes) -> bytes:
        frame = copytext.decode(chunk, width + len(plan.read.flags if plan.read else ()))
        rows = _Rows(frame, places)
        masked = [
            copytext.escape(step.masked(rows)).alias(str(places[step.column])) for step in steps
        ]
        return copytext.encode(frame.select(frame.columns[:width]).with_columns(masked))

    return mask


@dataclass(slots=True)
class _Rows:
    """One batch while it is being masked: what was worked out once serves every step.

    Attributes:
        frame: escaped fields, flags behind the columns.
        places: where each column stands in it.
    """

    frame: pl.DataFrame
    places: Mapping[str, int]
    _texts: dict[str, pl.Series] = field(default_factory=dict)
    _draws: dict[tuple[int, str, tuple[str, ...]], Draws] = field(default_factory=dict)
    _done: dict[str, pl.Series] = field(default_factory=dict)

    def text(self, column: str) -> pl.Series:
        """The column's original values."""
        if column not in self._texts:
            self._texts[column] = copytext.unescape(self.frame.to_series(self.places[column]))
        return self._texts[column]

    def current(self, column: str) -> pl.Series:
        """The column's values as they will stand in staging."""
        done = self._done.get(column)
        return self.text(column) if done is None else done

    def flag(self, number: int) -> pl.Series:
        """True where the mask applies: a predicate that is unknown hides rather than shows."""
        return (self.frame.to_series(len(self.places) + number) != "f").fill_null(True)

    def draws(self, namespace: Namespace, column: str, normalise: tuple[str, ...]) -> Draws:
        """The draws of a column's values, shared by all that is drawn from it."""
        name = (id(namespace), column, normalise)
        if name not in self._draws:
            values = self.text(column)
            for each in normalise:
                values = _NORMALISE[each](values)
            self._draws[name] = namespace.draws(values)
        return self._draws[name]

    def keep(self, column: str, values: pl.Series) -> pl.Series:
        """Remembers a column's fakes for those that read them."""
        self._done[column] = values
        return values


@dataclass(frozen=True, slots=True)
class _Bound:
    """A step with its mask made."""

    step: Step
    masker: Masker
    mask: Mask
    namespace: Namespace
    unique: bool
    keeps: bool

    @property
    def column(self) -> str:
        return self.step.column.name

    def masked(self, rows: _Rows) -> pl.Series:
        values = rows.text(self.column)
        drawn_from = self.step.by or self.column
        draws = rows.draws(self.namespace, drawn_from, self.step.normalise)
        siblings = [rows.current(name) for name in self.step.reads]
        fakes = self.fakes(values, draws, siblings)
        if self.step.flag is not None:
            fakes = fakes.zip_with(rows.flag(self.step.flag), values)
        return rows.keep(self.column, fakes)

    def fakes(self, values: pl.Series, draws: Draws, siblings: list[pl.Series]) -> pl.Series:
        fakes = self.mask(values, draws, *siblings)
        if not (self.unique or self.keeps or self.step.by):
            fakes = self._never_itself(values, fakes, draws, siblings)
        length = self.step.column.length
        if length is not None and not (self.unique or self.keeps):
            fakes = fakes.str.slice(0, length)
        if not self.masker.takes_nulls and values.null_count():
            nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(values))
            fakes = fakes.zip_with(values.is_not_null(), nothing)
        return fakes

    def _never_itself(
        self, values: pl.Series, fakes: pl.Series, draws: Draws, siblings: list[pl.Series]
    ) -> pl.Series:
        """Draws anew where a pool happened to hold the very value that is to be hidden."""
        for _ in range(_ATTEMPTS):
            same = (fakes == values).fill_null(False)
            if not same.any():
                break
            draws = draws.again()
            anew = self.mask(
                values.filter(same), draws.take(same), *(each.filter(same) for each in siblings)
            )
            fakes = fakes.scatter(same.arg_true(), anew)
        return fakes


def _bound(step: Step, plan: TablePlan, key: Key) -> _Bound:
    masker = registry()[step.masker]
    nested = {where: _bound(inner, plan, key) for where, inner in step.nested.items()}

    def bind_nested(where: str) -> Callable[[pl.Series], pl.Series]:
        inner = nested[where]
        return lambda texts: inner.fakes(texts, inner.namespace.draws(texts), [])

    site = Site(step.column, _pool(step, plan.locale, key), bind_nested)
    traits = masker.traits(**step.params)
    try:
        mask = masker.build(site, **step.params)
    except UnknownProviderError as error:
        raise PolicyError((_no_provider(str(error), step, plan),)) from None
    namespace = key.namespace(step.namespace)
    return _Bound(step, masker, mask, namespace, traits.unique, traits.keeps)


def _pool(step: Step, locale: tuple[str, ...], key: Key) -> Pool:
    def pool(provider: str, **arguments: object) -> pl.Series:
        given = json.dumps(arguments, sort_keys=True)
        words = _words(provider, locale, key.seed(f"pool/{provider}"), given)
        room = step.column.length
        fitting = words if room is None else words.filter(words.str.len_chars() <= room)
        return fitting if len(fitting) else words

    return pool


@cache
def _words(provider: str, locale: tuple[str, ...], seed: int, arguments: str) -> pl.Series:
    return build_pool(provider, locale, seed, json.loads(arguments))


def _no_provider(provider: str, step: Step, plan: TablePlan) -> Finding:
    subject = f"{plan.name}.{step.column.name}"
    return Finding(
        "bad-parameter",
        f"Faker has no provider {provider!r} with these arguments in {', '.join(plan.locale)}",
        "see Faker's documentation",
        subject=subject,
    )
