"""What a policy says, once read: plain frozen values that know their place in the files.

Nothing here knows a database or which maskers exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from maskr.errors import Finding, Place

Unlisted = Literal["refuse", "keep", "null"]
OnInvalid = Literal["mask", "null", "keep", "fail"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One decision about a column, named rules already resolved.

    Attributes:
        mask: the masker's name (never a named rule's).
        place: where the decision stands.
        params: the masker's parameters as YAML gave them (str, int, float, bool, None, list, dict).
        places: where each parameter's value (and each of the keys below) stands, by its name.
        named: the named rule it came through, if any, and that rule's place.
        namespace, by, when, reason, normalise, on_invalid: the keys that every masker takes.
    """

    mask: str
    place: Place
    params: Mapping[str, object] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    named: tuple[str, Place] | None = None
    namespace: str | None = None
    by: str | None = None
    when: str | None = None
    reason: str | None = None
    normalise: tuple[str, ...] = ()
    on_invalid: OnInvalid = "mask"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a mapping whose keys are names or globs: the key, its place, its rule."""

    pattern: str
    place: Place
    rule: Rule


@dataclass(frozen=True, slots=True)
class TableRules:
    """What the policy says of one table (or of a glob of tables).

    Attributes:
        pattern: ``schema.table``, either part may hold ``*`` and ``?``.
        place: where the key stands.
        columns: in the order of the file; an exact name wins over a glob.
        where: a boolean SQL expression: only these rows are copied.
        rows: ``all``, ``none``, a count (int), or a share (``"5%"``).
        places: where ``where``, ``rows`` and ``columns`` stand.
    """

    pattern: str
    place: Place
    columns: tuple[Entry, ...] = ()
    where: str | None = None
    rows: str | int = "all"
    reason: str | None = None
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reference:
    """A join that the schema does not declare: ``table.column -> table.column``.

    Each side is ``(schema, table, column)``.
    """

    source: tuple[str, str, str]
    target: tuple[str, str, str]
    place: Place


@dataclass(frozen=True, slots=True)
class Allowance:
    """``# maskr: allow CODE -- reason`` on a line: accepts that finding there."""

    code: str
    reason: str
    place: Place


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole policy, its includes merged into it.

    Attributes:
        files: every file read, the main one first, with its text (for excerpts under a caret).
        findings: warnings met while reading (errors are raised).
        rules: the named rules, by name.
        columns: the rules by column name for every table; patterns are globs on ``table.column``.
        tables: by pattern, in the order of the files.
        places: where ``locale``, ``defaults.unlisted``, ``target.allow`` and ``key`` are stated.
    """

    files: Mapping[str, str]
    locale: tuple[str, ...] = ("en_US",)
    unlisted: Unlisted = "refuse"
    rules: Mapping[str, Entry] = field(default_factory=dict)
    columns: tuple[Entry, ...] = ()
    tables: tuple[TableRules, ...] = ()
    references: tuple[Reference, ...] = ()
    quasi: tuple[tuple[str, Place], ...] = ()
    target_allow: tuple[str, ...] = ()
    key_command: tuple[str, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    findings: tuple[Finding, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)
