"""Merges the files of a policy into one: the later file wins, and says so where they differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from maskr.errors import Finding, Place, Severity
from maskr.policy import names
from maskr.policy.grammar import Document, RuleKeys, RuleSpec, TableKeys
from maskr.policy.model import Allowance, Entry, Policy, Reference, TableRules
from maskr.policy.rules import Written, settle, settle_named, write
from maskr.policy.tree import Path, Tree

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part:
    """One file, read and valid; its includes come before it in any sequence of parts."""

    tree: Tree
    document: Document
    allowances: tuple[Allowance, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line(Generic[T]):
    """One decision: where its key stands, and what it says."""

    key: Place
    place: Place
    said: T


@dataclass(slots=True)
class _Table:
    place: Place
    columns: dict[str, _Line[Written]] = field(default_factory=dict)
    stated: dict[str, _Line[Any]] = field(default_factory=dict)  # where, rows, reason
    columns_place: Place | None = None


class _Merger:
    """Takes in one file after the other."""

    def __init__(self) -> None:
        self.rules: dict[str, _Line[Written]] = {}
        self.columns: dict[str, _Line[Written]] = {}
        self.tables: dict[str, _Table] = {}
        self.references: dict[tuple[object, object], Reference] = {}
        self.quasi: dict[str, Place] = {}
        self.settings: dict[str, _Line[Any]] = {}
        self.findings: list[Finding] = []

    def take(self, part: Part) -> None:
        """Adds a file's decisions to those of the files before it."""
        tree, document = part.tree, part.document
        for name, spec in document.rules.items():
            line = _written(spec, tree, ("rules", name))
            self._put(self.rules, name, line, " of 'rules'")
        for raw, spec in document.columns.items():
            pattern = names.join(names.split(raw))
            line = _written(spec, tree, ("columns", raw))
            self._put(self.columns, pattern, line, " of 'columns'")
        for raw, said in document.tables.items():
            self._table(raw, said, tree)
        for at, text in enumerate(document.references):
            source, target = names.reference(text)
            reference = Reference(source, target, tree.place(("references", at)))
            self.references.setdefault((source, target), reference)
        for at, name in enumerate(document.quasi):
            self.quasi.setdefault(name, tree.place(("quasi", at)))
        for path, value in _settings(document):
            setting = _Line(tree.key_place(path), tree.place(path), value)
            self._put(self.settings, ".".join(path), setting, "")

    def _table(self, raw: str, said: str | TableKeys, tree: Tree) -> None:
        path: Path = ("tables", raw)
        key, place = tree.key_place(path), tree.place(path)
        pattern = names.join(names.table_parts(raw))
        earlier = self.tables.pop(pattern, None)  # put back last: of equal globs the later wins
        if earlier is not None and earlier.place.file == tree.file:
            self._twice(pattern, earlier.place, key)
        table = _Table(key)
        if earlier is not None:
            table.columns, table.stated = earlier.columns, earlier.stated
            table.columns_place = earlier.columns_place
        self.tables[pattern] = table
        of = f" of '{pattern}'"
        if isinstance(said, str):
            whole = _Line(key, place, Written(said, place))
            self._put(table.columns, "*", whole, of)
            return
        for column, spec in said.columns.items():
            name = names.column_key(column)
            line = _written(spec, tree, (*path, "columns", column))
            self._put(table.columns, name, line, of)
        if said.columns:
            table.columns_place = tree.key_place((*path, "columns"))
        for word in ("where", "rows", "reason"):
            if word in said.model_fields_set:
                below = (*path, word)
                value = getattr(said, word)
                stated = _Line(tree.key_place(below), tree.place(below), value)
                self._put(table.stated, word, stated, of)

    def _put(self, lines: dict[str, _Line[T]], name: str, line: _Line[T], of: str) -> None:
        earlier = lines.pop(name, None)
        if earlier is not None and earlier.key.file == line.key.file:
            self._twice(name, earlier.key, line.key)
        elif earlier is not None and earlier.said != line.said:
            what = f"'{name}'{of} is decided differently at {earlier.key}"
            hint = "this one, which is read later, wins; remove one of the two"
            finding = Finding("shadowed-rule", what, hint, line.key, Severity.WARNING)
            self.findings.append(finding)
        lines[name] = line

    def _twice(self, name: str, earlier: Place, place: Place) -> None:
        what = f"'{name}' stands here again, first on line {earlier.line} in another spelling"
        self.findings.append(Finding("duplicate-key", what, "keep one of the two", place))


def merge(parts: Sequence[Part], files: Mapping[str, str]) -> tuple[Policy, list[Finding]]:
    """The policy that the parts make together, and all that was found on the way."""
    merger = _Merger()
    for part in parts:
        merger.take(part)
    named, circles = settle_named({k: (line.key, line.said) for k, line in merger.rules.items()})
    policy = Policy(
        files=files,
        rules=named,
        columns=_entries(merger.columns, named),
        tables=tuple(_settled(name, table, named) for name, table in merger.tables.items()),
        references=tuple(merger.references.values()),
        quasi=tuple(merger.quasi.items()),
        allowances=tuple(allowance for part in parts for allowance in part.allowances),
        places={name: line.place for name, line in merger.settings.items()},
        **{_FIELDS[name]: line.said for name, line in merger.settings.items()},
    )
    return policy, [*merger.findings, *circles]


def _written(spec: RuleSpec, tree: Tree, path: Path) -> _Line[Written]:
    places = tree.places_below(path) if isinstance(spec.root, RuleKeys) else {}
    place = tree.place(path)
    return _Line(tree.key_place(path), place, write(spec, place, places))


def _entries(lines: Mapping[str, _Line[Written]], named: Mapping[str, Entry]) -> tuple[Entry, ...]:
    return tuple(Entry(name, line.key, settle(line.said, named)) for name, line in lines.items())


def _settled(pattern: str, table: _Table, named: Mapping[str, Entry]) -> TableRules:
    places = {word: line.place for word, line in table.stated.items()}
    if table.columns_place is not None:
        places["columns"] = table.columns_place
    return TableRules(
        pattern,
        table.place,
        columns=_entries(table.columns, named),
        places=places,
        **{word: line.said for word, line in table.stated.items()},
    )


_FIELDS = {
    "locale": "locale",
    "defaults.unlisted": "unlisted",
    "target.allow": "target_allow",
    "key": "key_command",
}


def _settings(document: Document) -> Iterator[tuple[tuple[str, ...], object]]:
    """What is one value for the whole policy, where this file states it: its path, the value."""
    if document.locale is not None:
        yield ("locale",), _texts(document.locale)
    if "unlisted" in document.defaults.model_fields_set:
        yield ("defaults", "unlisted"), document.defaults.unlisted
    if "allow" in document.target.model_fields_set:
        yield ("target", "allow"), tuple(document.target.allow)
    if document.key is not None:
        yield ("key",), tuple(document.key.command)


def _texts(said: str | list[str]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said)
