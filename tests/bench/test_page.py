"""The page of benchmarks: each run replaces the tables of its own kind, and nothing else."""

from pathlib import Path

import pytest

from tests.bench import page
from tests.bench.contests import Grown

EMPTY = "a\n<!-- copies -->\n<!-- end -->\nb\n<!-- growth -->\n<!-- end -->\nc\n"


def test_tables_stand_between_their_own_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    page.PAGE.write_text(EMPTY)
    for peak in (1.0, 2.0):
        page.write({"python": "3"}, [], {10: Grown(1.5, peak)}, [], [])
    said = page.PAGE.read_text()
    assert said.startswith("a\n<!-- copies -->\n<!-- end -->\nb\n<!-- growth -->\n\nMeasured on")
    assert "| 10 | 1.50 | 2 |" in said
    assert "| 10 | 1.50 | 1 |" not in said
    assert said.endswith("<!-- end -->\nc\n")
