"""The page of every code that a finding can carry: what is wrong, and what to do about it.

A check's page is its docstring. Of what is found before any check runs (by the readers of YAML, of
the policy's grammar, of DDL) the pages stand here.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from maskr.checks import CHECKS, code_of
from maskr.errors import Severity


@dataclass(frozen=True, slots=True)
class Page:
    """What there is to say of one code.

    Attributes:
        severities: what its findings may weigh, the gravest first.
        summary: the first sentence of the text.
        text: Markdown.
    """

    code: str
    severities: tuple[Severity, ...]
    summary: str
    text: str

    @property
    def weight(self) -> str:
        """The severities in words."""
        return " or ".join(self.severities)


# What a person may accept: all else stops a run, or is no policy at all.
_SEVERITIES: Mapping[str, tuple[Severity, ...]] = {
    **dict.fromkeys(
        (
            *("check-constraint", "kept-looks-personal", "shadowed-rule", "small-domain"),
            *("unused-allowance", "unused-rule", "weak-linkage"),
        ),
        (Severity.WARNING,),
    ),
    "lost-uniqueness": (Severity.ERROR, Severity.WARNING),
}


@cache
def pages() -> Mapping[str, Page]:
    """Every page by code, sorted."""
    checks = {code_of(check): inspect.getdoc(check) or "" for check in CHECKS}
    texts = {**_READING, **checks}
    return {code: _page(code, texts[code]) for code in sorted(texts)}


def _page(code: str, text: str) -> Page:
    text = inspect.cleandoc(text)
    summary = text.partition("\n\n")[0].replace("\n", " ")
    return Page(code, _SEVERITIES.get(code, (Severity.ERROR,)), summary, text)


_READING: Mapping[str, str] = {
    # The comments that accept findings.
    "bad-allowance": """
        A comment begins with `# maskr:` and accepts nothing.

        Write the code and why it is accepted: `# maskr: allow CODE -- reason`. It speaks of its own
        line, or of the next one where it has a line to itself.
        """,
    "unused-allowance": """
        A comment accepts a finding that is not there.

        Either it was mended, and the comment would hide the next one of its kind; or the comment
        stands on another line than the finding; or the finding is an error. Only warnings can be
        accepted: an error stands for a load that fails, or for data that nobody decided about.

        Delete the comment.
        """,
    # Functions of the user's own, which `maskr check --source` tries.
    "unrepeatable-mask": """
        A function of the masker `python` gives other values in another process.

        `maskr check --source` calls it twice, in two processes, on made-up values: no row is read.
        What depends on chance, on the time or on `hash()` would give a person another name every
        night, and in each process of one run: joins would break.

        Let it depend on nothing but the value and the number that is drawn from it, which it is
        handed where it has a second parameter.
        """,
    # The text.
    "ambiguous-value": """
        A word means different things to different readers of YAML.

        `010` is 10 or 8, `12:30:00` a time or 45,000 seconds, `no` a word or false. Quote it if it
        is a text, or write the number in full.
        """,
    "bad-character": """
        The file holds a character that YAML does not allow, such as a control character.

        Delete it; in double quotes it can be written as `"\\x07"`.
        """,
    "bad-key": """
        A key of a mapping is not a text.

        Write a text, in quotes if it would be read as a number or as true, false or null.
        """,
    "duplicate-key": """
        One key stands twice in one mapping.

        Most readers of YAML take the last and drop the first without a word: half a decision would
        be lost. Keep one of the two.
        """,
    "empty-policy": """
        The file says nothing at all.

        Begin with `version: 1`. Is this the right file?
        """,
    "empty-value": """
        A key has no value.

        `phone:` may be half an edit, so it is never read as a decision. To empty the column write
        the word: `phone: null`.
        """,
    "explicit-tag": """
        A value carries a YAML tag (`!!str`, `!include`).

        Tags make other things of a text than what stands there. Delete the tag, and quote what is
        a text.
        """,
    "merge-key": """
        A YAML merge key (`<<`) stands in a mapping.

        It is no part of YAML 1.2, and hides what is overridden. Give the rule a name under
        `rules:`, and change it where it is used: `{mask: NAME, ...}`.
        """,
    "missing-file": """
        The policy cannot be read.

        Check the path and the rights on it.
        """,
    "not-utf8": """
        The file is not UTF-8 from the place shown on.

        Save it as UTF-8.
        """,
    "tab": """
        A tab stands where YAML takes spaces only.

        Indent with spaces; `maskr fmt` lays the rest out evenly.
        """,
    "tilde": """
        `~` stands for a decision.

        Write the word, so that it is seen: `phone: null`.
        """,
    "too-deep": """
        Values stand within values deeper than any policy needs, or includes within includes.

        Flatten it.
        """,
    "too-large": """
        The file is larger than any policy.

        Is this the right file?
        """,
    "too-many-aliases": """
        Aliases (`*name`) blow the file up far beyond what is written.

        Write out what is meant, or give it a name under `rules:`.
        """,
    "too-many-mistakes": """
        The file has more mistakes than are told.

        Mend the ones above first: most of the others may be of the same kind.
        """,
    "yaml-syntax": """
        The file is not YAML.

        The place is where its reader gave up; the mistake may stand before it. Tabs do not indent;
        a text that holds `: ` or begins with `*`, `&`, `{`, `[`, `%` or `@` wants quotes.
        """,
    # The grammar.
    "bad-pattern": """
        A key under `tables` or `columns` is no name and no glob.

        Under `tables` write `schema.table`, under `columns` `table.column`; either may hold `*` and
        `?`. A name with a dot in it goes in double quotes: `'public."a.b"'`.
        """,
    "bad-reference": """
        A line under `references` is no join.

        Write `table.column -> table.column`, the referencing side first.
        """,
    "bad-rows": """
        `rows` does not say how many.

        Write `all`, `none`, a count such as `1000`, or a share such as `5%`.
        """,
    "bad-value": """
        A value is of the wrong kind, or not one of those that may stand here.

        `maskr schema` gives the whole grammar as a JSON Schema; an editor that knows it completes
        names and marks mistakes.
        """,
    "bad-version": """
        The policy is of another version of the grammar.

        This maskr reads `version: 1`.
        """,
    "include-cycle": """
        Files include each other in a circle.

        Include one less: what both need goes into a third file.
        """,
    "missing-include": """
        An included file cannot be read.

        Its path counts from the folder of the file that includes it.
        """,
    "missing-key": """
        A mapping lacks a key that it needs.

        A policy begins with `version: 1`; a rule in full has a `mask`.
        """,
    "not-a-mapping": """
        The policy is a list or a single word.

        A policy is a mapping: `version: 1`, then `tables:`.
        """,
    "rule-cycle": """
        Named rules are made from each other in a circle.

        Let one of them name a masker. Within its own definition a rule's name means the masker of
        that name: `phone: {mask: phone}` is no circle.
        """,
    "unknown-key": """
        A key means nothing where it stands.

        Correct its spelling, or move it: a masker's parameters stand beside its `mask`.
        """,
    # The schema.
    "unparsed-ddl": """
        A statement of the `--schema` file concerns tables, and is not understood.

        What it makes or changes would be missing from the check. Check against the database itself
        (`--source`), or take the statement out if it does not matter.
        """,
}
