"""Findings on a terminal: the excerpt with its caret, errors first in red."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

from maskr.errors import Finding, Severity
from maskr.policy.excerpt import excerpt
from maskr.render.plain import count

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold blue"}


def print_findings(findings: Sequence[Finding], files: Mapping[str, str]) -> None:
    """All of them on standard error, then a line that counts them."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for finding in findings:
        console.print(highlighted(excerpt(finding, files)))
    if findings:
        console.print(count(findings))


def highlighted(shown: str) -> Text:
    """Excerpts with their severities, codes and carets in colour."""
    text = Text(shown)
    for severity, style in _STYLES.items():
        text.highlight_regex(rf"\b{severity}\[[a-z0-9-]+\]", style)
    text.highlight_regex(r"(?m)^\s+\^$", "bold")
    return text
