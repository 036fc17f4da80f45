"""What may be wrong between a policy and a schema: one generator function a refusal.

A check is named after what is wrong (``lost_uniqueness`` → ``lost-uniqueness``); its docstring is
its page: the problem, then what to do. None of them looks at a row.
"""

from collections.abc import Callable, Iterator, Sequence

from maskr.checks import coverage, fit, joins, privacy, rules, use
from maskr.checks.nested import enclosing, nested_rules
from maskr.draft import Draft
from maskr.errors import Finding

__all__ = ["CHECKS", "LINTS", "Check", "code_of", "enclosing", "nested_rules", "run_checks"]

Check = Callable[[Draft], Iterator[Finding]]

# Those that need no schema.
LINTS: tuple[Check, ...] = (
    rules.unknown_masker,
    rules.bad_parameter,
    rules.bad_nested_rule,
    use.unused_rule,
)
CHECKS: tuple[Check, ...] = (
    *LINTS,
    coverage.undecided_column,
    coverage.unknown_table,
    coverage.unknown_column,
    coverage.generated_column,
    coverage.partition_rule,
    rules.unsafe_predicate,
    joins.lost_uniqueness,
    joins.split_foreign_key,
    joins.missing_parent,
    joins.circular_read,
    fit.wrong_kind,
    fit.too_short,
    fit.not_null,
    fit.omitted_column,
    fit.masked_identity,
    fit.check_constraint,
    privacy.kept_looks_personal,
    privacy.small_domain,
    privacy.weak_linkage,
    use.shadowed_rule,
)


def code_of(check: Check) -> str:
    """The code that a check's findings carry.

    >>> code_of(joins.lost_uniqueness)
    'lost-uniqueness'
    """
    return check.__name__.replace("_", "-")


def run_checks(draft: Draft, checks: Sequence[Check] = CHECKS) -> tuple[Finding, ...]:
    """Every finding of every check, in the order of the files."""
    found = [finding for check in checks for finding in check(draft)]
    return in_order(draft, found)


def in_order(draft: Draft, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Each finding once, by file in the order of reading, then by line; those without a place last.

    >>> from maskr.model import Schema
    >>> from maskr.policy import load_text
    >>> from maskr.draft import draft
    >>> in_order(draft(load_text("version: 1"), Schema()), [])
    ()
    """
    files = {file: at for at, file in enumerate(draft.policy.files)}

    def position(finding: Finding) -> tuple[int, str, int, int, str, str]:
        place = finding.place
        if place is None:
            return len(files) + 1, "", 0, 0, finding.code, finding.subject
        file = files.get(place.file, len(files))
        return file, place.file, place.line, place.column, finding.code, finding.subject

    return tuple(sorted(dict.fromkeys(findings), key=position))
