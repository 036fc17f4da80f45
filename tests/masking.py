"""One rule over one column, the way a run does it: policy, checks, plan, kernel, COPY text."""

from collections import Counter
from collections.abc import Sequence

import polars as pl

from maskr import types
from maskr.db import Window
from maskr.db.postgres import copytext
from maskr.kernel import Kernel, bind
from maskr.keys import Key
from maskr.maskers import Traits, registry
from maskr.model import Across, Column, Schema, Table, TableName
from maskr.plan import Step, compile
from maskr.policy import load_text
from maskr.types import UserType

KEY = Key(bytes(range(32)))
OTHER_KEY = Key(bytes(range(1, 33)))

Values = Sequence[str | None]

_TABLE = TableName("public", "t")
_POLICY = """
version: 1
locale: {locale}
defaults: {{unlisted: keep}}
tables:
  public.t:
    columns:
      {line}
"""


def column(name: str, type: str, user: UserType | None = None) -> Column:
    """A column of that type, as a live catalogue would tell it; ``user`` is what a user made."""
    return types.column(name, type, {type: user} if user else {})


class Masking:
    """A line of a policy (``column: rule``), bound; called with the column's values."""

    def __init__(
        self,
        line: str,
        masked: Column | str = "text",
        others: Sequence[str] = (),
        key: Key = KEY,
        locale: str = "en_US",
    ) -> None:
        """``others`` are the table's further columns, all of text.

        Raises:
            PolicyError: the checks refuse it.
        """
        name = line.partition(":")[0]
        own = column(name, masked) if isinstance(masked, str) else masked
        self.columns = (own, *(column(other, "text") for other in others))
        policy = load_text(_POLICY.format(locale=locale, line=line))
        (plan,) = compile(policy, Schema({_TABLE: Table(_TABLE, self.columns)})).tables
        assert plan.read is not None
        self.traits = _traits(next((s for s in plan.steps if s.column.name == name), None))
        self._flags = plan.read.flags
        # What an expression looks at only the source knows: any of them.
        read = [name for s in plan.steps for name in (s.by, *s.reads, *s.originals) if name]
        self.width = len(self.columns) + len(self._flags)  # of what the kernel is handed
        self.looks_at = set(others if self._flags else read)
        # Nothing is bound where every column is kept.
        self.kernel = bind(plan, key) or Kernel(lambda chunk: chunk, Counter())

    def __call__(self, values: Values, *others: Values) -> list[str | None]:
        """What becomes of the column; ``others`` are the further columns' values."""
        return self.series(
            *(pl.Series(texts, dtype=pl.String) for texts in (values, *others))
        ).to_list()

    def series(self, values: pl.Series, *others: pl.Series) -> pl.Series:
        """The same for columns; without ``others`` every further column holds the same values."""
        if values.is_empty():
            return values
        masked = copytext.decode(self.kernel(self.chunk(values, *others)), len(self.columns))
        return copytext.unescape(masked.to_series(0))

    def chunk(self, values: pl.Series, *others: pl.Series) -> bytes:
        """The columns as COPY text, the way a source hands them over."""
        given = [values, *(others or [values] * (len(self.columns) - 1))]
        escaped = [copytext.escape(texts).alias(str(place)) for place, texts in enumerate(given)]
        flags = [_flag(flag, values).alias(f"flag{at}") for at, flag in enumerate(self._flags)]
        return copytext.encode(pl.DataFrame(escaped).with_columns(*flags))


def _flag(flag: str | Window, values: pl.Series) -> pl.Series:
    """What a source could have worked out: a table where alike values have alike neighbours."""
    if isinstance(flag, str):
        return pl.Series(["t"]).new_from_index(0, len(values))
    if flag.across is Across.NEXT:
        return copytext.escape(values)
    # A number of its own for every value, small enough to count on from.
    return (values.hash(0) // 8).cast(pl.String)


def _traits(step: Step | None) -> Traits:
    """What the rule promises; a column without a step is kept."""
    if step is None:
        return registry()["keep"].traits()
    return registry()[step.masker].traits(**step.params)
