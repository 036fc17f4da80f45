"""Findings and changes as Markdown that is fit for a comment on a pull request."""

from collections.abc import Iterable, Sequence

from maskr.checks.judging import Judgement
from maskr.errors import Finding
from maskr.render.plain import count, covered

# Rows of a table; GitHub takes comments of up to 65,536 characters, and nobody reads that many.
SHOWN = 50


def markdown(judgement: Judgement) -> str:
    """A heading that says it all, a table of the findings, the coverage."""
    heading = f"### maskr check: {count(judgement.findings) or 'no findings'}"
    parts = [heading]
    if judgement.findings:
        rows = [(_where(each), f"`{each.code}`", _what(each)) for each in judgement.findings]
        parts.append(table(("where", "code", "what"), rows))
    if judgement.accepted:
        accepted = [
            f"- {_where(each.finding)} `{each.finding.code}`: {escaped(each.reason)}"
            for each in judgement.accepted
        ]
        parts.append(folded(f"{len(accepted)} accepted", accepted))
    return "\n\n".join([*parts, escaped(covered(judgement))])


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of at most `SHOWN` rows, and how many there are beyond."""
    lines = [_row(heads), _row(["---"] * len(heads)), *map(_row, rows[:SHOWN])]
    if len(rows) > SHOWN:
        lines += ["", f"and {len(rows) - SHOWN} more"]
    return "\n".join(lines)


def folded(title: str, lines: Sequence[str]) -> str:
    """Lines that show when their title is clicked."""
    shown = [*lines[:SHOWN], *([f"- and {len(lines) - SHOWN} more"] if lines[SHOWN:] else [])]
    return "\n".join([f"<details><summary>{title}</summary>", "", *shown, "", "</details>"])


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line and within a table.

    >>> escaped("a|b *c* <d>")
    'a\\\\|b \\\\*c\\\\* &lt;d>'
    """
    for sign in "\\`*_|[]":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.replace("<", "&lt;").replace("@", "@\u200b").split())


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _where(finding: Finding) -> str:
    return escaped(str(finding.place)) if finding.place else ""


def _what(finding: Finding) -> str:
    hint = f"; {finding.hint}" if finding.hint else ""
    return f"{finding.severity}: {escaped(finding.what + hint)}"
