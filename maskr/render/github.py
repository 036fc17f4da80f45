"""Findings as annotations of a pull request, in the words that GitHub's runner reads.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from collections import Counter
from collections.abc import Sequence

from maskr.checks.judging import Judgement
from maskr.errors import Finding, Severity
from maskr.render.plain import closing

# GitHub shows so many annotations of a kind for each step, and drops the rest without a word.
_SHOWN = 10
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def github(judgement: Judgement) -> str:
    """At most ten annotations a kind, the last of which sums up what had no place."""
    lines: list[str] = []
    for severity in Severity:
        found = [each for each in judgement.findings if each.severity is severity]
        shown = found if len(found) <= _SHOWN else found[: _SHOWN - 1]
        lines += [_annotation(each) for each in shown]
        if rest := found[len(shown) :]:
            lines.append(f"::{_LEVELS[severity]} title=maskr::{_data(_sum(rest))}")
    return "\n".join([*lines, *closing(judgement)])


def _annotation(finding: Finding) -> str:
    place = finding.place
    properties = {"title": f"maskr: {finding.code}"}
    if place:
        properties = {"file": place.file, "line": str(place.line), "col": str(place.column)} | (
            properties
        )
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    hint = f"; {finding.hint}" if finding.hint else ""
    return f"::{_LEVELS[finding.severity]} {said}::{_data(finding.what + hint)}"


def _sum(rest: Sequence[Finding]) -> str:
    codes = Counter(each.code for each in rest).most_common()
    return f"{len(rest)} more: " + ", ".join(f"{number} {code}" for code, number in codes)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
