"""``maskr diff``: policies out of files and revisions, formats, exit codes."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.command import maskr

SCHEMA = "CREATE TABLE people (id int, email text, phone text);"
OLD = (
    "version: 1\ninclude: ../shared.yaml\ntables:\n  people: {columns: {id: keep, phone: phone}}\n"
)
NEW = OLD.replace("phone: phone", "phone: keep")
SHARED = 'version: 1\ncolumns: {"*.email": email}\n'


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose last commit holds the old policy; in its folder stands the new one."""
    for name, text in (("a/p.yaml", OLD), ("shared.yaml", SHARED), ("schema.sql", SCHEMA)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    who = ("-c", "user.name=Tester", "-c", "user.email=tester@example.test")
    for command in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "old")):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    (tmp_path / "a" / "p.yaml").write_text(NEW)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_column_that_is_kept_from_now_on_ends_with_1(repository: Path) -> None:
    done = maskr("diff", "git:HEAD:a/p.yaml", "a/p.yaml", "--schema", "schema.sql")
    assert done.code == 1
    assert done.out.splitlines() == [
        "newly exposed (1)",
        "  public.people.phone: phone → keep (a/p.yaml:4:39)",
        "3 columns: 2 masked, 1 kept, 0 undecided → 3 columns: 1 masked, 2 kept, 0 undecided",
    ]


def test_what_is_exposed_can_be_allowed(repository: Path) -> None:
    done = maskr("diff", "git:HEAD:a/p.yaml", "a/p.yaml", "--allow-exposure")
    assert done.code == 0
    assert done.out.startswith("newly exposed (1)")


def test_what_is_protected_ends_with_0(repository: Path) -> None:
    assert maskr("diff", "a/p.yaml", "git:HEAD:a/p.yaml").code == 0


def test_a_path_counts_from_the_root_or_with_a_dot_from_here(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository / "a")
    for path in ("a/p.yaml", "./p.yaml", "../a/p.yaml"):
        assert maskr("diff", f"git:HEAD:{path}", "p.yaml").code == 1


def test_the_includes_of_a_revision_come_from_it_too(repository: Path) -> None:
    (repository / "shared.yaml").write_text('version: 1\ncolumns: {"*.email": keep}\n')
    done = maskr("diff", "git:HEAD:a/p.yaml", "a/p.yaml", "--schema", "schema.sql")
    assert done.out.startswith("newly exposed (2)\n  public.people.email: email → keep")


def test_json_tells_each_change_and_the_coverage(repository: Path) -> None:
    arguments = ("--schema", "schema.sql", "--format", "json")
    done = maskr("diff", "git:HEAD:a/p.yaml", "a/p.yaml", *arguments)
    said = json.loads(done.out)
    assert said["changes"] == [
        {
            "category": "newly exposed",
            "subject": "public.people.phone",
            "old": "phone",
            "new": "keep",
            "why": "",
            "file": "a/p.yaml",
            "line": 4,
            "column": 39,
        }
    ]
    assert (said["coverage"]["old"]["kept"], said["coverage"]["new"]["kept"]) == (1, 2)


def test_markdown_shows_what_is_exposed_without_a_click(repository: Path) -> None:
    done = maskr("diff", "git:HEAD:a/p.yaml", "a/p.yaml", "--format", "markdown")
    lines = done.out.splitlines()
    assert lines[0] == "### maskr diff: 1 newly exposed"
    assert "| public.people.phone | phone | keep | (a/p.yaml:4:39) |" in lines


def test_equal_policies_have_no_changes(repository: Path) -> None:
    for form, heading in (("text", "no changes"), ("markdown", "### maskr diff: no changes")):
        done = maskr("diff", "a/p.yaml", "a/p.yaml", "--format", form)
        assert done.code == 0
        assert done.out.splitlines()[0] == heading


@pytest.mark.parametrize(
    ("old", "code"),
    [
        ("git:no-such-revision:a/p.yaml", 2),
        ("git:--output=x:a/p.yaml", 2),
        ("git:HEAD", 2),
        ("git:HEAD:", 2),
        ("git:HEAD:b.yaml", 78),
        ("b.yaml", 78),
    ],
)
def test_a_policy_that_is_not_there_is_told(repository: Path, old: str, code: int) -> None:
    done = maskr("diff", old, "a/p.yaml")
    assert done.code == code
    assert done.err


def test_outside_of_a_repository_there_is_no_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert maskr("diff", "git:HEAD:a.yaml", "b.yaml").code == 2


def test_a_schema_that_is_not_understood_is_no_ground_to_compare_on(repository: Path) -> None:
    Path("schema.sql").write_text("CREATE TABLE people (id int,, x int);")
    done = maskr("diff", "a/p.yaml", "a/p.yaml", "--schema", "schema.sql")
    assert done.code == 78
    assert "unparsed-ddl" in done.err
