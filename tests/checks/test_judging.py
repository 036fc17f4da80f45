"""What is accepted, what is stale, what is covered."""

import pytest

from maskr.checks.judging import Coverage, Judgement, judge, lint
from maskr.draft import draft
from maskr.errors import Finding, Place, PolicyError, Severity
from maskr.plan import compile
from maskr.policy import load_text
from maskr.sql import read_ddl

SCHEMA = "CREATE TABLE t (id int PRIMARY KEY, email text, phone text);"


def judged(policy: str, *told: Finding) -> Judgement:
    return judge(draft(load_text(f"version: 1\n{policy}"), read_ddl(SCHEMA)[0]), told)


def codes(judgement: Judgement) -> list[str]:
    return [finding.code for finding in judgement.findings]


KEPT = "tables:\n  t: {columns: {id: keep, phone: phone,\n    email: keep}}"


def test_a_comment_on_the_line_accepts_a_warning_and_its_reason_is_kept() -> None:
    assert codes(judged(KEPT)) == ["kept-looks-personal"]
    accepted = judged(KEPT + "  # maskr: allow kept-looks-personal -- made up")
    assert accepted.findings == ()
    assert [each.reason for each in accepted.accepted] == ["made up"]


def test_a_comment_accepts_only_the_code_it_names_on_its_own_line() -> None:
    other = judged(KEPT + "  # maskr: allow small-domain -- made up")
    assert codes(other) == ["kept-looks-personal", "unused-allowance"]
    above = judged(KEPT.replace("phone,", "phone,  # maskr: allow kept-looks-personal -- x"))
    assert codes(above) == ["unused-allowance", "kept-looks-personal"]


def test_one_comment_accepts_all_the_findings_of_its_line() -> None:
    both = judged("tables:\n  t: keep  # maskr: allow kept-looks-personal -- made up")
    assert both.findings == ()
    assert len(both.accepted) == 2


def test_an_error_cannot_be_accepted() -> None:
    undecided = "tables:\n  t: {columns: {id: keep, phone: phone}}  # maskr: allow {} -- no"
    both = judged(undecided.replace("{} --", "undecided-column --"))
    assert sorted(codes(both)) == ["undecided-column", "unused-allowance"]
    assert [each.severity for each in both.errors] == [Severity.ERROR]


def test_a_run_honours_what_is_accepted_and_reports_what_is_not() -> None:
    schema = read_ddl(SCHEMA)[0]
    comment = "  # maskr: allow kept-looks-personal -- made up"
    plans = [compile(load_text(f"version: 1\n{KEPT}{each}"), schema) for each in ("", comment)]
    assert [[each.code for each in plan.findings] for plan in plans] == [
        ["kept-looks-personal"],
        [],
    ]
    with pytest.raises(PolicyError) as raised:
        compile(load_text("version: 1\ntables:\n  t: {columns: {email: keep}}"), schema)
    assert {each.code for each in raised.value.findings} == {"undecided-column"}


def test_without_a_schema_nothing_is_said_of_checks_that_need_one() -> None:
    policy = (
        "version: 1\nrules: {unused: phone}\ntables:\n"
        "  t: keep  # maskr: allow kept-looks-personal -- made up\n"
        "  u: phnoe  # maskr: allow unknown-masker -- to come\n"
    )
    judgement = lint(load_text(policy))
    assert codes(judgement) == ["unused-rule", "unknown-masker", "unused-allowance"]
    assert judgement.coverage is None


def test_an_empty_database_is_a_schema_too() -> None:
    laid = draft(load_text("version: 1\ntables:\n  t: keep"), read_ddl("")[0])
    assert codes(judge(laid)) == ["unknown-table"]
    assert judge(laid).coverage == Coverage()


def test_what_the_reader_of_the_schema_said_is_among_the_findings() -> None:
    told = Finding("unparsed-ddl", "not understood", "take it out", Place("schema.sql", 3, 1))
    judgement = judged("tables:\n  t: {columns: {'*': null, id: keep}}", told)
    assert codes(judgement) == ["unparsed-ddl"]


def test_every_column_that_is_copied_is_covered_once() -> None:
    policy = "tables:\n  t: {columns: {id: keep, phone: phone}}"
    assert judged(policy).coverage == Coverage(masked=1, kept=1, undecided=1)
    assert judged("tables:\n  t: {rows: none}").coverage == Coverage()


def test_an_included_file_may_speak_of_what_is_not_there() -> None:
    files = {"shared.yaml": b"version: 1\nrules: {unused: phone}\ncolumns: {'*.fax': phone}"}
    text = "version: 1\ninclude: shared.yaml\ntables:\n  t: {columns: {'*': null, id: keep}}"
    policy = load_text(text, read=files.__getitem__)
    assert judge(draft(policy, read_ddl(SCHEMA)[0])).findings == ()


def test_findings_come_in_the_order_of_the_files_and_each_once() -> None:
    told = Finding("unparsed-ddl", "not understood", place=Place("a.sql", 1, 1))
    policy = "tables:\n  t: {columns: {email: phnoe, phone: fone}}\n  u: keep"
    judgement = judged(policy, told, told)
    places = [each.place for each in judgement.findings if each.place]
    assert [place.file for place in places] == ["policy.yaml"] * 4 + ["a.sql"]
    assert places[:4] == sorted(places[:4])
