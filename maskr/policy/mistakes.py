"""Words what pydantic found wrong as findings: each with its code, its place and what to do."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic_core import ErrorDetails

from maskr.errors import Finding, Place
from maskr.policy.grammar import keys_at
from maskr.policy.tree import Path, ambiguous

Locate = Callable[[Path, bool], Place]
"""Gives the place of the value at a path, or of its key if the second argument is True."""

_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "list_type": "a list",
}
_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (int, "a number"),
    (float, "a number"),
    (str, "a text"),
    (list, "a list"),
    (dict, "a mapping"),
)


def closest(word: str, known: Iterable[str]) -> str:
    """``did you mean …?`` if one of the known words is near, else nothing.

    >>> closest("colums", ["columns", "rows"])
    "did you mean 'columns'?"
    """
    return _closest(word, tuple(known))


@lru_cache(maxsize=1024)  # the same slip comes back in table after table
def _closest(word: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean '{near[0]}'?" if near else ""


def findings(errors: Sequence[ErrorDetails], data: object, locate: Locate) -> list[Finding]:
    """One finding for each error of a validation of ``data``."""
    return [_finding(error, path_of(error, data), locate) for error in errors]


def path_of(error: ErrorDetails, data: Any) -> Path:
    """The path in ``data`` that an error speaks of, without pydantic's names of branches."""
    path: list[str | int] = []
    for step in error["loc"]:
        inside = isinstance(data, dict) and step in data
        if inside or (isinstance(data, list) and step in range(len(data))):
            data = data[step]
            path.append(step)
    return tuple(path)


def _finding(error: ErrorDetails, path: Path, locate: Locate) -> Finding:
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    name = f"'{path[-1]}'" if path and isinstance(path[-1], str) else "this"
    if kind == "missing":
        wanted = error["loc"][-1]
        hint = "write version: 1" if wanted == "version" else f"add '{wanted}: …'"
        return Finding("missing-key", f"'{wanted}' is missing", hint, locate(path, True))
    if kind == "extra_forbidden":
        known = keys_at(path)
        hint = closest(str(path[-1]), known) or f"known here: {', '.join(known)}"
        return Finding("unknown-key", f"{name} means nothing here", hint, locate(path, True))
    of_key = error["loc"][-1:] == ("[key]",)
    if "hint" in context:
        return _own(kind, context, given, locate(path, of_key))
    if kind == "bad-value":  # of a union, whose words the grammar chose
        what = f"{name} is {_kind(given)}, {error['msg']}"
        return Finding(kind, what, "see 'maskr schema'", locate(path, False))
    if kind in ("string_too_short", "too_short"):
        return Finding("empty-value", f"{name} is empty", "say what it is", locate(path, of_key))
    if kind == "literal_error":
        words = re.findall("'(.*?)'", context["expected"])
        hint = (isinstance(given, str) and closest(given, words)) or f"write {' or '.join(words)}"
        what = f"{name} cannot be " + (f"'{given}'" if isinstance(given, str) else _kind(given))
        return Finding("bad-value", what, hint, locate(path, False))
    expected = _EXPECTED.get(kind, "something else")
    scalar = isinstance(given, bool | int | float)
    hint = "quote it" if scalar and kind == "string_type" else f"write {expected}"
    what = f"{name} is {_kind(given)}, expected {expected}"
    return Finding("bad-value", what, hint, locate(path, False))


def _own(code: str, context: Mapping[str, str], given: object, place: Place) -> Finding:
    """An error raised by the grammar itself, which has its words already."""
    what, hint = context["what"], context["hint"]
    if code in ("bad-rows", "bad-version") and isinstance(given, str) and ambiguous(given):
        code = "ambiguous-value"
        what = f"'{given}' means different things to different readers of YAML"
        hint = f"{hint}; a text must be quoted"
    return Finding(code, what, hint, place)


def _kind(value: object) -> str:
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "null")
