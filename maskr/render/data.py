"""Findings as JSON, for a program. The shape is part of the interface: ``version`` counts it."""

import json
from collections.abc import Mapping
from typing import Any

from maskr.checks.judging import Judgement
from maskr.errors import Finding


def as_json(judgement: Judgement) -> str:
    """One JSON object: coverage, findings, accepted findings."""
    coverage = judgement.coverage
    covered = coverage and {
        "columns": coverage.columns,
        "masked": coverage.masked,
        "kept": coverage.kept,
        "undecided": coverage.undecided,
    }
    said = {
        "version": 1,
        "coverage": covered,
        "findings": [finding_data(each) for each in judgement.findings],
        "accepted": [
            {**finding_data(each.finding), "reason": each.reason} for each in judgement.accepted
        ],
    }
    return json.dumps(said, indent=2, ensure_ascii=False)


def finding_data(finding: Finding) -> Mapping[str, Any]:
    """One finding as JSON has it; ``file``, ``line`` and ``column`` only where it has a place."""
    data: dict[str, Any] = {
        "code": finding.code,
        "severity": str(finding.severity),
        "what": finding.what,
        "hint": finding.hint,
        "subject": finding.subject,
    }
    if place := finding.place:
        data |= {"file": place.file, "line": place.line, "column": place.column}
    return data
