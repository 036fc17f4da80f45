"""Proposes a policy for a database, from the names, types and sampled values of its columns.

Values are looked at and forgotten: a proposal holds names, rules and reasons, never a value.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from maskr.checks import run_checks
from maskr.db import Read, Source
from maskr.draft import Choice, ColumnName, Draft, draft
from maskr.errors import Severity
from maskr.model import Column, Kind, Relation, Schema, Table, TableName
from maskr.pii import Entry, catalogue
from maskr.policy import load_text, written
from maskr.policy.written import Line
from maskr.preview import frame

Sample = Callable[[Table, Sequence[str]], Mapping[str, Iterable[str | None]]]
"""Gives some values of a table's columns, by column."""

_HEAD = """\
# Proposed by `maskr discover`: read it line by line, and decide. What does not look personal is
# kept; a new column gets the rule of its name, and is refused where nothing here names it.
"""
_KEEP = "keep"


@dataclass(frozen=True, slots=True)
class _Guess:
    """What a column may be: the rules to try, the best first, and why it has to be masked."""

    rules: tuple[object, ...] = (_KEEP,)
    why: str = ""

    def line(self, tried: int) -> Line:
        """What is written once the rules before it have been refused."""
        rule = self.rules[tried]
        if not tried:
            return Line(rule, self.why)
        settled = "no mask fits, decide" if rule == _KEEP else "its usual mask does not fit"
        return Line(rule, f"{self.why}; {settled}")


def propose(schema: Schema, sample: Sample) -> str:
    """A policy, as YAML, in which every column is decided and in which no check finds an error."""
    bare = draft(load_text("version: 1"), schema)
    leaders = _leaders(bare)
    guesses = _guesses(bare, sample)
    joined = {leader: _best(guesses, members) for leader, members in _members(leaders).items()}
    tried = dict.fromkeys(joined, 0)
    while True:
        lines = {name: joined[each].line(tried[each]) for name, each in leaders.items()}
        text = _HEAD + written.policy(*_grouped(bare, lines, leaders))
        worse = {leaders[name] for name in _unfit(text, schema, lines)}
        moving = [each for each in worse if tried[each] + 1 < len(joined[each].rules)]
        if not moving:
            return text
        for leader in moving:
            tried[leader] += 1


def sampler(source: Source, schema: Schema, rows: int) -> Sample:
    """Reads the first rows of each table, by primary key; of a partitioned one its partitions'."""
    leaves: dict[TableName, list[Table]] = {}
    for leaf in schema.tables.values():
        if leaf.relation is Relation.ORDINARY:
            leaves.setdefault(schema.root(leaf.name), []).append(leaf)

    def sample(table: Table, columns: Sequence[str]) -> Mapping[str, Iterable[str | None]]:
        found: dict[str, list[str | None]] = {name: [] for name in columns}
        for leaf in leaves.get(table.name, ()):
            had = len(found[columns[0]])
            if had >= rows:
                break
            key = next((each.columns for each in leaf.uniques if each.primary), ())
            read = Read(leaf.name, tuple(columns), limit=rows - had, order=key)
            taken = frame(b"".join(source.read(read)), len(columns), read.columns)
            for name in columns:
                found[name] += taken[name].to_list()
        return found

    return sample


def _leaders(bare: Draft) -> dict[ColumnName, ColumnName]:
    """For each column the one that stands for all it is joined with: the last one referenced."""
    names = [(choice.table, choice.column.name) for choice in bare.all()]
    ahead = dict(zip(names, names, strict=True))

    def end(name: ColumnName) -> ColumnName:
        while ahead[name] != name:
            name = ahead[name]
        return name

    for link in bare.links:
        if link.column in ahead and link.target in ahead:
            ahead[end(link.column)] = end(link.target)
    return {name: end(name) for name in ahead}


def _members(leaders: Mapping[ColumnName, ColumnName]) -> Mapping[ColumnName, list[ColumnName]]:
    found: dict[ColumnName, list[ColumnName]] = {}
    for name, leader in leaders.items():
        found.setdefault(leader, []).append(name)
    return found


def _best(guesses: Mapping[ColumnName, _Guess], members: Sequence[ColumnName]) -> _Guess:
    """Of columns that are joined one decides for all: the first that looks personal."""
    return next((guesses[name] for name in members if guesses[name].why), guesses[members[0]])


def _guesses(bare: Draft, sample: Sample) -> dict[ColumnName, _Guess]:
    found: dict[ColumnName, _Guess] = {}
    for name, choices in bare.choices.items():
        table = bare.schema.tables[name]
        named = {column: _by_name(choice) for column, choice in choices.items()}
        told = {kind for entry in catalogue().entries if entry.values for kind in entry.kinds}
        open_ = [
            column
            for column, entry in named.items()
            if (entry is None or not entry.check) and _kind(choices[column].column) in told
        ]
        values = sample(table, open_) if open_ else {}
        for column, choice in choices.items():
            seen = catalogue().by_values(values.get(column, ()), _kind(choice.column))
            entry = seen or named[column]
            how = " (by its values)" if seen else ""
            found[name, column] = _guess(table, choice.column, entry, how) if entry else _Guess()
    return found


def _by_name(choice: Choice) -> Entry | None:
    column = choice.column
    return catalogue().by_name(choice.table.table, column.name, _kind(column))


def _kind(column: Column) -> Kind:
    return column.element if column.element is not None else column.kind


def _guess(table: Table, column: Column, entry: Entry, how: str) -> _Guess:
    rule = None if entry.mask == "null" else entry.mask
    if column.element is not None:
        rule = {"mask": "array", "elements": rule}
    unique = any(column.name in each.columns for each in table.uniques)
    others = (catalogue().unique, "fpe", "permute") if unique else ("redact",)
    return _Guess((rule, *others, None, _KEEP), f"{entry.name}: {entry.why}{how}")


def _grouped(
    bare: Draft, lines: Mapping[ColumnName, Line], leaders: Mapping[ColumnName, ColumnName]
) -> tuple[Mapping[str, Line], Mapping[TableName, Mapping[str, Line]]]:
    """What holds for a name in every table, and what a table says otherwise."""
    following = {link.column for link in bare.links}
    # What is kept because a foreign key hands it down needs no line, but where a mask is shared.
    handed = {
        name
        for name, line in lines.items()
        if line.rule == _KEEP and name in following and leaders[name] != name
    }
    by_name: dict[str, Counter[Line]] = {}
    for name in lines.keys() - handed:
        by_name.setdefault(name[1], Counter())[lines[name]] += 1
    shared = {name: _commonest(by_name[name]) for name in sorted(by_name)}
    own: dict[TableName, dict[str, Line]] = {}
    for name, line in lines.items():
        table, column = name
        if line != shared.get(column, line):
            own.setdefault(table, {})[column] = line
    return shared, own


def _commonest(counted: Counter[Line]) -> Line:
    """The same one whatever the order of counting."""
    return min(counted, key=lambda line: (-counted[line], written.value(line.rule), line.comment))


def _unfit(text: str, schema: Schema, lines: Iterable[ColumnName]) -> Iterator[ColumnName]:
    """The columns whose rules the checks refuse."""
    found = run_checks(draft(load_text(text), schema))
    refused = {each.subject for each in found if each.severity is Severity.ERROR}
    return (name for name in lines if f"{name[0]}.{name[1]}" in refused)
