"""What may be wrong between a policy and a schema: one generator function a refusal.

A check is named after what is wrong (``lost_uniqueness`` → ``lost-uniqueness``); its docstring is
its page: the problem, then what to do. None of them looks at a row.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping

from maskr.draft import Choice, ColumnName, Draft, Link
from maskr.errors import Finding, Place, PolicyError, Severity
from maskr.maskers import ANY, BadParameter, Masker, registry
from maskr.model import Identity, Table, TableName
from maskr.policy import Policy, Rows, places_below, resolve
from maskr.policy.model import Rule
from maskr.sql import PredicateError, predicate

Check = Callable[[Draft], Iterator[Finding]]


def run_checks(draft: Draft) -> tuple[Finding, ...]:
    """Every finding of every check, in the order of the files."""
    found = [finding for check in CHECKS for finding in check(draft)]
    return tuple(sorted(dict.fromkeys(found), key=_position))


def _position(finding: Finding) -> tuple[str, int, int, str]:
    place = finding.place
    return (place.file, place.line, place.column, finding.code) if place else ("", 0, 0, "")


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), 1)
    return f"did you mean {near[0]!r}?" if near else ""


def undecided_column(draft: Draft) -> Iterator[Finding]:
    """Nobody decided about a column.

    A new column of production would reach staging unseen. Give it a rule, or ``keep`` it.
    """
    for choice in draft.all():
        if choice.rule is None:
            yield Finding(
                "undecided-column",
                f"no rule for {choice.subject} ({choice.column.type})",
                "give it a mask, or keep it",
                subject=choice.subject,
            )


def unknown_table(draft: Draft) -> Iterator[Finding]:
    """The policy names a table that the database lacks.

    A rule for a table that was renamed protects nothing. Correct the name, or delete the rule.
    """
    known = {str(name): name for name in draft.schema.tables}
    for rules in draft.policy.tables:
        if any(sign in rules.pattern for sign in "*?["):
            continue
        if not any(rules in draft.effective.entries(name) for name in known.values()):
            hint = _near(rules.pattern, known) or "correct it, or delete its rules"
            yield Finding("unknown-table", f"no table {rules.pattern}", hint, rules.place)
    for link in (link for link in draft.links if link.place is not None):
        for name, _ in (link.column, link.target):
            if name not in draft.schema.tables:
                hint = _near(str(name), known) or "correct the reference"
                yield Finding("unknown-table", f"no table {name}", hint, link.place)


def unknown_column(draft: Draft) -> Iterator[Finding]:
    """The policy names a column that its table lacks.

    A rule for a column that was renamed protects nothing. Correct the name, or delete the rule.
    """
    for name, table in draft.schema.tables.items():
        columns = [column.name for column in table.columns]
        for rules in draft.effective.entries(name):
            if rules.pattern not in (str(name), name.table, f'"{name.schema}"."{name.table}"'):
                continue  # a glob's columns need not stand in every table
            for entry in rules.columns:
                if entry.pattern not in columns and not any(s in entry.pattern for s in "*?["):
                    hint = _near(entry.pattern, columns) or "correct it, or delete the rule"
                    what = f"no column {entry.pattern!r} in {name}"
                    yield Finding("unknown-column", what, hint, entry.place, subject=str(name))
    for choice, rule, masker in draft.ruled:
        yield from _unknown_siblings(draft, choice, rule, masker)
    for link in (link for link in draft.links if link.place is not None):
        for side in (link.column, link.target):
            yield from _unknown_end(draft, side, link)


def _unknown_end(draft: Draft, side: ColumnName, link: Link) -> Iterator[Finding]:
    table = draft.schema.tables.get(side[0])
    if table is not None and table.column(side[1]) is None:
        hint = _near(side[1], [column.name for column in table.columns]) or "correct the reference"
        yield Finding("unknown-column", f"no column {side[1]!r} in {side[0]}", hint, link.place)


def _unknown_siblings(
    draft: Draft, choice: Choice, rule: Rule, masker: Masker
) -> Iterator[Finding]:
    columns = {column.name for column in draft.schema.tables[choice.table].stored}
    wanted = [(rule.by, "by")] if rule.by else []
    parameters, bad = masker.parse(rule.params)
    if not bad:
        wanted += [(name, "format") for name in masker.reads(**parameters)]
    for name, key in wanted:
        if name not in columns:
            hint = _near(str(name), columns) or "name a column of this table"
            what = f"no column {name!r} in {choice.table} to draw or read from"
            place = rule.places.get(key, rule.place)
            yield Finding("unknown-column", what, hint, place, subject=choice.subject)


def unknown_masker(draft: Draft) -> Iterator[Finding]:
    """A rule names a masker (or a named rule) that does not exist."""
    known = {*registry(), *draft.policy.rules}
    for rule, subject in _all_rules(draft):
        if rule.mask not in registry():
            hint = _near(rule.mask, known) or "`maskr maskers` lists them"
            place = rule.places.get("mask", rule.place)
            yield Finding(
                "unknown-masker", f"no masker {rule.mask!r}", hint, place, subject=subject
            )


def bad_parameter(draft: Draft) -> Iterator[Finding]:
    """A masker cannot take a parameter: unknown, missing, of the wrong type or out of range."""
    for rule, subject in _all_rules(draft):
        masker = registry().get(rule.mask)
        for bad in masker.parse(rule.params)[1] if masker else ():
            place = _place_of(rule, bad)
            yield Finding("bad-parameter", bad.what, bad.hint, place, subject=subject)


def _place_of(rule: Rule, bad: BadParameter) -> Place:
    return rule.places.get(bad.name) or rule.places.get(bad.name.split(".")[0]) or rule.place


def bad_nested_rule(draft: Draft) -> Iterator[Finding]:
    """What stands inside a parameter in a rule's place is no rule."""
    for rule, _ in _all_rules(draft):
        try:
            nested_rules(draft.policy, rule)
        except PolicyError as error:
            yield from error.findings


def _all_rules(draft: Draft) -> Iterator[tuple[Rule, str]]:
    """Every rule of the policy, used or not, and those inside parameters; each once."""
    policy = draft.policy
    rules = [entry.rule for entry in (*policy.rules.values(), *policy.columns)]
    rules += [entry.rule for table in policy.tables for entry in table.columns]
    subjects = {choice.rule.place: choice.subject for choice in draft.all() if choice.rule}
    seen: set[Place] = set()
    for rule in rules:
        if rule.place not in seen:
            seen.add(rule.place)
            for each in _with_nested(policy, rule, ()):
                yield each, subjects.get(each.place, subjects.get(rule.place, ""))


def _with_nested(policy: Policy, rule: Rule, within: tuple[str, ...]) -> Iterator[Rule]:
    yield rule
    try:
        nested = nested_rules(policy, rule, within)
    except PolicyError:
        return  # bad_nested_rule tells
    for inner in nested.values():
        yield from _with_nested(policy, inner, enclosing(rule, within))


def enclosing(rule: Rule, within: tuple[str, ...]) -> tuple[str, ...]:
    """The named rules around what stands inside ``rule``, the innermost last."""
    return (*within, rule.named[0]) if rule.named else within


def nested_rules(policy: Policy, rule: Rule, within: tuple[str, ...] = ()) -> Mapping[str, Rule]:
    """The rules inside a rule's parameters, by where; empty where the parameters are bad.

    Raises:
        PolicyError: one of them cannot be read as a rule, or leads back to one around it.
    """
    masker = registry().get(rule.mask)
    if masker is None:
        return {}
    parameters, bad = masker.parse(rule.params)
    if bad:
        return {}
    return {
        where: resolve(
            policy,
            said,
            rule.places.get(where, rule.place),
            places=places_below(rule, where),
            within=enclosing(rule, within),
        )
        for where, said in masker.rules(**parameters).items()
    }


def wrong_kind(draft: Draft) -> Iterator[Finding]:
    """A masker does not take columns of this type.

    Its output would not be a value of the type. `maskr maskers` tells the kinds each one takes.
    """
    for choice, rule, masker in draft.ruled:
        if choice.column.kind not in masker.kinds:
            fitting = [m.name for m in registry().values() if choice.column.kind in m.kinds]
            special = [name for name in fitting if registry()[name].kinds != ANY]
            hint = f"for {choice.column.kind}: {', '.join(special or fitting)}"
            what = f"{masker.name!r} does not mask {choice.column.type} ({choice.subject})"
            yield Finding("wrong-kind", what, hint, rule.place, subject=choice.subject)


def lost_uniqueness(draft: Draft) -> Iterator[Finding]:
    """A unique column has a mask that may give two values one fake.

    The load would fail, at best. Take a mask that cannot collide: ``maskr maskers`` lists which
    ones are unique and with which parameters (``hash`` from 24 digits on, ``email``, ``template``
    with ``{hash:24}``).
    """
    for choice, rule, masker in draft.ruled:
        for unique in draft.schema.tables[choice.table].uniques:
            if choice.column.name not in unique.columns or _cannot_collide(rule, masker):
                continue
            others = [name for name in unique.columns if name != choice.column.name]
            if any(_untouched(draft, choice.table, name) for name in others):
                # The kept part may tell the rows apart by itself; only the data knows.
                severity = Severity.WARNING
            else:
                severity = Severity.ERROR
            yield Finding(
                "lost-uniqueness",
                f"{masker.name!r} may give two rows of {choice.table} one {unique.name}",
                "take a mask that is unique (`maskr maskers` says which)",
                rule.place,
                severity,
                choice.subject,
            )


def _cannot_collide(rule: Rule, masker: Masker) -> bool:
    parameters, bad = masker.parse(rule.params)
    if rule.by is not None or rule.normalise:
        return False
    # NULLs are no duplicates of each other; a NOT NULL column has its own check.
    return bool(bad) or masker.name == "null" or masker.traits(**parameters).unique


def _untouched(draft: Draft, table: TableName, column: str) -> bool:
    other = draft.choice((table, column))
    return other is not None and other.rule is not None and other.rule.mask == "keep"


def split_foreign_key(draft: Draft) -> Iterator[Finding]:
    """The two sides of a join have different rules, or one that needs more than the value itself.

    The join would not hold in staging. Delete the rule of the referencing column: it follows the
    referenced one without being told. A key's rule must not use ``by``, ``when`` or other columns.
    """
    for link in draft.links:
        here, there = draft.choice(link.column), draft.choice(link.target)
        if here is None or there is None or here.rule is None or there.rule is None:
            continue
        if link.column == link.target:
            continue
        if not same_output(here.rule, there.rule):
            yield Finding(
                "split-foreign-key",
                f"{here.subject} and {there.subject} are one key ({link.name}) with two rules",
                f"delete this rule: it follows {there.subject}",
                here.rule.place,
                subject=here.subject,
            )
        elif why := _needs_its_row(here.rule):
            yield Finding(
                "split-foreign-key",
                f"the key {there.subject} is masked with {why}, which {here.subject} cannot repeat",
                "mask a key by its value alone",
                there.rule.place,
                subject=there.subject,
            )


def missing_parent(draft: Draft) -> Iterator[Finding]:
    """Rows are copied that reference a table whose rows are not.

    The foreign key could not hold. Copy the referenced rows too, or leave these out, or set the
    key to ``null``.
    """
    for name, table in draft.schema.tables.items():
        for key in table.foreign_keys:
            root, parent = draft.schema.root(name), draft.schema.root(key.references)
            if root not in draft.choices or parent in draft.choices:
                continue
            rules = [draft.choices[root][column].rule for column in key.columns]
            if any(rule is not None and rule.mask == "null" for rule in rules):
                continue
            place = draft.effective.rows(key.references).places.get("rows")
            what = f"{name} references {key.references} ({key.name}), whose rows are not copied"
            hint = f"leave out the rows of {name} too, or give {key.columns[0]} the mask null"
            yield Finding("missing-parent", what, hint, place, subject=str(name))


def same_output(one: Rule, other: Rule) -> bool:
    """True where two rules give the same value the same fake."""
    return _essence(one) == _essence(other)


def _essence(rule: Rule) -> tuple[object, ...]:
    masker = registry().get(rule.mask)
    parameters = masker.parse(rule.params)[0] if masker else dict(rule.params)
    return (
        rule.mask,
        sorted(parameters.items(), key=lambda item: item[0]),
        rule.namespace,
        rule.by,
        rule.when,
        rule.normalise,
    )


def _needs_its_row(rule: Rule) -> str:
    masker = registry().get(rule.mask)
    parameters, bad = masker.parse(rule.params) if masker else ({}, ())
    if rule.by:
        return "by"
    if rule.when:
        return "when"
    return "other columns" if masker and not bad and masker.reads(**parameters) else ""


def too_short(draft: Draft) -> Iterator[Finding]:
    """A mask's longest output does not fit the column.

    It would be cut, and a value that must be unique would no longer be. Take a shorter mask.
    """
    for choice, rule, masker in draft.ruled:
        parameters, bad = masker.parse(rule.params)
        longest = None if bad else masker.traits(**parameters).longest
        room = choice.column.length
        if longest is not None and room is not None and longest > room:
            what = (
                f"{masker.name!r} gives up to {longest} characters, {choice.subject} holds {room}"
            )
            hint = "shorten it by its parameters, or take another mask"
            yield Finding("too-short", what, hint, rule.place, subject=choice.subject)


def not_null(draft: Draft) -> Iterator[Finding]:
    """``null`` is the rule of a column that may hold none."""
    for choice, rule, masker in draft.ruled:
        if masker.name == "null" and not choice.column.nullable:
            what = f"{choice.subject} is NOT NULL"
            hint = "take another mask"
            yield Finding("not-null", what, hint, rule.place, subject=choice.subject)


def check_constraint(draft: Draft) -> Iterator[Finding]:
    """A CHECK constraint mentions a masked column.

    maskr cannot know whether the fakes satisfy it; the load will. See that the mask does.
    """
    for choice, rule, masker in draft.ruled:
        if masker.name == "keep":
            continue
        for check in draft.schema.tables[choice.table].checks:
            if choice.column.name in check.columns:
                yield Finding(
                    "check-constraint",
                    f"constraint {check.name} speaks of {choice.subject}, which is masked",
                    "see that the fakes satisfy it",
                    rule.place,
                    Severity.WARNING,
                    choice.subject,
                )


def generated_column(draft: Draft) -> Iterator[Finding]:
    """A rule names a generated column.

    PostgreSQL computes it from the columns beside it, which are masked. Delete the rule.
    """
    for name, table in draft.schema.tables.items():
        for column in table.columns:
            if column.generated:
                decision = draft.effective.decide(name, column.name)
                if decision is not None and decision.exact and decision.rule.mask != "keep":
                    what = f"{name}.{column.name} is generated from other columns"
                    yield Finding(
                        "generated-column",
                        what,
                        "delete this rule; mask what it is computed from",
                        decision.rule.place,
                        subject=f"{name}.{column.name}",
                    )


def masked_identity(draft: Draft) -> Iterator[Finding]:
    """An identity or serial number gets a mask that makes no numbers in its range."""
    for choice, rule, masker in draft.ruled:
        if choice.column.identity is not Identity.NONE and masker.name in ("null", "constant"):
            what = f"{choice.subject} numbers the rows and cannot be {masker.name}"
            yield Finding("not-null", what, "keep it", rule.place, subject=choice.subject)


def partition_rule(draft: Draft) -> Iterator[Finding]:
    """The policy gives column rules to a partition.

    A row's rules must not depend on which partition it fell into. Give them to the table above.
    """
    for name, table in draft.schema.tables.items():
        if table.parent is None:
            continue
        for rules in draft.effective.entries(name):
            if rules.columns and rules.pattern in (str(name), name.table):
                what = f"{name} is a partition of {draft.schema.root(name)}"
                hint = f"give the rules to {draft.schema.root(name)}"
                yield Finding("partition-rule", what, hint, rules.place, subject=str(name))


def unsafe_predicate(draft: Draft) -> Iterator[Finding]:
    """A ``when`` or ``where`` is more than one boolean expression over the table's own columns.

    PostgreSQL evaluates it on production: no sub-select, no second statement, no function that is
    volatile or has side effects.
    """
    for choice, rule, _ in draft.ruled:
        if rule.when is not None:
            place = rule.places.get("when", rule.place)
            table = draft.schema.tables[choice.table]
            yield from _predicate_findings(rule.when, table, place, choice.subject)
    for name, table in draft.schema.tables.items():
        rows: Rows = draft.effective.rows(name)
        if rows.where is not None:
            yield from _predicate_findings(rows.where, table, rows.places["where"], str(name))


def _predicate_findings(text: str, table: Table, place: Place, subject: str) -> Iterator[Finding]:
    try:
        predicate(text, [column.name for column in table.columns], table.name.table)
    except PredicateError as error:
        for problem in error.problems:
            yield Finding(problem.code, problem.what, problem.hint, place, subject=subject)


def circular_read(draft: Draft) -> Iterator[Finding]:
    """Two columns are each composed from the other's masked value."""
    for name in draft.choices:
        reads = {choice.column.name: _reads(choice) for choice in draft.choices[name].values()}
        for column in reads:
            if _reaches(reads, column, column):
                choice = draft.choices[name][column]
                place = choice.rule.place if choice.rule else None
                what = f"{choice.subject} is composed from itself"
                yield Finding("circular-read", what, "break the circle", place)


def _reads(choice: Choice) -> tuple[str, ...]:
    if choice.rule is None or choice.masker is None:
        return ()
    parameters, bad = choice.masker.parse(choice.rule.params)
    return () if bad else choice.masker.reads(**parameters)


def _reaches(reads: Mapping[str, tuple[str, ...]], start: str, goal: str) -> bool:
    seen: set[str] = set()
    ahead = list(reads.get(start, ()))
    while ahead:
        column = ahead.pop()
        if column == goal:
            return True
        if column not in seen:
            seen.add(column)
            ahead += reads.get(column, ())
    return False


CHECKS: tuple[Check, ...] = (
    undecided_column,
    unknown_table,
    unknown_column,
    unknown_masker,
    bad_parameter,
    bad_nested_rule,
    wrong_kind,
    lost_uniqueness,
    split_foreign_key,
    missing_parent,
    too_short,
    not_null,
    masked_identity,
    check_constraint,
    generated_column,
    partition_rule,
    unsafe_predicate,
    circular_read,
)
