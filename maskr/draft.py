"""Which rule holds for every column of a schema, before anybody asks whether it may.

Own rules first, then what a foreign key (or a declared reference) hands down, then the default for
what nobody decided about. `checks` judges the result, `plan` builds on it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from maskr.errors import Place
from maskr.maskers import BadParameter, Masker, Traits, registry
from maskr.model import Column, Relation, Schema, Table, TableName
from maskr.policy.effective import Decision, Effective, Rows, Step
from maskr.policy.model import Policy, Reference, Rule

ColumnName = tuple[TableName, str]


@dataclass(frozen=True, slots=True)
class Link:
    """A join: ``column`` holds values of ``target``.

    Attributes:
        name: the constraint's, or the reference as the policy writes it.
        place: where a declared reference stands in the policy; None for a foreign key.
    """

    column: ColumnName
    target: ColumnName
    name: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The rule of one column and how it came to be.

    Attributes:
        rule: None where nobody decided.
        via: the chain of steps that led to it, for ``explain``.
        link: the join it was handed down by, if it was.
    """

    table: TableName
    column: Column
    rule: Rule | None
    via: tuple[Step, ...] = ()
    link: Link | None = None

    @property
    def subject(self) -> str:
        """``schema.table.column``."""
        return f"{self.table}.{self.column.name}"

    @property
    def masker(self) -> Masker | None:
        """The masker, where there is a rule and its masker exists."""
        return registry().get(self.rule.mask) if self.rule else None


class Parsed(NamedTuple):
    """A rule's parameters as its masker reads them.

    Attributes:
        parameters: all of them, defaults filled in; none where something is bad.
        bad: what is wrong with them.
        traits: what the masker promises with them; None where something is bad.
        reads: the columns whose masked values the mask is handed.
        originals: the columns whose original values it is handed.
        fields: the SQL expressions that the source evaluates for it.
        rules: what stands in a rule's place inside them, by where.
    """

    parameters: Mapping[str, object] = {}
    bad: tuple[BadParameter, ...] = ()
    traits: Traits | None = None
    reads: tuple[str, ...] = ()
    originals: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    rules: Mapping[str, object] = {}


@dataclass(frozen=True)
class Draft:
    """A policy laid over a schema.

    Attributes:
        choices: by table, then by column, of everything whose rows are copied; a partition's
            are its root's. Foreign tables hold no rows of their own.
    """

    policy: Policy
    schema: Schema
    effective: Effective
    choices: Mapping[TableName, Mapping[str, Choice]]
    links: tuple[Link, ...]
    _parsed: dict[tuple[str, str], Parsed] = field(default_factory=dict, repr=False, compare=False)
    # By identity, which holds as long as the rule is held here.
    _known: dict[int, tuple[Rule, Parsed]] = field(default_factory=dict, repr=False, compare=False)

    def parsed(self, rule: Rule) -> Parsed:
        """The rule's parameters; nothing at all where its masker does not exist.

        Every check asks for every rule, and of 20,000 rules hardly a hundred differ.
        """
        known = self._known.get(id(rule))
        if known is None:
            said = (rule.mask, repr(rule.params))  # tells 1 from True, which are equal
            if said not in self._parsed:
                self._parsed[said] = _parse(rule)
            known = self._known[id(rule)] = (rule, self._parsed[said])
        return known[1]

    def all(self) -> Iterator[Choice]:
        """Every choice; a partition's are its root's and are not told again."""
        for columns in self.choices.values():
            yield from columns.values()

    def choice(self, name: ColumnName) -> Choice | None:
        """The choice for a column; of a partition, its root's."""
        table, column = name
        return self.choices.get(self.schema.root(table), {}).get(column)

    @cached_property
    def subjects(self) -> Mapping[Place, str]:
        """For whom a rule stands, by its place: one column of those it decides."""
        return {choice.rule.place: choice.subject for choice in self.all() if choice.rule}

    @cached_property
    def ruled(self) -> tuple[tuple[Choice, Rule, Masker], ...]:
        """The choices that have a rule whose masker exists."""
        return tuple(
            (choice, choice.rule, masker)
            for choice in self.all()
            if choice.rule is not None and (masker := choice.masker) is not None
        )


def _parse(rule: Rule) -> Parsed:
    masker = registry().get(rule.mask)
    if masker is None:
        return Parsed()
    parameters, bad = masker.parse(rule.params)
    if bad:
        return Parsed(bad=bad)
    return Parsed(
        parameters,
        traits=masker.traits(**parameters),
        reads=masker.reads(**parameters),
        originals=masker.originals(**parameters),
        fields=masker.fields(**parameters),
        rules=masker.rules(**parameters),
    )


def draft(policy: Policy, schema: Schema) -> Draft:
    """Lays the policy over the schema. Raises nothing: what is wrong is for the checks to say."""
    effective = Effective(policy)
    links = tuple(_links(policy, schema))
    deciding = _deciding(effective, schema)
    own = {
        (name, column.name): effective.decide(name, column.name)
        for name, table in deciding
        for column in table.stored
    }
    handed = _Handed(own, _by_column(links))
    choices = {
        name: {
            column.name: _choice(policy, name, column, own[name, column.name], handed)
            for column in table.stored
        }
        for name, table in deciding
    }
    return Draft(policy, schema, effective, choices, links)


def _deciding(effective: Effective, schema: Schema) -> list[tuple[TableName, Table]]:
    """The tables that rules are given to: all but partitions, foreign tables and ``rows: none``."""
    copied = {
        schema.root(name)
        for name, table in schema.tables.items()
        if table.relation is Relation.ORDINARY and rows_of(effective, schema, name).rows != "none"
    }
    copied |= {
        name
        for name, table in schema.tables.items()
        if table.relation is Relation.PARTITIONED and effective.rows(name).rows != "none"
    }
    return [
        (name, table)
        for name, table in schema.tables.items()
        if table.parent is None and name in copied
    ]


def rows_of(effective: Effective, schema: Schema, name: TableName) -> Rows:
    """Which rows of a table are copied: a partition's own words, else those of the table above."""
    own = effective.rows(name)
    root = schema.root(name)
    return own if own.places or name == root else effective.rows(root)


def _links(policy: Policy, schema: Schema) -> Iterator[Link]:
    for name, table in schema.tables.items():
        for key in table.foreign_keys:
            for column, referenced in zip(key.columns, key.referenced, strict=True):
                start, end = schema.root(name), schema.root(key.references)
                yield Link((start, column), (end, referenced), key.name)
    for reference in policy.references:
        yield _declared(reference)


def _declared(reference: Reference) -> Link:
    start, end = reference.source, reference.target
    name = f"{'.'.join(start)} -> {'.'.join(end)}"
    return Link(
        (TableName(*start[:2]), start[2]), (TableName(*end[:2]), end[2]), name, reference.place
    )


def _by_column(links: Sequence[Link]) -> Mapping[ColumnName, list[Link]]:
    found: dict[ColumnName, list[Link]] = {}
    for link in links:
        if link.column != link.target and link not in found.setdefault(link.column, []):
            found[link.column].append(link)
    return found


@dataclass(frozen=True, slots=True)
class _Handed:
    """Follows links to the rule at their end."""

    own: Mapping[ColumnName, Decision | None]
    links: Mapping[ColumnName, list[Link]]

    def rule(self, name: ColumnName) -> tuple[Decision, Link] | None:
        """The first rule that a link of the column leads to, directly or over others."""
        return self._follow(name, frozenset({name}))

    def _follow(
        self, name: ColumnName, seen: frozenset[ColumnName]
    ) -> tuple[Decision, Link] | None:
        for link in self.links.get(name, ()):
            if link.target in seen:
                continue
            further = self._follow(link.target, seen | {link.target})
            decision = self.own.get(link.target)
            if decision is not None and (decision.exact or further is None):
                return decision, link
            if further is not None:
                return further[0], link
        return None


def _choice(
    policy: Policy, table: TableName, column: Column, own: Decision | None, handed: _Handed
) -> Choice:
    inherited = handed.rule((table, column.name))
    # A glob's `keep` was written without this column in mind: the key it holds knows better. A
    # glob that masks stays, so that a join can never expose what the policy hides.
    yields = own is None or (not own.exact and own.rule.mask == "keep")
    if inherited is not None and yields:
        decision, link = inherited
        via = (Step(f"foreign key {link.name}" if link.place is None else link.name, link.place),)
        return Choice(table, column, decision.rule, via + decision.via, link)
    if own is not None:
        return Choice(table, column, own.rule, own.via)
    if policy.unlisted == "refuse":
        return Choice(table, column, None)
    place = policy.places["defaults.unlisted"]  # else it is the default, and that refuses
    rule = Rule(policy.unlisted, place)
    return Choice(table, column, rule, (Step(f"defaults.unlisted: {policy.unlisted}", place),))
