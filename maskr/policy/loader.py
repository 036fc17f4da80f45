"""Loads a policy: reads its files, gathers everything that is wrong with them, merges them.

The files come through a reader, so that they may stand on a disk or in a revision of a repository.
"""

import gc
import posixpath
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import takewhile
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from maskr.errors import Finding, Place, PolicyError, Severity
from maskr.policy import mistakes
from maskr.policy.allow import allowances
from maskr.policy.grammar import Document
from maskr.policy.merge import Part, merge
from maskr.policy.model import Policy
from maskr.policy.tree import Path, Tree, parse

Reader = Callable[[str], bytes]
"""Gives a file's bytes by its path, or raises OSError."""

# Bytes. 1,000 tables of 20 columns, each with three parameters, take 1.3 MB (and 0.6 s).
_LARGEST = 2_000_000
# Mistakes told of one file: nobody reads more, and finding the nearest word takes 50 µs each.
_MOST = 1_000
_LONGEST_CHAIN = 32  # files, each included by the one before it


def read_file(path: str) -> bytes:
    """A file's bytes from the disk; one more than a policy may have shows that it is too large.

    Raises:
        OSError: it is missing, a directory, or not readable.
    """
    with FilePath(path).open("rb") as file:
        return file.read(_LARGEST + 1)


def load(path: str | FilePath, read: Reader = read_file) -> Policy:
    """The policy in a file and in all that it includes; reads only.

    Raises:
        PolicyError: with everything that is wrong, in the order of the files.
    """
    file = str(path)
    with uncollected():
        loading = _Loading(read)
        return loading.policy(file, loading.text(file, Place(file, 1, 1), "missing-file"))


def load_text(text: str, file: str = "policy.yaml", read: Reader = read_file) -> Policy:
    """The policy in a text that is already read; ``file`` is its name in every place.

    Raises:
        PolicyError: with everything that is wrong, in the order of the files.
    """
    with uncollected():
        return _Loading(read).policy(file, text.removeprefix("\ufeff"))


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: all that is made here is kept.

    Measured: over the 50,000 values of 6,600 lines it takes a third of the whole time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Loading:
    """One load: the files read so far, and what was found in them."""

    def __init__(self, read: Reader) -> None:
        self._read = read
        self._files: dict[str, str] = {}
        self._parts: list[Part] = []
        self._findings: list[Finding] = []

    def text(self, file: str, place: Place, missing: str) -> str | None:
        """A file's text; None, and a finding at ``place``, where there is none."""
        try:
            raw = self._read(file)
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
            reason = (getattr(error, "strerror", None) or "no such path").lower()
            self._find(missing, f"'{file}' cannot be read: {reason}", "check the path", place)
            return None
        if len(raw) > _LARGEST:
            hint = f"a policy has at most {_LARGEST // 1_000_000} MB; is this the right file?"
            self._find("too-large", f"'{file}' is too large", hint, place)
            return None
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            lines = raw[: error.start].decode("utf-8-sig").split("\n")
            where = Place(file, len(lines), len(lines[-1]) + 1)
            self._find("not-utf8", "not UTF-8 from here on", "save the file as UTF-8", where)
            return None

    def policy(self, file: str, text: str | None) -> Policy:
        """The policy of the main file and all it includes."""
        if text is not None:
            self._take(file, text, (file,))
        policy, found = merge(self._parts, self._files)
        self._findings += found
        order = {name: at for at, name in enumerate(self._files)}
        self._findings.sort(key=lambda found: _rank(found, order))
        if any(finding.severity is Severity.ERROR for finding in self._findings):
            raise PolicyError(tuple(self._findings), self._files)
        return replace(policy, findings=tuple(self._findings))

    def _take(self, file: str, text: str, chain: tuple[str, ...]) -> None:
        self._files[file] = text
        tree, found = parse(text, file)
        self._findings += found
        document = self._document(tree, found) if tree else None
        if tree is None or document is None:
            return
        said = document.include
        paths: list[tuple[str, Path]] = (
            [(said, ("include",))]
            if isinstance(said, str)
            else [(name, ("include", at)) for at, name in enumerate(said)]
        )
        for name, path in paths:
            self._include(file, name, tree.place(path), chain)
        accepted, found = allowances(tree, text)
        self._findings += found
        self._parts.append(Part(tree, document, tuple(accepted)))

    def _include(self, file: str, name: str, place: Place, chain: tuple[str, ...]) -> None:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(file), name))
        if path in map(posixpath.normpath, chain):
            circle = " -> ".join([*chain, path])
            self._find(
                "include-cycle",
                f"the files include each other: {circle}",
                "include one less",
                place,
            )
        elif len(chain) > _LONGEST_CHAIN:
            self._find("too-deep", "the chain of includes is too long", "flatten it", place)
        elif path not in self._files:  # once is enough, by whatever way
            text = self.text(path, place, "missing-include")
            if text is not None:
                self._take(path, text, (*chain, path))

    def _document(self, tree: Tree, found: list[Finding]) -> Document | None:
        """The file's content, as far as it is valid, so that what follows is looked at too."""
        if not isinstance(tree.data, dict):
            hint = "begin with version: 1"
            self._find("not-a-mapping", "a policy is a mapping", hint, tree.place(()))
            return None
        try:
            return Document.model_validate(tree.data)
        except ValidationError as error:
            errors = error.errors(include_url=False)
        known = {finding.place for finding in found}  # an empty value has been spoken of
        self._findings += [
            finding
            for finding in mistakes.findings(errors[:_MOST], tree.data, _locate(tree))
            if finding.place not in known
        ]
        if len(errors) > _MOST:
            what = f"{len(errors) - _MOST} more mistakes in this file"
            self._find("too-many-mistakes", what, "mend these first", tree.place(()))
            return None
        bad = {mistakes.path_of(error, tree.data) for error in errors}
        try:
            return Document.model_validate({**_pruned(tree.data, bad), "version": 1})
        except ValidationError:
            return None

    def _find(self, code: str, what: str, hint: str, place: Place) -> None:
        self._findings.append(Finding(code, what, hint, place))


def _locate(tree: Tree) -> mistakes.Locate:
    return lambda path, of_key: tree.key_place(path) if of_key else tree.place(path)


def _pruned(data: Any, bad: set[Path], path: Path = ()) -> Any:
    """A copy without the values at ``bad``.

    Of a list what follows is lost too, so that what is left keeps its places.
    """
    if isinstance(data, dict):
        kept = ((key, (*path, key)) for key in data)
        return {key: _pruned(data[key], bad, below) for key, below in kept if below not in bad}
    if isinstance(data, list):
        good = takewhile(lambda at: (*path, at) not in bad, range(len(data)))
        return [_pruned(data[at], bad, (*path, at)) for at in good]
    return data


def _rank(finding: Finding, order: Mapping[str, int]) -> tuple[int, int, int]:
    place = finding.place or Place("", 0, 0)
    return order.get(place.file, -1), place.line, place.column
