"""All that is found of a policy, less what its comments accept, and how much of it is decided.

Only warnings can be accepted. An error stands for a load that would fail, or for data that nobody
decided about: no comment makes that good.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from maskr.checks import CHECKS, LINTS, code_of, in_order, run_checks
from maskr.checks.pages import pages
from maskr.draft import Draft
from maskr.draft import draft as lay
from maskr.errors import Finding, Severity
from maskr.model import Schema
from maskr.policy import Policy
from maskr.policy.mistakes import closest
from maskr.policy.model import Allowance


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that a comment accepts, and the reason it gives."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many columns there are whose rows are copied, and what was decided about them."""

    masked: int = 0
    kept: int = 0
    undecided: int = 0

    @property
    def columns(self) -> int:
        """All of them."""
        return self.masked + self.kept + self.undecided

    def __str__(self) -> str:
        """The one line.

        >>> str(Coverage(masked=61, kept=351))
        '412 columns: 61 masked, 351 kept, 0 undecided'
        """
        counts = f"{self.masked} masked, {self.kept} kept, {self.undecided} undecided"
        return f"{self.columns} column{'' if self.columns == 1 else 's'}: {counts}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What there is to say of a policy.

    Attributes:
        findings: what nobody accepted.
        files: the texts that findings point into, the policy's own first.
        coverage: None where there was no schema to cover, or the policy could not be read.
    """

    findings: tuple[Finding, ...]
    files: Mapping[str, str]
    accepted: tuple[Accepted, ...] = ()
    coverage: Coverage | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Those that stop a run."""
        return tuple(each for each in self.findings if each.severity is Severity.ERROR)


def lint(policy: Policy) -> Judgement:
    """Judges a policy by itself: no schema, no coverage, and only the checks that need neither."""
    return judge(lay(policy, Schema()), blind=True)


def judge(draft: Draft, told: Iterable[Finding] = (), *, blind: bool = False) -> Judgement:
    """Judges a policy laid over a schema.

    Args:
        draft: the policy laid over the schema.
        told: what was found before, by the reader of the schema.
        blind: there is no schema.
    """
    checked = run_checks(draft, LINTS if blind else CHECKS)
    found = in_order(draft, [*draft.policy.findings, *told, *checked])
    allowed = {
        (each.place.file, each.place.line, each.code): each for each in draft.policy.allowances
    }
    open_, accepted, used = _settled(found, allowed)
    unasked = {code_of(check) for check in CHECKS if check not in LINTS} if blind else set()
    stale = _stale(draft, used, found, unasked)
    return Judgement(
        in_order(draft, [*open_, *stale]),
        draft.policy.files,
        tuple(accepted),
        None if blind else cover(draft),
    )


_Allowed = Mapping[tuple[str, int, str], Allowance]


def _settled(
    found: Iterable[Finding], allowed: _Allowed
) -> tuple[list[Finding], list[Accepted], set[Allowance]]:
    open_: list[Finding] = []
    accepted: list[Accepted] = []
    used: set[Allowance] = set()
    for finding in found:
        place = finding.place
        allowance = allowed.get((place.file, place.line, finding.code)) if place else None
        if allowance is not None and finding.severity is not Severity.ERROR:
            accepted.append(Accepted(finding, allowance.reason))
            used.add(allowance)
        else:
            open_.append(finding)
    return open_, accepted, used


def _stale(
    draft: Draft, used: set[Allowance], found: Sequence[Finding], unasked: set[str]
) -> Iterator[Finding]:
    """A finding for each allowance without use; of checks that did not run nothing is known."""
    errors = {(each.code, each.place.file, each.place.line) for each in found if each.place}
    for allowance in draft.policy.allowances:
        code, place = allowance.code, allowance.place
        if allowance in used or code in unasked:
            continue
        hint = "delete this comment"
        if code not in pages():
            what = f"there is no check {code!r} to accept"
            hint = closest(code, pages()) or "`maskr check --explain list` shows them"
        elif (code, place.file, place.line) in errors:
            what = f"{code} is an error here, and only warnings can be accepted"
            hint = "mend it, and delete this comment"
        else:
            what = f"there is no {code} here to accept"
        yield Finding("unused-allowance", what, hint, place, Severity.WARNING)


def cover(draft: Draft) -> Coverage:
    """Counts the columns by what was decided about them."""
    masks = [choice.rule.mask if choice.rule else None for choice in draft.all()]
    undecided, kept = masks.count(None), masks.count("keep")
    return Coverage(len(masks) - undecided - kept, kept, undecided)
