"""The changes between two policies as text, as JSON, and as a comment on a pull request."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maskr.checks.judging import Coverage
from maskr.compare import Category, Change
from maskr.render.markdown import escaped, folded, table

_Grouped = Mapping[Category, Sequence[Change]]
# What a reviewer must see without a click.
_OPEN = (Category.EXPOSED, Category.WEAKER)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes; ``coverage`` before and after, None where there was no schema."""

    changes: tuple[Change, ...]
    coverage: tuple[Coverage, Coverage] | None = None


def plain(comparison: Comparison) -> str:
    """A heading a category, a line a change."""
    lines: list[str] = []
    for category, changes in _grouped(comparison).items():
        lines.append(f"{category} ({len(changes)})")
        lines += [f"  {change.subject}: {_said(change)}" for change in changes]
    return "\n".join([*(lines or ["no changes"]), _covered(comparison)])


def as_json(comparison: Comparison) -> str:
    """One JSON object; ``version`` counts its shape."""
    covered = comparison.coverage and dict(
        zip(("old", "new"), map(_counts, comparison.coverage), strict=True)
    )
    changes = [_data(change) for change in comparison.changes]
    said = {"version": 1, "coverage": covered, "changes": changes}
    return json.dumps(said, indent=2, ensure_ascii=False)


def markdown(comparison: Comparison) -> str:
    """A heading that counts, tables of what exposes, the rest folded away."""
    grouped = _grouped(comparison)
    counts = ", ".join(f"{len(changes)} {category}" for category, changes in grouped.items())
    parts = [f"### maskr diff: {counts or 'no changes'}"]
    for category, changes in grouped.items():
        title = f"{category} ({len(changes)})"
        if category in _OPEN:
            rows = [tuple(map(escaped, _cells(change))) for change in changes]
            parts.append(f"**{title}**\n\n{table(('what', 'before', 'after', 'why'), rows)}")
        else:
            lines = [f"- {escaped(c.subject)}: {escaped(_said(c))}" for c in changes]
            parts.append(folded(title, lines))
    return "\n\n".join([*parts, escaped(_covered(comparison))])


def _grouped(comparison: Comparison) -> _Grouped:
    changes = comparison.changes
    found = {each: [c for c in changes if c.category is each] for each in Category}
    return {category: members for category, members in found.items() if members}


def _said(change: Change) -> str:
    why = f"; {change.why}" if change.why else ""
    place = f" ({change.place})" if change.place else ""
    return f"{change.old} → {change.new}{why}{place}"


def _cells(change: Change) -> tuple[str, str, str, str]:
    place = f" ({change.place})" if change.place else ""
    return change.subject, change.old, change.new, change.why + place


def _covered(comparison: Comparison) -> str:
    if comparison.coverage is None:
        return "only what the policies name was compared: add --source or --schema"
    old, new = map(str, comparison.coverage)
    return new if old == new else f"{old} → {new}"


def _counts(coverage: Coverage) -> Mapping[str, int]:
    return {
        "columns": coverage.columns,
        "masked": coverage.masked,
        "kept": coverage.kept,
        "undecided": coverage.undecided,
    }


def _data(change: Change) -> Mapping[str, object]:
    data: dict[str, object] = {
        "category": str(change.category),
        "subject": change.subject,
        "old": change.old,
        "new": change.new,
        "why": change.why,
    }
    if place := change.place:
        data |= {"file": place.file, "line": place.line, "column": place.column}
    return data
