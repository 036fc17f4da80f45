"""Every code has its page."""

import re
from pathlib import Path

import pytest

from maskr.checks.pages import Page, pages

PACKAGE = Path(__file__).parents[2] / "maskr"
# Where codes are given to findings: as an argument of their own, right after the bracket.
GIVEN = re.compile(
    r'(?:Finding|mistake|_find|_finding|_own|Problem|self\.refuse)\(\s*(?:code\s*=\s*)?"'
    r'([a-z]+(?:-[a-z0-9]+)*)"'
)


def given() -> set[str]:
    rooms = [path for room in ("policy", "checks", "sql") for path in (PACKAGE / room).glob("*.py")]
    return {code for path in rooms for code in GIVEN.findall(path.read_text())}


def test_every_code_that_a_finding_is_given_has_a_page() -> None:
    assert len(given()) > 40
    assert given() <= pages().keys()


def test_every_code_that_a_fixture_announces_has_a_page() -> None:
    policies = PACKAGE.parent / "fixtures" / "policies"
    texts = [path.read_text(errors="replace") for path in policies.rglob("*.yaml")]
    announced = {code for text in texts for code in re.findall(r"# expect: (\S+) @", text)}
    assert announced <= pages().keys()


@pytest.mark.parametrize("page", pages().values(), ids=lambda page: page.code)
def test_a_page_says_what_is_wrong_and_then_what_to_do(page: Page) -> None:
    problem, _, solution = page.text.partition("\n\n")
    assert page.summary == problem.replace("\n", " ")
    assert page.summary.endswith(".")
    assert len(solution) > 10


def test_no_page_is_of_a_code_that_is_never_given() -> None:
    sources = [path.read_text() for path in PACKAGE.rglob("*.py") if path.name != "pages.py"]
    for code in pages():
        assert any(f'"{code}"' in source for source in sources), code
