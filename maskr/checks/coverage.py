"""Checks that the policy speaks of all that the schema has, and of nothing that it lacks."""

from collections.abc import Iterator

from maskr.draft import Choice, ColumnName, Draft, Link
from maskr.errors import Finding, Place
from maskr.model import TableName
from maskr.policy import names
from maskr.policy.mistakes import closest
from maskr.policy.model import Rule


def undecided_column(draft: Draft) -> Iterator[Finding]:
    """Nobody decided about a column.

    A column that a migration adds would reach staging unseen. So a person decides about it before
    the next run, and nothing but a decision ends this finding.

    Give the column a mask, or `keep` it:

        public.customers:
          columns:
            nickname: {mask: faker, provider: user_name}
    """
    for table, columns in draft.choices.items():
        undecided = [choice for choice in columns.values() if choice.rule is None]
        place = _entry_place(draft, table) if undecided else None
        for choice in undecided:
            yield Finding(
                "undecided-column",
                f"no rule for {choice.subject} ({choice.column.type})",
                "give it a mask, or keep it",
                place,
                subject=choice.subject,
            )


def _entry_place(draft: Draft, table: TableName) -> Place | None:
    """Where the policy speaks of the table by its name: that is where the rule is to be added."""
    entries = draft.effective.entries(table)
    return next((each.place for each in entries if names.table_name(each.pattern) == table), None)


def unknown_table(draft: Draft) -> Iterator[Finding]:
    """The policy names a table that the database lacks.

    A rule for a table that was renamed protects nothing.

    Correct the name, or delete the rules. Only a table called by its name is meant; a glob such as
    `archive.*` that matches nothing is an unused rule, and a warning.
    """
    known = {str(name) for name in draft.schema.tables}
    for rules in draft.policy.tables:
        name = names.table_name(rules.pattern)
        if name is not None and name not in draft.schema.tables:
            hint = closest(str(name), known) or "correct it, or delete its rules"
            yield Finding("unknown-table", f"no table {rules.pattern}", hint, rules.place)
    for link in _declared(draft):
        for name, _ in (link.column, link.target):
            if name not in draft.schema.tables:
                hint = closest(str(name), known) or "correct the reference"
                yield Finding("unknown-table", f"no table {name}", hint, link.place)


def _declared(draft: Draft) -> Iterator[Link]:
    return (link for link in draft.links if link.place is not None)


def unknown_column(draft: Draft) -> Iterator[Finding]:
    """The policy names a column that its table lacks.

    A rule for a column that was renamed protects nothing. The same is said of a column that a rule
    draws from (`by`) or a template shows, that a reference joins, that `quasi` lists.

    Correct the name, or delete what names it.
    """
    for name, table in draft.schema.tables.items():
        columns = [column.name for column in table.columns]
        for rules in draft.effective.entries(name):
            if names.table_name(rules.pattern) != name:
                continue  # a glob's columns need not stand in every table
            for entry in rules.columns:
                column = names.column_name(entry.pattern)
                if column is not None and column not in columns:
                    hint = closest(column, columns) or "correct it, or delete the rule"
                    what = f"no column {column!r} in {name}"
                    yield Finding("unknown-column", what, hint, entry.place, subject=str(name))
    for choice, rule, _ in draft.ruled:
        if choice.link is None:  # else this is said of the column it follows
            yield from _unknown_siblings(draft, choice, rule)
    for link in _declared(draft):
        for side in (link.column, link.target):
            yield from _unknown_end(draft, side, link)
    yield from _unknown_quasi(draft)


def _unknown_siblings(draft: Draft, choice: Choice, rule: Rule) -> Iterator[Finding]:
    parsed = draft.parsed(rule)
    if not (rule.by or parsed.reads or parsed.originals):
        return
    wanted = [(rule.by, "by")] if rule.by else []
    wanted += [(name, "format") for name in (*parsed.reads, *parsed.originals)]
    table = draft.schema.tables[choice.table]
    for name, key in wanted:
        if name in draft.choices[choice.table]:
            continue
        hint = closest(name, draft.choices[choice.table]) or "name a column of this table"
        generated = table.column(name) is not None
        what = (
            f"column {name!r} of {choice.table} is generated: it is not read"
            if generated
            else f"no column {name!r} in {choice.table} to draw or read from"
        )
        place = rule.places.get(key, rule.place)
        yield Finding("unknown-column", what, hint, place, subject=choice.subject)


def _unknown_end(draft: Draft, side: ColumnName, link: Link) -> Iterator[Finding]:
    table = draft.schema.tables.get(side[0])
    if table is not None and table.column(side[1]) is None:
        columns = [column.name for column in table.columns]
        hint = closest(side[1], columns) or "correct the reference"
        yield Finding("unknown-column", f"no column {side[1]!r} in {side[0]}", hint, link.place)


def _unknown_quasi(draft: Draft) -> Iterator[Finding]:
    if not draft.policy.quasi:
        return
    known = {column.name for table in draft.schema.tables.values() for column in table.columns}
    for name, place in draft.policy.quasi:
        column = name.rpartition(".")[2]
        if column not in known:
            hint = closest(column, known) or "correct it, or take it out"
            yield Finding("unknown-column", f"no table has a column {column!r}", hint, place)


def generated_column(draft: Draft) -> Iterator[Finding]:
    """A rule names a generated column.

    PostgreSQL computes it anew from the columns beside it, which are masked: nobody can write it.

    Delete the rule, and mask what the column is computed from.
    """
    for name, table in draft.schema.tables.items():
        for column in table.columns:
            decision = draft.effective.decide(name, column.name) if column.generated else None
            if decision is not None and decision.exact and decision.rule.mask != "keep":
                subject = f"{name}.{column.name}"
                what = f"{subject} is generated from other columns"
                hint = "delete this rule; mask what it is computed from"
                place = decision.rule.place
                yield Finding("generated-column", what, hint, place, subject=subject)


def partition_rule(draft: Draft) -> Iterator[Finding]:
    """The policy gives column rules to a partition.

    A row's fakes must not depend on the partition it fell into: a row that moves would become
    somebody else.

    Give the rules to the partitioned table; its partitions follow.
    """
    for name, table in draft.schema.tables.items():
        if table.parent is None:
            continue
        for rules in draft.effective.entries(name):
            if rules.columns and names.table_name(rules.pattern) == name:
                root = draft.schema.root(name)
                what, hint = f"{name} is a partition of {root}", f"give the rules to {root}"
                yield Finding("partition-rule", what, hint, rules.place, subject=str(name))
