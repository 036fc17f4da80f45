"""The policies in fixtures/policies/against-schema/: each has exactly the findings it announces."""

import re
from functools import cache
from pathlib import Path

import pytest

from maskr.checks import CHECKS, code_of
from maskr.checks.judging import Judgement, judge
from maskr.checks.pages import pages
from maskr.draft import draft
from maskr.errors import Finding, Severity
from maskr.model import Schema
from maskr.policy import load
from maskr.sql import read_ddl

FIXTURES = Path(__file__).parents[2] / "fixtures" / "policies" / "against-schema"
POLICIES = sorted(FIXTURES.glob("*.yaml"))
EXPECT = re.compile(r"^# expect: (\S+) @ (\S+)$", re.MULTILINE)


@cache
def schema() -> Schema:
    found, findings = read_ddl((FIXTURES / "schema.sql").read_text())
    assert findings == ()
    return found


@cache
def judged(path: Path) -> Judgement:
    return judge(draft(load(path), schema()))


def position(finding: Finding) -> str:
    place = finding.place
    return f"{place.line}:{place.column}" if place else "-"


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_a_policy_has_the_findings_it_announces(path: Path) -> None:
    expected = EXPECT.findall(path.read_text())
    assert [(each.code, position(each)) for each in judged(path).findings] == expected


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_every_finding_says_what_is_wrong_and_what_to_do(path: Path) -> None:
    for finding in judged(path).findings:
        assert finding.what
        assert finding.hint
        assert not finding.what.endswith(".")


@pytest.mark.parametrize("code", [code_of(check) for check in CHECKS])
def test_every_check_is_seen_to_fire(code: str) -> None:
    assert any(each.code == code for path in POLICIES for each in judged(path).findings)


def test_a_policy_in_order_has_no_finding_but_the_one_it_accepts() -> None:
    judgement = judged(FIXTURES / "all-is-well.yaml")
    assert judgement.findings == ()
    assert [each.finding.code for each in judgement.accepted] == ["check-constraint"]


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_a_finding_weighs_what_its_page_says(path: Path) -> None:
    for finding in judged(path).findings:
        assert finding.severity in pages()[finding.code].severities


def test_what_would_break_a_load_or_expose_a_column_is_an_error() -> None:
    judgement = {
        "check-constraint", "kept-looks-personal", "lost-uniqueness", "shadowed-rule",
        "small-domain", "unused-allowance", "unused-rule", "weak-linkage",
    }  # fmt: skip
    found = [each for path in POLICIES for each in judged(path).findings]
    warned = {each.code for each in found if each.severity is Severity.WARNING}
    assert warned == judgement


def test_there_are_enough_policies_with_mistakes() -> None:
    bad = (FIXTURES.parent / "bad").glob("*.yaml")
    assert len([path for path in (*bad, *POLICIES) if EXPECT.search(_text(path))]) >= 70


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace").replace("\r\n", "\n")
