"""Findings as text, JSON, annotations, SARIF and Markdown."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from maskr.checks.judging import Accepted, Coverage, Judgement
from maskr.checks.pages import pages
from maskr.errors import Finding, Place, Severity
from maskr.render.data import as_json
from maskr.render.github import github
from maskr.render.markdown import markdown
from maskr.render.plain import plain
from maskr.render.sarif import sarif

SARIF = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "sarif-schema-2.1.0.json").read_text("utf-8")
)
FILES = {"policies/shop.yaml": "version: 1\ntables:\n  shop.t: {columns: {email: keep}}\n"}


def finding(number: int = 0, severity: Severity = Severity.ERROR, **fields: Any) -> Finding:
    said = {
        "code": "too-short",
        "what": "it does not fit",
        "hint": "shorten it",
        "place": Place("policies/shop.yaml", 3, 30),
        "subject": f"shop.t.c{number}",
        **fields,
    }
    return Finding(severity=severity, **said)


def judgement(*findings: Finding, accepted: tuple[Accepted, ...] = ()) -> Judgement:
    return Judgement(findings, FILES, accepted, Coverage(masked=61, kept=351))


def log(judged: Judgement) -> dict[str, Any]:
    """The SARIF log, which is valid by the official schema."""
    said: dict[str, Any] = json.loads(sarif(judged))
    Draft4Validator(SARIF).validate(said)
    return said


WARNING = finding(1, Severity.WARNING, code="small-domain")
NOWHERE = finding(2, place=None, code="undecided-column", hint="")


def test_text_has_the_line_with_a_caret_the_counts_and_the_coverage() -> None:
    assert plain(judgement(finding(), WARNING)).splitlines() == [
        "policies/shop.yaml:3:30: error[too-short] it does not fit; shorten it",
        "    shop.t: {columns: {email: keep}}",
        " " * 31 + "^",
        "policies/shop.yaml:3:30: warning[small-domain] it does not fit; shorten it",
        "    shop.t: {columns: {email: keep}}",
        " " * 31 + "^",
        "1 error, 1 warning",
        "412 columns: 61 masked, 351 kept, 0 undecided",
    ]


def test_without_findings_the_coverage_is_all_there_is() -> None:
    assert plain(judgement()) == "412 columns: 61 masked, 351 kept, 0 undecided"
    accepted = judgement(accepted=(Accepted(WARNING, "why not"),))
    assert plain(accepted).splitlines()[0] == "1 accepted"


def test_json_has_all_that_is_known() -> None:
    said = json.loads(as_json(judgement(NOWHERE, accepted=(Accepted(WARNING, "why not"),))))
    assert said["version"] == 1
    assert said["coverage"] == {"columns": 412, "masked": 61, "kept": 351, "undecided": 0}
    assert said["findings"] == [
        {
            "code": "undecided-column",
            "severity": "error",
            "what": "it does not fit",
            "hint": "",
            "subject": "shop.t.c2",
        }
    ]
    (accepted,) = said["accepted"]
    assert accepted["reason"] == "why not"
    assert (accepted["file"], accepted["line"], accepted["column"]) == (*FILES, 3, 30)


def test_json_without_a_schema_has_no_coverage() -> None:
    assert json.loads(as_json(Judgement((), {})))["coverage"] is None


def test_github_gets_an_annotation_a_finding() -> None:
    at = "file=policies/shop.yaml,line=3,col=30"
    assert github(judgement(finding(), WARNING, NOWHERE)).splitlines() == [
        f"::error {at},title=maskr%3A too-short::it does not fit; shorten it",
        "::error title=maskr%3A undecided-column::it does not fit",
        f"::warning {at},title=maskr%3A small-domain::it does not fit; shorten it",
        "2 errors, 1 warning",
        "412 columns: 61 masked, 351 kept, 0 undecided",
    ]


def test_github_gets_no_more_than_ten_of_a_kind_and_the_tenth_sums_up_the_rest() -> None:
    many = [finding(n, code="too-short" if n % 3 else "not-null") for n in range(30)]
    lines = github(judgement(*many, WARNING)).splitlines()
    errors = [line for line in lines if line.startswith("::error")]
    assert len(errors) == 10
    assert errors[-1] == "::error title=maskr::21 more: 14 too-short, 7 not-null"
    assert sum(line.startswith("::warning") for line in lines) == 1
    ten = github(judgement(*many[:10])).splitlines()
    assert sum("file=policies" in line for line in ten) == 10


@given(st.text(), st.text(min_size=1))
def test_no_text_can_break_out_of_an_annotation(what: str, file: str) -> None:
    made = finding(what=what, place=Place(file, 1, 1))
    first, *rest = re.split("[\r\n]", github(judgement(made)))
    assert len(rest) == 2
    properties = first.removeprefix("::error ").partition("::")[0]
    assert [each.partition("=")[0] for each in properties.split(",")] == [
        *("file", "line", "col", "title")
    ]


def test_sarif_is_valid_and_points_at_the_place() -> None:
    (run,) = log(judgement(finding(), NOWHERE))["runs"]
    first, second = run["results"]
    physical = first["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "policies/shop.yaml"
    assert physical["region"] == {"startLine": 3, "startColumn": 30}
    assert (first["ruleId"], first["level"]) == ("too-short", "error")
    # Code scanning drops a result without a location.
    assert second["locations"][0]["physicalLocation"]["region"]["startLine"] == 1


def test_every_rule_of_a_sarif_log_is_explained() -> None:
    (run,) = log(judgement(finding(), WARNING))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["small-domain", "too-short"]
    assert all(run["results"][n]["ruleIndex"] == 1 - n for n in (0, 1))
    assert rules[1]["help"]["text"] == pages()["too-short"].text


def test_what_is_accepted_is_suppressed_in_sarif_with_its_reason() -> None:
    (run,) = log(judgement(accepted=(Accepted(WARNING, "why not"),)))["runs"]
    (result,) = run["results"]
    assert result["suppressions"] == [{"kind": "inSource", "justification": "why not"}]


def test_every_code_can_be_told_in_sarif() -> None:
    findings = [finding(n, code=code) for n, code in enumerate(pages())]
    assert len(log(judgement(*findings))["runs"][0]["results"]) == len(pages())


def fingerprints(judged: Judgement) -> list[str]:
    results = log(judged)["runs"][0]["results"]
    return [each["partialFingerprints"]["maskrFinding/v1"] for each in results]


@pytest.mark.parametrize("subject", ["shop.t.email", ""])
def test_a_finding_keeps_its_fingerprint_when_its_line_moves(subject: str) -> None:
    here = finding(subject=subject)
    text = "# a comment\n\n" + FILES["policies/shop.yaml"]
    there = finding(subject=subject, place=Place("policies/shop.yaml", 5, 30), what="otherwise")
    moved = Judgement((there,), {"policies/shop.yaml": text})
    assert fingerprints(judgement(here)) == fingerprints(moved)


def test_different_findings_have_different_fingerprints() -> None:
    alike = finding(subject=""), finding(subject="", what="twice on one line")
    found = fingerprints(judgement(finding(), finding(1), WARNING, *alike))
    assert len(set(found)) == len(found)


def test_a_path_becomes_a_uri() -> None:
    made = [finding(place=Place(file, 1, 1)) for file in ("/srv/a b.yaml", "a b.yaml", "../c.yaml")]
    results = log(judgement(*made))["runs"][0]["results"]
    uris = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results]
    assert uris == ["file:///srv/a%20b.yaml", "a%20b.yaml", "../c.yaml"]


def test_markdown_is_a_table_under_a_heading_that_counts() -> None:
    accepted = (Accepted(WARNING, "why | not"),)
    said = markdown(judgement(finding(what="a|b *c*"), NOWHERE, accepted=accepted)).splitlines()
    assert said[0] == "### maskr check: 2 errors"
    assert said[4] == (r"| policies/shop.yaml:3:30 | `too-short` | error: a\|b \*c\*; shorten it |")
    assert said[5].startswith("|  | `undecided-column` |")
    assert r"- policies/shop.yaml:3:30 `small-domain`: why \| not" in said
    assert said[-1] == "412 columns: 61 masked, 351 kept, 0 undecided"


def test_a_comment_on_a_pull_request_stays_short_enough_to_be_taken() -> None:
    many = judgement(*(finding(n, what="x" * 500) for n in range(5000)))
    said = markdown(many)
    assert len(said) < 65_536
    assert "and 4950 more" in said


@given(st.text())
def test_no_text_can_break_out_of_a_tables_row(what: str) -> None:
    said = markdown(judgement(finding(what=what)))
    (row,) = [line for line in said.splitlines() if "`too-short`" in line]
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 4
    assert "<" not in row


@pytest.mark.parametrize("form", [plain, sarif])
def test_a_finding_costs_no_reading_of_its_whole_file(form: Callable[[Judgement], str]) -> None:
    """15,000 lines with a mistake each took minutes; it is measured in readings of the file."""
    text = "version: 1\n" * 100_000
    began = time.process_time()
    re.split("\n|\r|\x85", text)
    reading = time.process_time() - began
    found = [finding(n, place=Place("p.yaml", 1 + n * 90, 1)) for n in range(1000)]
    began = time.process_time()
    form(Judgement(tuple(found), {"p.yaml": text}))
    assert time.process_time() - began < 100 * reading
