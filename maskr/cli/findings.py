"""Findings on a terminal: the excerpt with its caret, errors first in red."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from maskr.errors import Finding, Severity
from maskr.policy.excerpt import excerpt

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold blue"}


def print_findings(findings: Sequence[Finding], files: Mapping[str, str]) -> None:
    """All of them on standard error, then a line that counts them."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for finding in findings:
        text = Text(excerpt(finding, files))
        text.highlight_regex(rf"\b{finding.severity}\[[a-z-]+\]", _STYLES[finding.severity])
        text.highlight_regex(r"(?m)^ +\^$", _STYLES[finding.severity])
        console.print(text)
    counts = [
        f"{count} {severity}{'s' if count != 1 else ''}"
        for severity in Severity
        if (count := sum(finding.severity is severity for finding in findings))
    ]
    if counts:
        console.print(", ".join(counts))
