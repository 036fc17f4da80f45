"""Everything that maskr raises, and the findings it gathers.

No class here has a field that could carry a row's value: what is said of data is where it stands
(table, column, row number, sqlstate), never what it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Severity(StrEnum):
    """How much a finding weighs: an error stops the work, a warning only under ``--strict``."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a file: line and column count from 1, columns in characters."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """The clickable form.

        >>> str(Place("shop.yaml", 3, 7))
        'shop.yaml:3:7'
        """
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (or worth a look) in a policy or between it and a schema.

    Attributes:
        code: kebab-case name of the check, stable across versions.
        what: what is wrong, one clause, no full stop.
        hint: what to do about it.
        place: where in the policy (or DDL) it stands; None where no file is to blame.
        severity: error, warning or note.
        subject: the table or column it speaks of, as ``schema.table.column``.
    """

    code: str
    what: str
    hint: str = ""
    place: Place | None = None
    severity: Severity = Severity.ERROR
    subject: str = ""

    def __str__(self) -> str:
        """One line, without the source excerpt.

        >>> str(Finding("unknown-masker", "no masker 'phnoe'", "did you mean 'phone'?"))
        "error[unknown-masker] no masker 'phnoe'; did you mean 'phone'?"
        """
        where = f"{self.place}: " if self.place else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{where}{self.severity}[{self.code}] {self.what}{hint}"


class MaskrError(Exception):
    """Base of all that maskr raises on purpose.

    Attributes:
        where: the thing it happened to (a table, a DSN without its password, a file).
        what: what is wrong.
        hint: what to do.
        code: a stable short name.
        exit_code: what the process ends with (design: sysexits-like, see the README).
    """

    exit_code: ClassVar[int] = 70
    code: ClassVar[str] = "bug"

    def __init__(self, where: str, what: str, hint: str = "") -> None:
        """Fields first; the text is built from them."""
        super().__init__(where, what, hint)
        self.where = where
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        """``where: what; hint [code]``."""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.where}: {self.what}{hint} [{self.code}]"


class UsageError(MaskrError):
    """The command line asks for something that cannot be."""

    exit_code = 2
    code = "usage"


class DataError(MaskrError):
    """The data does not fit: a constraint of the target, a value that no mask can read."""

    exit_code = 65
    code = "data"


class UnavailableError(MaskrError):
    """A database (or a program it needs) cannot be reached or is not usable."""

    exit_code = 69
    code = "unavailable"


class TryAgainError(MaskrError):
    """Nothing is wrong that time would not mend: a lock, a lost snapshot, another run."""

    exit_code = 75
    code = "try-again"


class RefusedError(MaskrError):
    """Refused for safety or for lack of rights."""

    exit_code = 77
    code = "refused"


class KeyMissingError(MaskrError):
    """There is no key, or it is not usable."""

    exit_code = 78
    code = "key"


class PolicyError(MaskrError):
    """The policy is wrong: carries every finding at once."""

    exit_code = 78
    code = "policy"

    def __init__(
        self, findings: tuple[Finding, ...], files: Mapping[str, str] | None = None
    ) -> None:
        """``findings`` holds at least one error; ``files`` are the texts they point into."""
        first = findings[0]
        errors = sum(finding.severity is Severity.ERROR for finding in findings)
        where = str(first.place) if first.place else (first.subject or "policy")
        super().__init__(where, f"{errors} error{'s' if errors != 1 else ''} in the policy")
        self.findings = findings
        self.files = dict(files or {})
        self.args = (findings, self.files)  # so that a copy made by pickle is built the same way
