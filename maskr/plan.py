"""A policy and a schema become a plan: plain data in which every question is answered.

Whatever can be refused is refused here, before row one; what comes after only carries it out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from maskr.checks import enclosing, nested_rules
from maskr.checks.judging import judge
from maskr.db import Read, Window
from maskr.draft import Choice, Draft, draft, rows_of
from maskr.errors import Finding, Place, PolicyError
from maskr.keys import Key
from maskr.maskers import Masker, registry
from maskr.model import Column, Relation, Schema, Table, TableName, Unique
from maskr.policy import Policy
from maskr.policy.model import OnInvalid, Rule
from maskr.sql import expression, predicate


@dataclass(frozen=True, slots=True)
class Step:
    """One column's masking.

    Attributes:
        column: the column it writes.
        masker, params: which masker, and all of its parameters.
        namespace: whose draws.
        by: the column whose value is drawn from; the column itself where None.
        normalise: what is done to a value before the draw.
        reads: the columns whose masked values the mask is handed.
        originals: the columns whose original values it is handed after those.
        fields: which of the read's flags it is handed after those.
        flag: which of the read's flags says where the mask applies; None means everywhere.
        on_invalid: what becomes of a value that the mask cannot read.
        nested: the rules inside its parameters.
        place: where its rule stands in the policy.
    """

    column: Column
    masker: str
    params: Mapping[str, object]
    namespace: str = ""
    by: str | None = None
    normalise: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    originals: tuple[str, ...] = ()
    fields: tuple[int, ...] = ()
    flag: int | None = None
    on_invalid: OnInvalid = "mask"
    nested: Mapping[str, "Step"] = field(default_factory=dict)
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class TablePlan:
    """What happens to one table: what is read, what is masked, in this order.

    Attributes:
        read: None where only the table's definition is wanted.
        steps: none of them reads a column that a later one writes.
        locale: the locales of its word pools.
    """

    table: Table
    read: Read | None
    steps: tuple[Step, ...]
    locale: tuple[str, ...]

    @property
    def name(self) -> TableName:
        """The table's name."""
        return self.table.name

    def salted(self, key: Key) -> "TablePlan":
        """The same, to be read under a key; without it nothing that looks across rows is read."""
        return self if self.read is None else replace(self, read=self.read.salted(key.salt))


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run does.

    Attributes:
        tables: those that hold rows of their own, by name.
        columns: how many columns were decided about, and how many of these are masked.
        findings: the warnings of the checks.
    """

    schema: Schema
    tables: tuple[TablePlan, ...]
    columns: int
    masked: int
    findings: tuple[Finding, ...] = ()


def compile(policy: Policy, schema: Schema, only: str = "*") -> Plan:
    """Makes the plan.

    Args:
        policy: as `maskr.policy.load` read it.
        schema: of the source.
        only: a glob on ``schema.table``: the other tables have no part in the run.

    Raises:
        PolicyError: carries every error of every check at once.
    """
    laid = draft(policy, schema)
    judged = judge(laid)
    if judged.errors:
        raise PolicyError(judged.errors, policy.files)
    tables = tuple(
        _table_plan(laid, table)
        for name, table in sorted(schema.tables.items())
        if table.relation is Relation.ORDINARY and fnmatchcase(str(name), only)
    )
    masked = sum(rule.mask != "keep" for _, rule, _ in laid.ruled)
    return Plan(schema, tables, sum(1 for _ in laid.all()), masked, judged.findings)


def _table_plan(draft: Draft, table: Table) -> TablePlan:
    rows = rows_of(draft.effective, draft.schema, table.name)
    if rows.rows == "none":
        return TablePlan(table, None, (), draft.policy.locale)
    choices = draft.choices[draft.schema.root(table.name)]
    key = _row_name(table.uniques)
    flags: list[str | Window] = []
    steps = [
        _step(draft, choices[column.name], column, flags, key)
        for column in table.stored
        if (rule := choices[column.name].rule) is not None
        and rule.mask != "keep"
        and not registry()[rule.mask].omits
    ]
    read = Read(
        table=table.name,
        columns=tuple(column.name for column in table.stored if not _omitted(choices[column.name])),
        flags=tuple(flags),
        where=_vetted(rows.where, table) if rows.where else None,
        limit=rows.rows if isinstance(rows.rows, int) else None,
        percent=_percent(rows.rows),
        order=key,
    )
    return TablePlan(table, read, _ordered(steps), draft.policy.locale)


def _omitted(choice: Choice) -> bool:
    return choice.masker is not None and choice.masker.omits


def _percent(rows: str | int) -> float | None:
    return float(rows.removesuffix("%")) if isinstance(rows, str) and rows.endswith("%") else None


def _row_name(uniques: Sequence[Unique]) -> tuple[str, ...]:
    return next((unique.columns for unique in uniques if unique.primary), ())


def _vetted(text: str, table: Table) -> str:
    columns = [column.name for column in table.columns]
    return predicate(text, columns, table.name.table).sql


def _step(
    draft: Draft, choice: Choice, column: Column, flags: list[str | Window], key: tuple[str, ...]
) -> Step:
    rule = choice.rule
    assert rule is not None  # noqa: S101 - only masked columns get a step
    table = draft.schema.tables[choice.table]
    when = None if rule.when is None else _flag(_vetted(rule.when, table), flags)
    known = [each.name for each in table.columns]
    masker = registry()[rule.mask]
    fields = [
        _flag(expression(text, known, table.name.table).sql, flags)
        for text in masker.fields(**masker.parse(rule.params)[0])
    ]
    if masker.across is not None:
        names = key or tuple(each.name for each in table.stored)
        window = Window(masker.across, column.name, names, primary=bool(key))
        fields.append(_flag(window, flags))
    return replace(_ruled(draft, rule, column), flag=when, fields=tuple(fields))


def _flag(wanted: str | Window, flags: list[str | Window]) -> int:
    """Which of the read's flags this is; a new one if it is not among them."""
    if wanted not in flags:
        flags.append(wanted)
    return flags.index(wanted)


def _ruled(draft: Draft, rule: Rule, column: Column, within: tuple[str, ...] = ()) -> Step:
    masker = registry()[rule.mask]
    params, _ = masker.parse(rule.params)
    around = enclosing(rule, within)
    inner = masker.inside(column)
    return Step(
        column=column,
        masker=rule.mask,
        params={name: _located(masker, name, value, rule) for name, value in params.items()},
        namespace=rule.namespace or "",
        by=rule.by,
        # What the database takes for one value gets one fake: a key may be spelt otherwise there.
        normalise=("lower", *rule.normalise) if column.caseless else rule.normalise,
        reads=masker.reads(**params),
        originals=masker.originals(**params),
        on_invalid=rule.on_invalid,
        nested={
            where: _ruled(draft, nested, inner, within=around)
            for where, nested in nested_rules(draft, rule, within).items()
        },
        place=rule.place,
    )


def _located(masker: Masker, name: str, value: object, rule: Rule) -> object:
    """A parameter; a path in it is relative to the file in which it stands."""
    if name not in masker.files or value is None:
        return value
    return str(Path(rule.places.get(name, rule.place).file).parent / str(value))


def _ordered(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Every step after those whose columns it reads (the checks have refused circles)."""
    by_column = {step.column.name: step for step in steps}
    ordered: dict[str, Step] = {}

    def visit(step: Step) -> None:
        for name in step.reads:
            if name in by_column and name not in ordered:
                visit(by_column[name])
        ordered[step.column.name] = step

    for step in steps:
        if step.column.name not in ordered:
            visit(step)
    return tuple(ordered.values())
