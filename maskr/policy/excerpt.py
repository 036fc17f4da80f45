"""Shows a finding as text: one line that says it, the line of the file, a caret under the place."""

import unicodedata
from collections.abc import Mapping

from maskr.errors import Finding
from maskr.policy.tree import lines_of

_WIDEST = 200  # characters: of a longer line only what stands around the caret is shown


def excerpt(finding: Finding, files: Mapping[str, str]) -> str:
    """``file:line:col: error[code] what; hint``, and where the file is known its line and a caret.

    Plain text without colours. ``files`` are the texts by name, as in `Policy.files`.

    >>> from maskr.errors import Place
    >>> finding = Finding("unknown-key", "'colums' means nothing here", place=Place("p", 2, 1))
    >>> print(excerpt(finding, {"p": "version: 1\\ncolums: {}"}))
    p:2:1: error[unknown-key] 'colums' means nothing here
      colums: {}
      ^
    """
    place = finding.place
    lines = lines_of(files.get(place.file, "")) if place else ()
    if place is None or not 0 < place.line <= len(lines) or not lines[place.line - 1]:
        return str(finding)
    cut = max(0, place.column - _WIDEST // 2) if len(lines[place.line - 1]) > _WIDEST else 0
    line = lines[place.line - 1][cut : cut + _WIDEST]
    # A terminal must not take what stands in a file for a command of its own.
    shown = "".join(char if char.isprintable() or char == "\t" else "\ufffd" for char in line)
    return f"{finding}\n  {shown}\n  {_blank(shown[: place.column - 1 - cut])}^"


def _blank(text: str) -> str:
    """Spaces as wide as the text is on a terminal; tabs stay, so that they stay as wide."""
    return "".join("\t" if char == "\t" else " " * _width(char) for char in text)


def _width(char: str) -> int:
    # Unicode Standard Annex 11: wide and full-width characters take two cells of a terminal.
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
