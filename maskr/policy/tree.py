"""Reads YAML text into plain values that know their places; every trap of YAML is a finding.

Scalars are those of the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema), less
what two readers could read in two ways: ``no``, ``010``, ``0x1F``, ``12:30:00``, ``2024-01-01`` and
``.inf`` stay the text they are. Knows nothing of what a policy may say.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from maskr.errors import Finding, Place

Path = tuple[str | int, ...]

# Levels. The deepest rule that makes sense (a chain in a JSON path of a column) stands at 11; the
# C composer calls itself for each level and would overflow the stack at some ten thousands.
_DEEPEST = 32
# Values that aliases may add to those written out: far above a rule list shared by every table,
# far below what could be felt (a value takes about 1 µs).
_ALIASED = 20_000

_CONSTANTS: dict[str, bool | None] = {
    "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,3999})")  # Python reads no more than 4,300 digits
_FLOAT = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
# What some reader of YAML takes for a number, a boolean or a time, and we for a text.
_AMBIGUOUS = re.compile(
    r"[-+]?0[0-9_]+|0[xXoObB][0-9a-fA-F_]+|[-+]?[0-9]+(_[0-9]+)+|[-+]?[0-9]+(:[0-9]{1,2})+"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
    r"|y|n|yes|no|on|off",
    re.IGNORECASE,
)
# YAML's own set of characters: https://yaml.org/spec/1.2.2/#51-character-set
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # where libyaml counts a line

_EXPLICIT = "tag:"  # every tag that stands in the text itself begins so (or with "!")


@dataclass(frozen=True, slots=True)
class Tree:
    """One file's values.

    Attributes:
        data: dicts with text keys, lists, and str, int, float, bool, None.
        values: where each value begins, by its path.
        keys: where each mapping's key begins, by the path of its value.
        mentions: (first, last) character of each scalar that looks like a comment of ours, so that
            a text in a rule is not read as one.
    """

    file: str
    data: object
    values: Mapping[Path, yaml.Mark]
    keys: Mapping[Path, yaml.Mark]
    mentions: tuple[tuple[int, int], ...] = ()

    def place(self, path: Path) -> Place:
        """Where the value at ``path`` stands; where its nearest parent does if it has none."""
        while path and path not in self.values:
            path = path[:-1]
        return place_of(self.file, self.values.get(path))

    def key_place(self, path: Path) -> Place:
        """Where the key of the value at ``path`` stands; the value's own place in a list."""
        mark = self.keys.get(path)
        return place_of(self.file, mark) if mark else self.place(path)

    def places_below(self, path: Path) -> dict[str, Place]:
        """Where all that the value at ``path`` holds stands, by dotted path: ``paths.$.a``."""
        value: Any = self.data
        for step in path:
            value = value[step]
        found: dict[str, Place] = {}
        left = [(value, path, "")]
        while left:
            value, path, name = left.pop()
            steps = value if isinstance(value, dict) else range(len(value))
            for step in steps:
                below, dotted = (*path, step), f"{name}{step}"
                found[dotted] = place_of(self.file, self.values[below])
                if isinstance(value[step], dict | list):
                    left.append((value[step], below, f"{dotted}."))
        return found


def place_of(file: str, mark: yaml.Mark | None) -> Place:
    """A parser's mark as a place; the file's beginning where there is none."""
    return Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)


@lru_cache(maxsize=16)  # texts: each of many findings asks for its line
def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a text, as libyaml counts them.

    >>> lines_of("a\\r\\nb\\n")
    ('a', 'b', '')
    """
    return tuple(_LINE_BREAK.split(text))


def ambiguous(text: str) -> bool:
    """Whether other readers of YAML take this unquoted word for something else than a text.

    >>> [ambiguous(word) for word in ("no", "010", "12:30:00", "2024-01-01", "none")]
    [True, True, True, True, False]
    """
    return _AMBIGUOUS.fullmatch(text) is not None


def scalar(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar says.

    >>> [scalar(word) for word in ("true", "no", "10", "010", "1.5", "0x1F", "12:30:00", "null")]
    [True, 'no', 10, '010', 1.5, '0x1F', '12:30:00', None]
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[:1] in "0123456789+-.":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
            return number
    return text


class _Composer(yaml.CBaseLoader):
    """libyaml's composer, made to tell plain scalars from quoted ones and to stop when too deep."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.nodes = 0
        self._depth = 0

    def resolve(self, kind: object, value: object, implicit: object) -> str:
        """Called by the composer for each node without a tag of its own."""
        return "plain" if implicit == (True, False) else ""

    def descend_resolver(self, parent: yaml.Node | None, index: object) -> None:
        """Called by the composer before each node."""
        self.nodes += 1
        self._depth += 1
        if self._depth > _DEEPEST and parent is not None:
            raise _TooDeepError(None, None, "too deep", parent.start_mark)

    def ascend_resolver(self) -> None:
        """Called by the composer after each node."""
        self._depth -= 1


class _TooDeepError(yaml.MarkedYAMLError):
    """More levels than any policy has."""


class _TooManyError(yaml.MarkedYAMLError):
    """Aliases that multiply."""


def compose(text: str) -> tuple[yaml.Node | None, int]:
    """The nodes of a text (None if it holds nothing) and their number.

    A scalar that is neither quoted nor tagged has the tag ``plain``, all else that has no tag of
    its own the empty one.

    Raises:
        yaml.YAMLError: it is not YAML, or deeper than any policy.
    """
    composer = _Composer(text)
    return composer.get_single_node(), composer.nodes


class _Values:
    """Walks the nodes of one document once, gathering its values, places and findings."""

    def __init__(self, file: str, limit: int) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.values: dict[Path, yaml.Mark] = {}
        self.keys: dict[Path, yaml.Mark] = {}
        self.mentions: list[tuple[int, int]] = []
        self._left = limit

    def read(self, node: yaml.Node, path: Path) -> object:
        """The value of a node; its children are read too."""
        mark = self.values[path] = node.start_mark
        self._left -= 1
        if self._left < 0:
            raise _TooManyError(None, None, "too many aliases", mark)
        if len(path) > _DEEPEST:  # an alias to what it stands in
            raise _TooDeepError(None, None, "too deep", mark)
        if node.tag.startswith((_EXPLICIT, "!")):
            self._find("explicit-tag", "tags are not read here", "remove it, or quote", mark)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, at)) for at, item in enumerate(node.value)]
        return self._mapping(node, path)

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> object:
        text: str = node.value
        if "maskr:" in text:
            self.mentions.append((node.start_mark.index, node.end_mark.index))
        if node.tag != "plain":
            return text
        if not text:
            where = self.keys.get(path, node.start_mark)
            name = f"'{path[-1]}'" if path and isinstance(path[-1], str) else "this item"
            hint = "say what it is; to set the column to NULL, spell out null"
            self._find("empty-value", f"{name} has no value", hint, where)
            return None
        if text == "~":
            self._find("tilde", "'~' is easily overlooked", "write null", node.start_mark)
            return None
        return scalar(text)

    def _mapping(self, node: yaml.Node, path: Path) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in node.value:
            mark = key.start_mark
            if not isinstance(key, yaml.ScalarNode) or not (key.value or key.tag != "plain"):
                hint = "quote it if it holds braces or brackets"
                self._find("bad-key", "a key must be a name", hint, mark)
            elif key.value == "<<" and key.tag == "plain":
                hint = "share a decision as a named rule under 'rules'"
                self._find("merge-key", "merge keys are not read", hint, mark)
            elif key.value in found:
                line = self.keys[(*path, key.value)].line + 1
                hint = "keep one of the two"
                what = f"'{key.value}' stands here again, first on line {line}"
                self._find("duplicate-key", what, hint, mark)
            else:
                below = (*path, key.value)
                self.keys[below] = mark
                found[key.value] = self.read(value, below)
        return found

    def _find(self, code: str, what: str, hint: str, mark: yaml.Mark) -> None:
        self.findings.append(Finding(code, what, hint, place_of(self.file, mark)))


def parse(text: str, file: str) -> tuple[Tree | None, list[Finding]]:
    """Reads one file's text; the tree is None where there is nothing to go on with.

    Never raises: whatever is wrong with the text is among the findings.
    """
    if bad := _FORBIDDEN.search(text):
        what = f"character U+{ord(bad[0]):04X} cannot stand in YAML"
        return None, [Finding("bad-character", what, "remove it", _place_at(file, text, bad))]
    values: _Values | None = None
    try:
        root, nodes = compose(text)
        if root is None:
            hint = "begin with version: 1"
            return None, [Finding("empty-policy", "the file says nothing", hint, Place(file, 1, 1))]
        values = _Values(file, nodes + _ALIASED)
        data = values.read(root, ())
    except yaml.MarkedYAMLError as error:
        before = values.findings if values else []
        return None, [*before, _syntax(error, text, file)]
    except yaml.YAMLError:  # without a mark: bytes that libyaml's reader refuses
        return None, [Finding("yaml-syntax", "not YAML", "check the file", Place(file, 1, 1))]
    tree = Tree(file, data, values.values, values.keys, tuple(values.mentions))
    return tree, values.findings


def _place_at(file: str, text: str, match: re.Match[str]) -> Place:
    lines = _LINE_BREAK.split(text[: match.start()])
    return Place(file, len(lines), len(lines[-1]) + 1)


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> Finding:
    mark = error.problem_mark or error.context_mark
    place = place_of(file, mark)
    if isinstance(error, _TooDeepError):
        return Finding("too-deep", f"more than {_DEEPEST} levels", "flatten this", place)
    if isinstance(error, _TooManyError):
        hint = "share a decision as a named rule under 'rules'"
        return Finding("too-many-aliases", "the aliases multiply without bound", hint, place)
    if mark and text[mark.index : mark.index + 1] == "\t":
        return Finding("tab", "a tab stands where YAML takes spaces only", "use spaces", place)
    problem = (error.problem or "not YAML").removeprefix("but ")
    if error.context and error.context_mark:
        problem += f", {error.context} that begins on line {error.context_mark.line + 1}"
        if "end of stream" in problem:  # the caret is of more use where it was opened
            place = place_of(file, error.context_mark)
    hint = "look at the indentation, the quotes and the colons here"
    return Finding("yaml-syntax", problem, hint, place)
