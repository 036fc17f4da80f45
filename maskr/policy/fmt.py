"""Lays a policy's text out anew: what it says and its comments stay, its indentation is even.

Works on the lines, not on values, so nothing is lost that a writer of YAML would not know of.
"""

import re
from bisect import bisect
from collections.abc import Mapping, Sequence

import yaml

from maskr.errors import PolicyError
from maskr.policy.tree import compose, parse

_RARE_BREAK = re.compile("[\x85\u2028\u2029]")
_STEP = 2  # spaces a level


def format_text(text: str, file: str = "policy.yaml") -> str:
    """The same policy, laid out evenly.

    Two spaces a level, line ends of one kind, no blanks at a line's end, no more than one blank
    line in a row, a newline at the end. What cannot be changed without a change of meaning stays.

    Args:
        text: of the whole file.
        file: its name, for what is wrong with it.

    Raises:
        PolicyError: the text is not YAML.
    """
    text = text.removeprefix("\ufeff")
    tree, found = parse(text, file)
    if tree is None:
        raise PolicyError(tuple(found), {file: text})
    if _RARE_BREAK.search(text):  # a line's end to YAML 1.1 only; no editor shows it as one
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    root, _ = compose(text)
    if root is None:
        return text
    lines = text.split("\n")
    layout = _Layout(lines)
    layout.node(root, 0)
    for shifts in (layout.shifts(), {}):
        after = "\n".join(_laid_out(lines, shifts, layout.inside))
        if _content(compose(after)[0]) == _content(root):
            return after
    return text


class _Layout:
    """Walks the nodes of a text, noting where each line of it should begin."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._columns: dict[int, int] = {}  # the new column of the lines that begin an entry
        self._after: dict[int, int] = {}  # lines that go where another one goes
        self.inside: set[int] = set()  # lines that begin within a scalar

    def node(self, node: yaml.Node, column: int) -> None:
        """Notes a node that is to begin at ``column``."""
        if not isinstance(node, yaml.CollectionNode) or node.flow_style:
            self._follow(node)
        elif isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                self._begin(key.start_mark, column)
                self.node(value, column + _STEP)
        else:
            for item in node.value:
                self._item(node.start_mark.column, item, column)

    def _item(self, dash: int, item: yaml.Node, column: int) -> None:
        """One item of a block sequence whose dashes stand at ``dash`` and go to ``column``."""
        mark = item.start_mark
        line = mark.line
        while line > 0 and self._lines[line][dash : dash + 1] != "-":
            line -= 1  # the item stands below its dash
        if not self._lines[line][:dash].strip():
            self._columns[line] = column
        inline = line == mark.line
        self.node(item, column + (mark.column - dash if inline else _STEP))

    def _begin(self, mark: yaml.Mark, column: int) -> None:
        if not self._lines[mark.line][: mark.column].strip():
            self._columns[mark.line] = column

    def _follow(self, node: yaml.Node) -> None:
        """The further lines of a scalar or of a list in brackets go with its first."""
        first, end = node.start_mark.line, node.end_mark
        last = end.line if end.column else end.line - 1
        header = self._lines[first][node.start_mark.column :]
        while last > first and not self._lines[last].strip() and "+" not in header[:3]:
            last -= 1  # blank lines below a block are not its own, unless |+ keeps them
        further = range(first + 1, last + 1)
        self._after.update(dict.fromkeys(further, first))
        if isinstance(node, yaml.ScalarNode):
            self.inside.update(further)
        else:
            for child in _children(node):
                self._follow(child)
            self._after.update(dict.fromkeys(further, first))

    def shifts(self) -> dict[int, int]:
        """By how many columns each line moves to the right."""
        moved: dict[int, int] = {}
        for line, column in self._columns.items():
            moved[line] = column - _indent(self._lines[line])
        for line, first in sorted(self._after.items()):
            moved[line] = moved.get(first, 0)
        said = sorted(self._columns)
        for line, text in enumerate(self._lines):
            if line not in moved and text.strip():
                moved[line] = moved[self._companion(line, said)] if said else 0
        return moved

    def _companion(self, line: int, said: Sequence[int]) -> int:
        """The line that a comment goes with: the next, or if that is less deep the one it ends."""
        at = bisect(said, line)
        depth = _indent(self._lines[line])
        if at < len(said) and _indent(self._lines[said[at]]) >= depth:
            return said[at]
        above = (one for one in reversed(said[:at]) if _indent(self._lines[one]) <= depth)
        return next(above, said[0])


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [side for pair in node.value for side in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _laid_out(lines: Sequence[str], shifts: Mapping[int, int], inside: set[int]) -> list[str]:
    done: list[str] = []
    for at, line in enumerate(lines):
        shift = shifts.get(at, 0)
        line = " " * shift + line if shift > 0 else line[min(-shift, _indent(line)) :]
        if at not in inside:
            line = line.rstrip(" \t")
            if not line and (not done or not done[-1]):
                continue
        done.append(line)
    while done and not done[-1].strip():
        done.pop()
    return [*done, ""]


def _content(node: yaml.Node | None) -> object:
    """What a node says, its places left out."""
    if isinstance(node, yaml.ScalarNode):
        return node.tag, node.value
    return (node.tag, [_content(child) for child in _children(node)]) if node else None
