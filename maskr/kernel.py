"""A table's plan becomes a function from COPY text to COPY text.

Everything is decided when it is bound: closures, word pools, sub-keys. Only the planned columns
are unescaped, masked and escaped again; every other one leaves as the bytes that came.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import polars as pl

from maskr.db.postgres import copytext
from maskr.errors import DataError, Finding, PolicyError
from maskr.keys import Draws, Key, Namespace
from maskr.maskers import Inner, Mask, Masker, Pool, Site, Traits, UnusableError, registry
from maskr.maskers.opaque import opaque
from maskr.maskers.pools import UnknownProviderError, build_pool
from maskr.plan import Step, TablePlan


@dataclass(frozen=True, slots=True)
class Kernel:
    """Masks whole rows, from COPY text to COPY text.

    Attributes:
        invalid: how many values of each column its mask could not read so far; any thread may
            call the kernel, so the counts are complete only when all calls have ended.
    """

    _mask: Callable[[bytes], bytes]
    invalid: Counter[str]

    def __call__(self, chunk: bytes) -> bytes:
        """Masks a chunk of whole rows, its flags behind the columns."""
        return self._mask(chunk)


# How often a value that came out unchanged is drawn anew. A pool of two words leaves one value in
# 2**8 as it was; every real pool has hundreds.
_ATTEMPTS = 8
_COUNTING = threading.Lock()

_NORMALISE: dict[str, Callable[[pl.Series], pl.Series]] = {
    "trim": lambda text: text.str.strip_chars(),
    "lower": lambda text: text.str.to_lowercase(),
    "digits": lambda text: text.str.replace_all(r"\D", ""),
    "unaccent": lambda text: text.str.normalize("NFKD").str.replace_all(r"\p{M}", ""),
}


def bind(plan: TablePlan, key: Key) -> Kernel | None:
    """The function that masks whole rows of this table; None where nothing is masked.

    Raises:
        PolicyError: a mask cannot be made (a provider that Faker does not have, a missing file).
    """
    if plan.read is None or not plan.steps:
        return None
    places = {name: place for place, name in enumerate(plan.read.columns)}
    width = len(plan.read.columns)
    invalid: Counter[str] = Counter()
    steps = tuple(_bound(step, plan, key, invalid) for step in plan.steps)

    def mask(chunk: bytes) -> bytes:
        frame = copytext.decode(chunk, width + len(plan.read.flags if plan.read else ()))
        rows = _Rows(frame, places, copytext.escapes(chunk))
        masked = [step.masked(rows).alias(str(places[step.column])) for step in steps]
        kept = frame.select(frame.columns[:width])
        if not rows.escaped:
            # Hardly a fake ever needs escaping: it is looked for in the outcome, all at once.
            out = copytext.encode(kept.with_columns(masked))
            if copytext.sound(out, kept.with_columns(masked)):
                return out
        return copytext.encode(kept.with_columns(map(copytext.escape, masked)))

    return Kernel(mask, invalid)


@dataclass(slots=True)
class _Rows:
    """One batch while it is being masked: what was worked out once serves every step.

    Attributes:
        frame: escaped fields, flags behind the columns.
        places: where each column stands in it.
        escaped: True where any field may be written with an escape.
    """

    frame: pl.DataFrame
    places: Mapping[str, int]
    escaped: bool
    _texts: dict[str, pl.Series] = field(default_factory=dict)
    _draws: dict[tuple[str, str, tuple[str, ...]], Draws] = field(default_factory=dict)
    _done: dict[str, pl.Series] = field(default_factory=dict)

    def text(self, column: str) -> pl.Series:
        """The column's original values."""
        if column not in self._texts:
            texts = self.frame.to_series(self.places[column])
            self._texts[column] = copytext.unescape(texts) if self.escaped else texts
        return self._texts[column]

    def current(self, column: str) -> pl.Series:
        """The column's values as they will stand in staging."""
        done = self._done.get(column)
        return self.text(column) if done is None else done

    def field(self, number: int) -> pl.Series:
        """What the source evaluated for these rows."""
        return copytext.unescape(self.frame.to_series(len(self.places) + number))

    def flag(self, number: int) -> pl.Series:
        """True where the mask applies: a predicate that is unknown hides rather than shows."""
        return (self.frame.to_series(len(self.places) + number) != "f").fill_null(True)

    def draws(self, step: Step, namespace: Namespace) -> Draws:
        """The draws that a step works with, shared by all that draws from the same column."""
        column = step.by or step.column.name
        name = (step.namespace, column, step.normalise)
        if name not in self._draws:
            self._draws[name] = namespace.draws(_normalised(self.text(column), step.normalise))
        return self._draws[name]

    def keep(self, column: str, values: pl.Series) -> pl.Series:
        """Remembers a column's fakes for those that read them."""
        self._done[column] = values
        return values


@dataclass(frozen=True, slots=True)
class _Bound:
    """A step with its mask made.

    Attributes:
        opaque: what masks a value that ``mask`` cannot read; None where nothing can.
        invalid: counts those values, by column.
        where: names the column in an error.
    """

    step: Step
    masker: Masker
    mask: Mask
    namespace: Namespace
    traits: Traits
    opaque: Mask | None
    invalid: Counter[str]
    where: str

    @property
    def column(self) -> str:
        return self.step.column.name

    def masked(self, rows: _Rows) -> pl.Series:
        values = rows.text(self.column)
        draws = rows.draws(self.step, self.namespace)
        beside = [rows.current(name) for name in self.step.reads]
        beside += [rows.text(name) for name in self.step.originals]
        beside += [rows.field(number) for number in self.step.fields]
        masks = None if self.step.flag is None else rows.flag(self.step.flag)
        return rows.keep(self.column, self.fakes(values, draws, beside, masks))

    def fakes(
        self,
        values: pl.Series,
        draws: Draws,
        beside: Sequence[pl.Series] = (),
        masks: pl.Series | None = None,
    ) -> pl.Series:
        """The fakes; where ``masks`` says no, the values."""
        free = not (self.traits.keeps or self.traits.coincides or self.step.by)
        fakes = self._made(self.mask, values, draws, beside, anew=free)
        if not self.masker.takes_nulls:
            unread = fakes.is_null() & values.is_not_null()
            if masks is not None:
                unread &= masks
            if unread.any():
                fakes = self._unread(values, fakes, draws, unread)
        length = self.step.column.length
        if length is not None and not self.traits.unique:
            fakes = fakes.str.slice(0, length)
        if not self.masker.takes_nulls and values.null_count():
            fakes = fakes.zip_with(values.is_not_null(), _nothing(len(values)))
        return fakes if masks is None else fakes.zip_with(masks, values)

    def _unread(
        self, values: pl.Series, fakes: pl.Series, draws: Draws, unread: pl.Series
    ) -> pl.Series:
        """What ``on_invalid`` says of the values that the mask could not read."""
        with _COUNTING:
            self.invalid[self.column] += int(unread.sum())
        match self.step.on_invalid:
            case "keep":
                return fakes.zip_with(~unread, values)
            case "mask" if self.opaque is not None:
                rest = draws.take(unread)
                opaque = self._made(self.opaque, values.filter(unread), rest, (), anew=True)
                return fakes.scatter(unread.arg_true(), opaque)
            case "null" | "mask" if self.step.column.nullable:
                return fakes
        raise DataError(
            self.where,
            f"masker {self.masker.name!r} cannot read {unread.sum()} values of a batch",
            "correct them, or let on_invalid say what becomes of them",
        )

    def _made(
        self,
        mask: Mask,
        values: pl.Series,
        draws: Draws,
        beside: Sequence[pl.Series],
        *,
        anew: bool,
    ) -> pl.Series:
        """The fakes; drawn ``anew`` where one happens to be the value that is to be hidden."""
        fakes = mask(values, draws, *beside)
        for _ in range(_ATTEMPTS if anew and not self.traits.unique else 0):
            same = (fakes == values).fill_null(False)
            if not same.any():
                break
            draws = draws.again()
            rest = draws.take(same)
            others = mask(values.filter(same), rest, *(each.filter(same) for each in beside))
            fakes = fakes.scatter(same.arg_true(), others)
        return fakes


def _nothing(rows: int) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, rows)


def _normalised(values: pl.Series, normalise: Sequence[str]) -> pl.Series:
    for each in normalise:
        values = _NORMALISE[each](values)
    return values


def _bound(step: Step, plan: TablePlan, key: Key, invalid: Counter[str]) -> _Bound:
    masker = registry()[step.masker]
    namespace = key.namespace(step.namespace)

    def bind_nested(where: str) -> Inner:
        inner = _bound(step.nested[where], plan, key, invalid)

        def masked(values: pl.Series, draws: Draws | None = None) -> pl.Series:
            if draws is None:
                draws = inner.namespace.draws(_normalised(values, inner.step.normalise))
            return inner.fakes(values, draws)

        return masked

    site = Site(step.column, _pool(plan.locale, key), bind_nested, plan.locale)
    try:
        mask = masker.build(site, **step.params)
    except UnknownProviderError as error:
        raise PolicyError((_no_provider(str(error), step, plan),)) from None
    except UnusableError as error:
        raise PolicyError((_unusable(error, step, plan),)) from None
    traits = masker.traits(**step.params)
    return _Bound(
        step=step,
        masker=masker,
        mask=mask,
        namespace=namespace,
        traits=traits,
        opaque=opaque(site, unique=traits.unique),
        invalid=invalid,
        where=f"{plan.name}.{step.column.name}",
    )


def _pool(every: tuple[str, ...], key: Key) -> Pool:
    def pool(provider: str, locales: tuple[str, ...] = (), /, **arguments: object) -> pl.Series:
        given = json.dumps(arguments, sort_keys=True)
        return _words(provider, locales or every, key.seed(f"pool/{provider}"), given)

    return pool


@cache
def _words(provider: str, locale: tuple[str, ...], seed: int, arguments: str) -> pl.Series:
    return build_pool(provider, locale, seed, json.loads(arguments))


def _unusable(error: UnusableError, step: Step, plan: TablePlan) -> Finding:
    subject = f"{plan.name}.{step.column.name}"
    return Finding("bad-parameter", error.what, error.hint, step.place, subject=subject)


def _no_provider(provider: str, step: Step, plan: TablePlan) -> Finding:
    subject = f"{plan.name}.{step.column.name}"
    return Finding(
        "bad-parameter",
        f"Faker has no provider {provider!r} with these arguments in {', '.join(plan.locale)}",
        "see Faker's documentation",
        step.place,
        subject=subject,
    )
