"""The policies in fixtures/: each good one loads, each bad one has exactly what it announces."""

import re
from pathlib import Path

import pytest

from maskr.errors import Finding, PolicyError
from maskr.policy import load

FIXTURES = Path(__file__).parents[2] / "fixtures" / "policies"
GOOD = sorted((FIXTURES / "good").glob("*.yaml"))
BAD = sorted((FIXTURES / "bad").glob("*.yaml"))
EXPECT = re.compile(r"^\ufeff?# expect: (\S+) @ (\S+)$", re.MULTILINE)


def _found(path: Path) -> tuple[Finding, ...]:
    try:
        return load(path).findings
    except PolicyError as error:
        return error.findings


def _position(finding: Finding, path: Path) -> str:
    """``line:col``, with the file before it where it is another one."""
    assert finding.place is not None
    where = f"{finding.place.line}:{finding.place.column}"
    if finding.place.file == str(path):
        return where
    return f"{Path(finding.place.file).relative_to(path.parent)}:{where}"


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_policy_loads_without_a_finding(path: Path) -> None:
    assert load(path).findings == ()


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_policy_has_the_findings_it_announces(path: Path) -> None:
    text = path.read_bytes().decode("utf-8", errors="replace").replace("\r\n", "\n")
    expected = EXPECT.findall(text)
    assert expected
    assert [(found.code, _position(found, path)) for found in _found(path)] == expected


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_every_finding_says_what_is_wrong_and_what_to_do(path: Path) -> None:
    for finding in _found(path):
        assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", finding.code)
        assert finding.what
        assert finding.hint
        assert not finding.what.endswith(".")


def test_there_are_enough_bad_policies_to_speak_of_a_suite() -> None:
    assert len(BAD) >= 28
