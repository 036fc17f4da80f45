"""Checks that every line of the policy decides something.

Lines of an included file are not asked: a rule set that many policies share speaks of what not
every database has.
"""

from collections.abc import Iterator, Mapping

from maskr.checks.nested import with_nested
from maskr.draft import Draft
from maskr.errors import Finding, Place, Severity
from maskr.model import TableName
from maskr.policy import lineage, names
from maskr.policy.model import Entry, Policy, TableRules


def unused_rule(draft: Draft) -> Iterator[Finding]:
    """A line of the policy decides nothing.

    A named rule that nothing uses, a pattern that nothing matches, a rule for a table whose rows
    are not copied: a reader takes it for protection, and it is none.

    Delete the line, or correct the pattern. Lines of an included file are not asked.
    """
    main = _main(draft.policy)
    used = _named_in_use(draft)
    for name, entry in draft.policy.rules.items():
        if entry.place.file == main and name not in used:
            yield _unused(f"no rule uses '{name}'", entry.place)
    if not draft.schema.tables:
        return
    for rules in draft.policy.tables:
        glob = names.table_name(rules.pattern) is None  # of a name, unknown-table tells
        if glob and rules.place.file == main and not _tables(draft, rules):
            yield _unused(f"no table matches '{rules.pattern}'", rules.place)
    for entry, matched in _idle(draft):
        if not matched:
            yield _unused(f"no column matches '{entry.pattern}'", entry.place)
        elif not any(map(draft.choice, matched)):
            yield _unused("the rows of this are not copied", entry.place)


def _unused(what: str, place: Place) -> Finding:
    return Finding("unused-rule", what, "delete it, or correct it", place, Severity.WARNING)


def shadowed_rule(draft: Draft) -> Iterator[Finding]:
    """A line of the policy never wins: wherever it matches, another one decides.

    Either two files say different things of one name, and the file read later wins; or each column
    that a pattern matches has a nearer rule, or follows the column it references. Whoever changes
    the line changes nothing.

    Delete the line that loses, or the ones that win over it.
    """
    for entry, matched in _idle(draft):
        winner = next((choice for each in matched if (choice := draft.choice(each))), None)
        if winner is not None and winner.via:
            count = f"{len(matched)} column{'s' if len(matched) > 1 else ''}"
            what = f"'{entry.pattern}' matches {count} and decides none"
            hint = f"delete it; {winner.subject} is decided by {winner.via[0]}"
            yield Finding("shadowed-rule", what, hint, entry.place, Severity.WARNING)


def _main(policy: Policy) -> str:
    return next(iter(policy.files), "")


def _named_in_use(draft: Draft) -> set[str]:
    policy = draft.policy
    written = [entry.rule for entry in policy.columns]
    written += [entry.rule for table in policy.tables for entry in table.columns]
    # The same few named rules stand behind thousands of columns; only what is new is followed.
    used: set[str] = set()
    for rule in written:
        if rule.named is None:
            if not draft.parsed(rule).rules:
                continue
        elif rule.named[0] in used and not rule.params:
            continue
        for each in with_nested(draft, rule):
            used.update(name for name, _ in lineage(policy, each))
    return used


def _idle(draft: Draft) -> Iterator[tuple[Entry, list[tuple[TableName, str]]]]:
    """The main file's column entries that decide no column, each with the columns it matches."""
    main = _main(draft.policy)
    # By identity: a step holds the very place of its entry, and comparing places is slower.
    deciding = {id(step.place) for choice in draft.all() for step in choice.via}
    by_name = _by_name(draft)
    for entry in draft.policy.columns:
        if entry.place.file == main and id(entry.place) not in deciding:
            yield entry, _shared_matches(entry, by_name)
    for rules in draft.policy.tables:
        idle = [
            entry
            for entry in rules.columns
            if entry.place.file == main and id(entry.place) not in deciding
        ]
        tables = _tables(draft, rules) if idle else []
        for entry in idle if tables else ():
            matched = _matches(draft, entry, tables)
            # A column called by its name that is not there is an unknown column, and a mistake.
            if matched or names.column_name(entry.pattern) is None or len(tables) > 1:
                yield entry, matched


def _by_name(draft: Draft) -> Mapping[str, list[TableName]]:
    """The tables that have a column of a name; partitions follow their root and are left out."""
    found: dict[str, list[TableName]] = {}
    for name, table in draft.schema.tables.items():
        for column in table.stored if table.parent is None else ():
            found.setdefault(column.name, []).append(name)
    return found


def _shared_matches(
    entry: Entry, by_name: Mapping[str, list[TableName]]
) -> list[tuple[TableName, str]]:
    schema, table, column = (part for part in names.shared_parts(entry.pattern))
    in_schema, in_table, is_column = schema.matcher(), table.matcher(), column.matcher()
    named = [column.text] if column.exact else [name for name in by_name if is_column(name)]
    return [
        (each, name)
        for name in named
        for each in by_name.get(name, ())
        if in_schema(each.schema) and in_table(each.table)
    ]


def _tables(draft: Draft, rules: TableRules) -> list[TableName]:
    schema, table = names.table_parts(rules.pattern)
    if schema.exact and table.exact:
        name = TableName(schema.text, table.text)
        return [name] if name in draft.schema.tables else []
    in_schema, in_table = schema.matcher(), table.matcher()
    return [each for each in draft.schema.tables if in_schema(each.schema) and in_table(each.table)]


def _matches(draft: Draft, entry: Entry, tables: list[TableName]) -> list[tuple[TableName, str]]:
    matches = names.column_part(entry.pattern).matcher()
    return [
        (name, column.name)
        for name in tables
        if draft.schema.tables[name].parent is None
        for column in draft.schema.tables[name].stored
        if matches(column.name)
    ]
