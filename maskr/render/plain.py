"""Findings for a terminal: each with its line and a caret, then what they come to."""

from collections.abc import Sequence

from maskr.checks.judging import Judgement
from maskr.errors import Finding, Severity
from maskr.policy.excerpt import excerpt


def plain(judgement: Judgement) -> str:
    """All findings and the closing lines."""
    shown = [excerpt(finding, judgement.files) for finding in judgement.findings]
    return "\n".join([*shown, *closing(judgement)])


def closing(judgement: Judgement) -> list[str]:
    """What it comes to: the number of findings, where there are any, and the coverage."""
    counted = count(judgement.findings)
    if judgement.accepted:
        counted = ", ".join(filter(None, [counted, f"{len(judgement.accepted)} accepted"]))
    return [line for line in (counted, covered(judgement)) if line]


def count(findings: Sequence[Finding]) -> str:
    """How many of each severity, in words.

    >>> count([Finding("a", "b"), Finding("a", "c"), Finding("d", "e", severity=Severity.WARNING)])
    '2 errors, 1 warning'
    """
    counts = ((severity, sum(f.severity is severity for f in findings)) for severity in Severity)
    return ", ".join(f"{n} {severity}{'' if n == 1 else 's'}" for severity, n in counts if n)


def covered(judgement: Judgement) -> str:
    """The coverage line, or why there is none."""
    if judgement.coverage is not None:
        return str(judgement.coverage)
    return "coverage unknown: it takes a policy that can be read, and --source or --schema"
