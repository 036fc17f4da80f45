"""What each masker takes a value: CPU of this process, chunk by chunk, as a run works.

What it takes to parse and print the chunk is measured beside and taken off. The rules are those of
the contract suite; here are only values that a masker can read, for what it cannot is masked as
opaque text by another one.
"""

import re
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from rich.console import Console
from rich.table import Table

from maskr.db.postgres import copytext
from maskr.db.postgres.source import CHUNK_BYTES
from maskr.maskers import ANY, Masker, registry
from maskr.model import Kind
from tests.maskers.test_contract import TYPES, USERS, line
from tests.masking import Masking, column

ROWS = 1_000_000
REPEATED = 5_000

#: The bars, in ns a distinct value: half of the maskers of single values, each of them, and
#: documents with two paths.
MEDIAN_BAR, SINGLE_BAR, JSON_BAR = 500, 2_000, 6_000

#: Of these a value holds values, or is a text to be read: a value is a piece of work of its own.
STRUCTURED = frozenset(
    {"array", "composite", "csv", "hstore", "json", "pairs", "range", "redact_text", "xml"}
)
#: These do nothing to a value.
IDLE = frozenset({"default", "keep"})
#: Half of what these take is the user's program, not maskr.
OWN = frozenset({"command", "python"})

# In a value a # is a digit of the row's number; a million rows need six of them to be distinct.
_OF_KIND: Mapping[Kind, str] = {
    Kind.TEXT: "Person ####### of Springfield",
    Kind.INTEGER: "1######",
    Kind.NUMERIC: "4#.######",
    Kind.TIMESTAMP: "1964-02-11 1#:2#:3#.######",
    Kind.UUID: "6ba7b810-9dad-41d1-80b4-####0000####",
    Kind.INET: "93.1##.1##.1##",
    Kind.MACADDR: "00:1b:##:##:##:##",
    Kind.JSON: '{"tags": ['
    + ", ".join(f'{{"k": {n}, "v": "9f1c{n:02}ab77de4410c6823f5b0c12de55a1b7"}}' for n in range(16))
    + '], "phone": "+1-555-#######", "total": 17.50, "contact": {"email":'
    ' "user#######@mail.example", "verified": true}}',
    Kind.XML: '<order buyer="Ann #######"><phone>+49 171 #######</phone><n>1</n></order>',
    Kind.ARRAY: "{ann#######@corp.example,bob@corp.example}",
    Kind.COMPOSITE: '("1####### Main Street",Springfield,7)',
    Kind.HSTORE: '"note"=>"call #######", "phone"=>"+49 171 #######"',
    Kind.RANGE: "[1######,3######)",
}
_OF_MASKER: Mapping[str, str] = {
    "address": "####### Main Street, Springfield, IL 62701",
    "card": "4### #### #### ####",
    "clamp": "1######",
    "coalesce": "1964-02-11 1#:2#:3#.######",
    "csv": "#######,Miller,ann#######@corp.example,7",
    "dictionary": "North",
    "domain_name": "host#######.corp.example",
    "ean": "4############",
    "either": "+49 171 #######",
    "email": "ann.miller#######@corp.example",
    "fpe": "###-##-#####",
    "iban": "DE## #### #### #### #### ##",
    "imei": "35#############",
    "isbn": "978##########",
    "license_plate": "AB ###-####",
    "national_id": "4##########",
    "pairs": "lang=de;mail=ann#######@corp.example",
    "phone": "+49 171 #######",
    "postcode": "6#######",
    "regex_replace": "https://www.corp.example/shop?user=#######",
    "redact_text": "Call +49 171 ####### or write to ann.#######@corp.example by 2024-02-11.",
    "ssn": "###-##-####",
    "url": "https://www.corp.example/shop/item?id=#######",
    "vat": "DE#########",
    "vin": "1M8GDM9A#########",
}
# Coprime to ten, so that distinct rows stay distinct and all digits move; a million times that is
# below 2**63.
_SPREAD = 7_368_787_368_787


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU nanoseconds a value of one masker.

    Attributes:
        distinct: of values that no two are alike.
        repeated: of values of which there are `REPEATED`.
        bar: what a distinct value may take; None where nothing is promised.
    """

    masker: str
    kind: str
    distinct: float
    repeated: float
    bar: int | None

    @property
    def over(self) -> bool:
        """Whether it takes longer than it may."""
        return self.bar is not None and self.distinct > self.bar


def measured() -> list[Masker]:
    """The maskers that do anything to a value."""
    return [masker for masker in registry().values() if masker.name not in IDLE]


def costs(scale: float) -> Iterator[Cost]:
    """Every masker of the registry, one after the other; ``scale`` shrinks the rows."""
    rows = max(REPEATED, int(ROWS * scale))
    for masker in measured():
        masking = bound(masker)
        pattern = pattern_of(masker)
        distinct, repeated = (_cpu(masking, pattern, rows, kinds) for kinds in (rows, REPEATED))
        yield Cost(masker.name, kind_of(masker), distinct, repeated, _bar(masker))


def median_of(taken: Sequence[Cost]) -> float:
    """The median of what single values take, ns."""
    return statistics.median(cost.distinct for cost in taken if cost.bar == SINGLE_BAR)


def show(taken: list[Cost]) -> None:
    """Prints them as a table, the bars beside."""
    table = Table(box=None, header_style="bold")
    for heading in ("masker", "kind", "ns a distinct value", f"of {REPEATED:,}", "bar", ""):
        right = heading not in ("masker", "kind", "")
        table.add_column(heading, justify="right" if right else "left")
    for cost in sorted(taken, key=lambda cost: -cost.distinct):
        table.add_row(
            *(cost.masker, cost.kind, f"{cost.distinct:,.0f}", f"{cost.repeated:,.0f}"),
            "" if cost.bar is None else f"{cost.bar:,}",
            "over" if cost.over else "",
        )
    console = Console(width=150)
    console.print(table)
    console.print(f"median of single values: {median_of(taken):,.0f} ns (bar {MEDIAN_BAR})")


def _bar(masker: Masker) -> int | None:
    if masker.name == "json":
        return JSON_BAR
    return None if masker.name in STRUCTURED | OWN else SINGLE_BAR


def kind_of(masker: Masker) -> Kind:
    """The kind that the masker is measured with: of several any but text."""
    if masker.kinds == ANY or masker.kinds <= {Kind.TEXT, Kind.BYTES, Kind.BOOLEAN}:
        return Kind.TEXT
    return next(kind for kind in _OF_KIND if kind in masker.kinds and kind is not Kind.TEXT)


def pattern_of(masker: Masker) -> str:
    """What its values look like."""
    return _OF_MASKER.get(masker.name) or _OF_KIND[kind_of(masker)]


def bound(masker: Masker) -> Masking:
    """The rule of the masker's page in a table of the columns that it looks at, and no more."""
    kind = kind_of(masker)
    rule = line(masker, kind)
    name = rule.partition(":")[0]
    own = column(name, TYPES[kind], USERS.get(TYPES[kind]))
    whole = Masking(rule, own, sorted({*re.findall(r"[a-z_]+", rule)} - {name}))
    return Masking(rule, own, sorted(whole.looks_at - {name}))


def _cpu(masking: Masking, pattern: str, rows: int, kinds: int) -> float:
    """CPU nanoseconds a value, of ``rows`` values of ``kinds``."""
    step = max(1, CHUNK_BYTES // (len(pattern) * len(masking.columns)))
    masking.kernel(masking.chunk(values(pattern, 0, 100, kinds)))  # what is made once is made
    total = 0.0
    for first in range(0, rows, step):
        chunk = masking.chunk(values(pattern, first, min(step, rows - first), kinds))
        start = time.process_time()
        copytext.encode(copytext.decode(chunk, masking.width))
        between = time.process_time()
        masking.kernel(chunk)
        total += time.process_time() - between - (between - start)
    return max(0.0, total) / rows * 1e9


def values(pattern: str, first: int, rows: int, kinds: int) -> pl.Series:
    """The values of some rows: the pattern with the digits of each row's number."""
    digits = pattern.count("#")
    number = (pl.int_range(first, first + rows) % kinds) * _SPREAD % 10 ** min(digits, 18)
    spelt = number.cast(pl.String).str.zfill(digits)
    pieces: list[pl.Expr] = []
    at = 0
    for piece in re.findall(r"#+|[^#]+", pattern):
        if piece[0] == "#":
            pieces.append(spelt.str.slice(at, len(piece)))
            at += len(piece)
        else:
            pieces.append(pl.lit(piece))
    if not digits:
        return pl.select(pl.lit(pattern).repeat_by(rows).explode()).to_series()
    return pl.select(pl.concat_str(pieces)).to_series()
