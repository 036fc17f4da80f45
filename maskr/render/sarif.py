"""Findings as SARIF 2.1.0, which code scanning reads.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from maskr import __version__
from maskr.checks.judging import Judgement
from maskr.checks.pages import pages
from maskr.errors import Finding, Place, Severity
from maskr.policy.tree import lines_of

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def sarif(judgement: Judgement) -> str:
    """One SARIF log with one run; accepted findings are in it as suppressed results."""
    accepted = {each.finding: each.reason for each in judgement.accepted}
    findings = [*judgement.findings, *accepted]
    codes = sorted({finding.code for finding in findings})
    seen: Counter[str] = Counter()
    results = [
        _result(finding, codes, judgement.files, seen, accepted.get(finding))
        for finding in findings
    ]
    driver = {"name": "maskr", "version": __version__, "rules": [_rule(code) for code in codes]}
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        # Columns count characters here, not UTF-16 code units.
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    if judgement.coverage:
        run["properties"] = {"coverage": str(judgement.coverage)}
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(code: str) -> dict[str, Any]:
    page = pages()[code]
    return {
        "id": code,
        "shortDescription": {"text": page.summary},
        "defaultConfiguration": {"level": _LEVELS[page.severities[0]]},
        "help": {"text": page.text, "markdown": page.text},
    }


def _result(
    finding: Finding,
    codes: list[str],
    files: Mapping[str, str],
    seen: Counter[str],
    reason: str | None,
) -> dict[str, Any]:
    # Code scanning shows no result without a location: the policy as a whole is one.
    place = finding.place or Place(next(iter(files), "policy.yaml"), 1, 1)
    hint = f"; {finding.hint}" if finding.hint else ""
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.what + hint},
        "locations": [_location(place, finding.subject)],
        "partialFingerprints": {"maskrFinding/v1": _fingerprint(finding, place, files, seen)},
    }
    if reason is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": reason}]
    return result


def _location(place: Place, subject: str) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(place.file)},
            "region": {"startLine": place.line, "startColumn": place.column},
        }
    }
    if subject:
        location["logicalLocations"] = [{"fullyQualifiedName": subject}]
    return location


def _uri(file: str) -> str:
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _fingerprint(
    finding: Finding, place: Place, files: Mapping[str, str], seen: Counter[str]
) -> str:
    """The same for the same finding wherever its line has moved to, so that it stays one alert."""
    lines = lines_of(files.get(place.file, ""))
    said = lines[place.line - 1].strip() if place.line <= len(lines) else ""
    what = "\0".join((finding.code, place.file, finding.subject or said))
    seen[what] += 1
    return hashlib.sha256(f"{what}\0{seen[what]}".encode()).hexdigest()[:32]
