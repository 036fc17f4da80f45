"""The pages of all codes as one Markdown document: the reference of what `maskr check` finds."""

from collections.abc import Iterable

from maskr.checks.pages import Page

_HEAD = """\
# What `maskr check` finds

One page a code. `maskr check --explain CODE` shows it on a terminal, and
`# maskr: allow CODE -- reason` on a line accepts a warning there.
"""


def reference(pages: Iterable[Page]) -> str:
    """The document, without a newline at its end."""
    return "\n".join([_HEAD, *map(section, pages)]).rstrip("\n")


def section(page: Page) -> str:
    """One page under its heading."""
    return f"## {page.code}\n\n*{page.weight}*\n\n{page.text}\n"
