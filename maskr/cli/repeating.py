"""Whether functions of the user's own give the same again, in another process, on made-up values.

What depends on `hash`, on a set's order, on the time or on chance is the same for as long as one
process lives, or only until the next night. As a program (``python -m maskr.cli.repeating``) this
is one of the two that try: it prints a digest of what the function gave, never a value.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

import polars as pl

from maskr.checks.nested import with_nested
from maskr.cli.trying import column_of, plan_of
from maskr.db.postgres import copytext
from maskr.draft import Draft
from maskr.errors import DataError, Finding, MaskrError
from maskr.kernel import bind
from maskr.keys import KEY_BYTES, Key
from maskr.model import Kind
from maskr.policy.model import Rule

_SECONDS = 60  # for the import of a function's module and a hundred calls; then it is let be
_NUMBERS = [str(number * 7919) for number in range(90)]
_TEXTS = ["Ann Miller", "ann.miller@example.test", "+49 171 1234567", "12 Long Lane", "a", ""]
# Words that the other process prints where there is no digest.
_UNSTABLE, _UNKNOWN = "unstable", "unknown"


def unrepeatable(draft: Draft) -> Iterator[Finding]:
    """Every function that gives other values when it is asked again.

    Reads no row. A function that cannot be tried (it is not there, it does not take the made-up
    values) is left to the run, which tries each one on the first values it masks.
    """
    tried: dict[str, bool] = {}
    for choice, outer, _ in draft.ruled:
        for rule in with_nested(draft, outer):
            if rule.mask != "python":
                continue
            spelt = _spelt(rule, choice.column.type if rule is outer else "text")
            if spelt not in tried:
                tried[spelt] = _differs(spelt)
            if tried[spelt]:
                what = f"{rule.params['function']!r} gives other values in another process"
                hint = "let it depend on the value and its draw: not on chance, time or hash()"
                yield Finding("unrepeatable-mask", what, hint, rule.place, subject=choice.subject)


def _spelt(rule: Rule, type: str) -> str:
    return json.dumps({"rule": {"mask": rule.mask, **rule.params}, "type": type}, sort_keys=True)


def _differs(spelt: str) -> bool:
    first, second = (_digest(spelt, seed) for seed in ("1", "2"))
    return _UNKNOWN not in (first, second) and (first != second or first == _UNSTABLE)


def _digest(spelt: str, seed: str) -> str:
    """What another process says of the function."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", __name__]
    try:
        done = subprocess.run(
            command, input=spelt, capture_output=True, text=True, env=environment, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return _UNKNOWN
    return done.stdout.splitlines()[-1] if done.returncode == 0 else _UNKNOWN


def _tried(given: Mapping[str, object]) -> str:
    """The digest of what the rule makes of the made-up values, or one of the words."""
    rule = given["rule"]
    assert isinstance(rule, dict)  # noqa: S101 - written above
    column = column_of(str(given["type"]))
    values = [*_NUMBERS, *(_TEXTS if column.kind is Kind.TEXT else ())]
    try:
        kernel = bind(plan_of(rule, column), Key(bytes(KEY_BYTES)))
        chunk = copytext.encode(pl.DataFrame({"0": copytext.escape(pl.Series(values))}))
        return hashlib.sha256(kernel(chunk) if kernel else chunk).hexdigest()
    except DataError as error:
        return _UNSTABLE if "is not repeatable" in str(error) else _UNKNOWN
    except MaskrError:
        return _UNKNOWN


if __name__ == "__main__":
    sys.stdout.write(_tried(json.load(sys.stdin)) + "\n")
