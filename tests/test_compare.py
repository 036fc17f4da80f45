"""What a change of policy does, column by column."""

import pytest

from maskr.checks.judging import judge
from maskr.compare import Category, Change, compare
from maskr.draft import draft
from maskr.mentions import mentioned
from maskr.policy import load_text
from maskr.sql import read_ddl

SCHEMA, _ = read_ddl(
    """
    CREATE TABLE people (id int PRIMARY KEY, email text UNIQUE, phone text, born date, doc jsonb);
    CREATE TABLE mails (sender text REFERENCES people (email), body text);
    """
)
REST = "id: keep, phone: phone, born: {mask: shift_date, by: id, days: 90}, doc: null"
HEAD = "version: 1\n"


def policy(
    people: str = f"email: email, {REST}", rest: str = "mails: {columns: {body: lorem}}"
) -> str:
    return f"{HEAD}tables:\n  people: {{columns: {{{people}}}}}\n  {rest}\n"


def changes(old: str, new: str) -> tuple[Change, ...]:
    return compare(*(draft(load_text(text), SCHEMA) for text in (old, new)))


def told(old: str, new: str) -> list[tuple[str, str]]:
    return [(str(each.category), each.subject) for each in changes(old, new)]


def of_phone(old: str, new: str) -> list[str]:
    """The categories of the changes from one rule for a column to another."""
    rest = REST.replace("phone: phone, ", "")
    made = [policy(f"email: email, {rest}, phone: {rule}") for rule in (old, new)]
    found = changes(*made)
    assert {each.subject.split(" ")[0] for each in found} <= {"public.people.phone"}
    return [str(each.category) for each in found]


def test_the_policies_compared_are_in_order() -> None:
    assert judge(draft(load_text(policy()), SCHEMA)).errors == ()


def test_equal_policies_have_no_changes_however_they_are_written() -> None:
    named = (
        f"{HEAD}rules: {{mail: email}}\ncolumns: {{'*.body': lorem}}\ntables:\n"
        f"  people: {{columns: {{email: {{mask: mail, domain: example.test}}, {REST}}}}}\n"
    )
    assert told(policy(), named) == []


@pytest.mark.parametrize(
    ("old", "new", "category"),
    [
        ("phone", "keep", "newly exposed"),
        ("keep", "phone", "newly protected"),
        ("null", "{mask: keep, reason: why}", "newly exposed"),
        ("phone", "{mask: phone, when: id > 9}", "newly exposed"),
        ("{mask: phone, when: id > 9}", "phone", "newly protected"),
        ("{mask: phone, when: id > 9}", "{mask: phone, when: id > 8}", "weaker"),
        ("redact", "{mask: redact, keep_first: 2}", "weaker"),
        ("{mask: redact, keep_first: 2}", "{mask: redact, keep_first: 3}", "weaker"),
        ("{mask: redact, keep_first: 3}", "{mask: redact, keep_first: 2}", "changed output"),
        ("null", "phone", "weaker"),
        ("phone", "null", "changed output"),
        ("{mask: phone, namespace: crm}", "phone", "weaker"),
        ("phone", "{mask: phone, namespace: crm}", "changed output"),
        ("phone", "{mask: phone, on_invalid: keep}", "weaker"),
        ("phone", "{mask: phone, by: id}", "changed output"),
        ("phone", "{mask: phone, normalise: digits}", "changed output"),
        ("{mask: hash, length: 32}", "{mask: hash, length: 30}", "changed output"),
    ],
)
def test_a_changed_rule_is_what_it_does(old: str, new: str, category: str) -> None:
    assert of_phone(old, new) == [category]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("email", "{mask: email, domain: example.test}"),
        ("{mask: keep, reason: a}", "{mask: keep, reason: b}"),
        ("{mask: phone, reason: a}", "phone"),
    ],
)
def test_what_gives_the_same_staging_is_no_change(old: str, new: str) -> None:
    assert of_phone(old, new) == []


def test_fewer_days_to_hide_among_are_weaker() -> None:
    fewer = policy(f"email: email, {REST.replace('90', '30')}")
    assert told(policy(), fewer) == [("weaker", "public.people.born")]
    assert told(fewer, policy()) == [("changed output", "public.people.born")]


def test_a_column_that_references_changes_with_the_one_it_follows() -> None:
    kept = policy(f"email: keep, {REST}")
    assert told(policy(), kept) == [
        ("newly exposed", "public.mails.sender"),
        ("newly exposed", "public.people.email"),
    ]


def test_what_becomes_of_a_documents_paths_is_told_path_by_path() -> None:
    def documents(paths: str) -> str:
        doc = f"{{mask: json, paths: {{{paths}}}}}"
        return policy(f"email: email, {REST.replace('doc: null', f'doc: {doc}')}")

    old = documents("$.a: phone, $.b: email, $.c: {mask: redact}")
    new = documents("$.a: phone, $.c: {mask: redact, keep_last: 2}, $.d: email")
    assert told(old, new) == [
        ("newly exposed", "public.people.doc $.b"),
        ("weaker", "public.people.doc $.c"),
        ("newly protected", "public.people.doc $.d"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "category"),
    [
        ("rows: none", "rows: 5%", "newly exposed"),
        ("rows: 5%", "rows: 6.5%", "newly exposed"),
        ("rows: 10", "rows: all", "newly exposed"),
        ("rows: 10", "rows: 5%", "weaker"),
        ("rows: 5%", "rows: 10", "weaker"),
        ("rows: all", "rows: 5", "newly protected"),
        ("rows: 6", "rows: 5", "newly protected"),
        ("rows: all", "rows: none", "newly protected"),
        ("where: body = ''", "rows: all", "newly exposed"),
        ("where: body = ''", "where: body <> ''", "weaker"),
        ("rows: all", "where: body <> ''", "newly protected"),
    ],
)
def test_which_rows_are_copied_is_a_change_of_the_table(old: str, new: str, category: str) -> None:
    texts = [policy(rest=f"mails: {{{rows}, columns: {{body: lorem}}}}") for rows in (old, new)]
    assert told(*texts) == [(category, "public.mails")]


def test_a_table_that_is_copied_again_says_how_much_of_it_is_kept() -> None:
    old = policy(rest="mails: {rows: none}")
    new = policy(rest="mails: {columns: {body: keep}}")
    (change,) = changes(old, new)
    assert (change.category, change.why) == (Category.EXPOSED, "1 of its 2 columns are kept")


def test_columns_that_get_or_lose_their_decision_are_added_or_removed() -> None:
    old, new = policy(rest="mails: {columns: {'b*': lorem}}"), policy(rest="'x*': keep")
    assert told(old, new) == [("removed", "public.mails.body")]
    assert told(new, old) == [("added", "public.mails.body")]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "defaults: {unlisted: keep}", ("newly exposed", "defaults.unlisted")),
        ("defaults: {unlisted: keep}", "", ("newly protected", "defaults.unlisted")),
        ("locale: de_DE", "locale: fr_FR", ("changed output", "locale")),
        ("", "key: {command: [cat, key]}", ("changed output", "key")),
        ("target: {allow: ['*_stg']}", "", ("weaker", "target.allow")),
        ("target: {allow: ['*_stg']}", "target: {allow: ['*']}", ("weaker", "target.allow")),
    ],
)
def test_settings_of_the_whole_policy_are_compared(
    old: str, new: str, expected: tuple[str, str]
) -> None:
    texts = [policy() + each for each in (old, new)]
    assert told(*texts) == [expected]


def test_a_target_that_is_narrowed_is_no_change() -> None:
    wide, narrow = "target: {allow: [a, b]}", "target: {allow: [a]}"
    assert told(policy() + wide, policy() + narrow) == []
    assert told(policy(), policy() + narrow) == []


def test_a_change_knows_where_the_new_policy_says_so() -> None:
    (change,) = changes(
        policy(), policy(f"email: email, {REST.replace('phone: phone', 'phone: keep')}")
    )
    assert change.place is not None
    assert (change.place.line, change.old, change.new) == (3, "phone", "keep")


def test_without_a_schema_what_the_policies_name_is_compared() -> None:
    old = "columns: {'*.email': email, '*.phone': phone}\ntables: {people: {columns: {'b*': null}}}"
    new = "columns: {'*.email': email}\ntables: {people: {columns: {'b*': null, email: keep}}}"
    policies = load_text(HEAD + old), load_text(HEAD + new)
    schema = mentioned(policies)
    found = compare(*(draft(each, schema) for each in policies))
    assert [(str(each.category), each.subject) for each in found] == [
        ("newly exposed", "public.people.email"),
        ("removed", "*.*.phone"),
        ("removed", "public.people.phone"),
    ]


def test_a_change_of_what_is_evened_out_is_said_in_words() -> None:
    rules = ["{mask: phone, on_invalid: null}", "{mask: phone, normalise: [trim, digits]}"]
    made = [policy(f"email: email, {REST.replace('phone: phone', f'phone: {r}')}") for r in rules]
    (change,) = changes(*made)
    assert (change.old, change.new) == (
        "phone (on_invalid: null)",
        "phone (normalise: trim, digits)",
    )


def test_a_partition_that_is_left_out_no_longer_is_exposed() -> None:
    schema, _ = read_ddl(
        """
        CREATE TABLE visits (at date, ip inet) PARTITION BY RANGE (at);
        CREATE TABLE visits_2024 PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO (MAXVALUE);
        """
    )
    root = f"{HEAD}tables:\n  visits: {{columns: {{at: keep, ip: ip}}}}\n"
    texts = f"{root}  visits_2024: {{rows: none}}\n", root
    found = compare(*(draft(load_text(text), schema) for text in texts))
    assert [(str(each.category), each.subject) for each in found] == [
        ("newly exposed", "public.visits_2024")
    ]
