"""``maskr explain``: the rule of a column, the way that led to it, and what it promises."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from maskr.checks import enclosing, nested_rules
from maskr.checks.joins import stays_unique
from maskr.cli.schemas import given_schema
from maskr.compare import words
from maskr.draft import Choice, Draft, draft, rows_of
from maskr.errors import Place, PolicyError, UsageError
from maskr.maskers import Traits
from maskr.mentions import mentioned
from maskr.model import Column, Relation, Schema, Table, TableName
from maskr.policy import Policy, lineage, load, names
from maskr.policy.effective import Step
from maskr.policy.model import Rule


def explain(policy: Path, subject: str, source: str | None, schema: Path | None) -> None:
    """Prints the rule of a column, or of every column of a table, and where it comes from.

    Raises:
        UsageError: there is no such table or column.
        PolicyError: the policy cannot be read.
    """
    read = load(policy)
    given = given_schema(source, schema)
    wanted = _parts(subject)
    tables = given.schema if given else _imagined(read, wanted)
    table, column = _find(tables, wanted, subject)
    laid = draft(read, tables)
    explained = _Explained(laid, known=given is not None)
    console = Console(highlight=False, soft_wrap=True)
    for line in explained.table(tables.tables[table], column):
        console.print(line)


def _parts(subject: str) -> tuple[str, ...]:
    try:
        parts = tuple(part.text for part in names.split(subject))
    except ValueError:
        parts = ()
    if not 0 < len(parts) < 4:
        raise UsageError(subject, "this is no table or column", "write schema.table.column")
    return parts


def _imagined(policy: Policy, wanted: tuple[str, ...]) -> Schema:
    """Without a schema: what the policy names, and the column that is asked for."""
    schema = mentioned([policy])
    if len(wanted) == 3:
        return mentioned([policy], [(TableName(*wanted[:2]), wanted[2])])
    if len(wanted) == 2 and TableName(*wanted) not in schema.tables:
        return mentioned([policy], [(TableName("public", wanted[0]), wanted[1])])
    return schema


def _find(schema: Schema, wanted: tuple[str, ...], subject: str) -> tuple[TableName, str | None]:
    """The table and column that ``a``, ``a.b`` or ``a.b.c`` means in this schema."""
    readings: Mapping[int, list[tuple[tuple[str, ...], str | None]]] = {
        1: [(("public", wanted[0]), None)],
        2: [(wanted, None), (("public", wanted[0]), wanted[-1])],
        3: [(wanted[:2], wanted[-1])],
    }
    for name, column in readings[len(wanted)]:
        table = schema.tables.get(TableName(*name))
        if table is not None and (column is None or table.column(column)):
            return table.name, column
    raise UsageError(subject, "there is no such table or column", "write schema.table.column")


@dataclass(frozen=True, slots=True)
class _Explained:
    """Explains parts of a draft; ``known`` is False where the schema is only imagined."""

    draft: Draft
    known: bool

    def table(self, table: Table, column: str | None) -> Iterator[Text]:
        yield from self._rows(table)
        root = self.draft.schema.root(table.name)
        choices = self.draft.choices.get(root, {})
        for each in table.columns:
            if column not in (None, each.name):
                continue
            yield Text.assemble(
                (f"{root}.{each.name}", "bold"), f"  {each.type}" if self.known else ""
            )
            yield from self._column(each, choices.get(each.name))
        if not self.known:
            hint = "foreign keys are not followed: add --source or --schema"
            yield Text(hint, style="dim")

    def _rows(self, table: Table) -> Iterator[Text]:
        """What is copied of the table, where that is not simply all of it."""
        root = self.draft.schema.root(table.name)
        if root != table.name:
            yield Text(f"{table.name} is a partition of {root} and follows it")
        if table.relation is Relation.FOREIGN:
            yield Text(f"{table.name} is a foreign table: its rows are elsewhere")
        rows = rows_of(self.draft.effective, self.draft.schema, table.name)
        for word in ("rows", "where", "reason"):
            if word in rows.places:
                said = f"{table.name}: {word}: {getattr(rows, word)}"
                yield Text(said).append(f" ({rows.places[word]})", style="dim")

    def _column(self, column: Column, choice: Choice | None) -> Iterator[Text]:
        if column.generated:
            yield Text("  generated: PostgreSQL computes it from the masked columns")
        elif choice is None:
            yield Text("  its rows are not copied")
        elif choice.rule is None:
            yield Text("  no rule: a run is refused", style="red")
        else:
            yield from self._rule(choice.rule, choice.via)

    def _rule(
        self, rule: Rule, via: tuple[Step, ...], indent: str = "  ", within: tuple[str, ...] = ()
    ) -> Iterator[Text]:
        yield Text(f"{indent}{words(rule)}", style="green")
        if rule.reason:
            yield Text(f"{indent}reason: {rule.reason}")
        for step in via:
            yield Text(f"{indent}← {step.text}{self._place(step.place)}", style="dim")
        parsed = self.draft.parsed(rule)
        if parsed.traits is not None:
            yield Text(f"{indent}{promises(parsed.traits, rule)}", style="cyan")
        else:
            yield Text(f"{indent}it cannot be carried out: see `maskr check`", style="red")
            return
        try:
            nested = nested_rules(self.draft, rule, within)
        except PolicyError:
            yield Text(f"{indent}a rule within cannot be read: see `maskr check`", style="red")
            return
        for where, inner in nested.items():
            yield Text(f"{indent}{where.partition('.')[2] or where}", style="bold")
            steps = [
                Step(f"named rule '{name}'", place)
                for name, place in lineage(self.draft.policy, inner)
            ]
            below = (Step("here", inner.place), *steps)
            yield from self._rule(inner, below, indent + "  ", enclosing(rule, within))

    def _place(self, place: Place | None) -> str:
        if place is None:
            return ""
        main = next(iter(self.draft.policy.files), "")
        return f" ({place}{'' if place.file == main else ', included'})"


def promises(traits: Traits, rule: Rule) -> str:
    """What a rule guarantees, in words.

    >>> promises(Traits(unique=True, longest=32), Rule("hash", Place("p", 1, 1)))
    'unique, repeatable, not reversible, at most 32 characters'
    """
    said = [
        "unique" if stays_unique(rule, traits) else "not unique",
        "repeatable" if traits.repeatable else "not repeatable",
        "reversible by the key holder" if traits.reversible else "not reversible",
    ]
    if traits.format_kept:
        said.append("format kept")
    if traits.keeps:
        said.append("shows the original or a part of it")
    if traits.longest is not None:
        said.append(f"at most {traits.longest} characters")
    if rule.when is not None:
        said.append("other rows keep their value")
    if rule.on_invalid == "keep":
        said.append("what it cannot read is kept")
    return ", ".join(said)
