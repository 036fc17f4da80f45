"""Writes a policy as YAML: rules, names and reasons, such that reading them gives them back."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from maskr.model import TableName
from maskr.policy.names import Part, join
from maskr.policy.tree import ambiguous, scalar

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*([./-][A-Za-z0-9_]+)*")
# What JSON leaves as it is, and YAML takes for a line's end or forbids.
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Line:
    """One decision: a rule as YAML's values, and what a comment says of it."""

    rule: object
    comment: str = ""

    def __hash__(self) -> int:
        """Equal lines are written alike."""
        return hash((value(self.rule), self.comment))


def policy(columns: Mapping[str, Line], tables: Mapping[TableName, Mapping[str, Line]]) -> str:
    """A whole policy: what holds for a column's name in every table, and what tables say else.

    >>> print(policy({"email": Line("email", "an address")}, {}), end="")
    version: 1
    columns:
      "*.email": email  # an address
    """
    said = ["version: 1"]
    if columns:
        said.append("columns:")
    for name, line in columns.items():
        said.append(_line(2, f"*.{Part(name, exact=True)}", line))
    if tables:
        said.append("tables:")
    for table, own in sorted(tables.items()):
        said += [f"  {_text(join(Part(each, exact=True) for each in table))}:", "    columns:"]
        said += [_line(6, str(Part(name, exact=True)), line) for name, line in own.items()]
    return "\n".join(said) + "\n"


def _line(indent: int, key: str, line: Line) -> str:
    comment = f"  # {line.comment}" if line.comment else ""
    return f"{' ' * indent}{_text(key)}: {value(line.rule)}{comment}"


def value(said: object) -> str:
    """A value in YAML's flow style.

    >>> value({"mask": "constant", "value": "000", "list": [1, True, None]})
    '{mask: constant, value: "000", list: [1, true, null]}'
    """
    if isinstance(said, Mapping):
        return f"{{{', '.join(f'{_text(str(key))}: {value(each)}' for key, each in said.items())}}}"
    if isinstance(said, list | tuple):
        return f"[{', '.join(map(value, said))}]"
    return _text(said) if isinstance(said, str) else json.dumps(said)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and not ambiguous(text) and scalar(text) == text:
        return text
    return _UNSEEN.sub(
        lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False)
    )
