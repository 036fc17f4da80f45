"""What teams build into their pipelines says what maskr understands."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from maskr.cli.app import app

ROOT = Path(__file__).parents[1]
FILES = ("action.yml", ".pre-commit-hooks.yaml", "deploy/gitlab-ci.yml")
COMMAND = re.compile(r"\bmaskr (check|diff|fmt)\b([^|>\n]*)")


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def steps() -> list[dict[str, Any]]:
    return list(read("action.yml")["runs"]["steps"])


def commands(name: str) -> list[tuple[str, list[str]]]:
    """Every maskr command in a file's scripts, with its words."""
    scripts = re.sub(r"(?m)^\s*#.*$", "", (ROOT / name).read_text("utf-8"))
    found = COMMAND.finditer(scripts.replace("\\\n", " "))
    return [(match[1], shlex.split(match[2])) for match in found]


@pytest.mark.parametrize("name", FILES)
def test_every_option_in_a_pipeline_is_an_option_of_the_command(name: str) -> None:
    found = commands(name)
    assert found
    known: Any = get_command(app)
    for command, words in found:
        options = {each for option in known.commands[command].params for each in option.opts}
        assert {word for word in words if word.startswith("--")} <= options


def test_no_input_reaches_a_shell_but_by_the_environment() -> None:
    scripts = [step["run"] for step in steps() if "run" in step]
    assert len(scripts) == 3
    assert not any("${{" in script for script in scripts)


def test_every_input_of_the_action_is_used_and_declared() -> None:
    declared = read("action.yml")["inputs"]
    used = set(re.findall(r"inputs\.([a-z-]+)", (ROOT / "action.yml").read_text("utf-8")))
    assert used == set(declared)
    assert all("default" in each or each["required"] for each in declared.values())


@pytest.mark.parametrize(
    ("policy", "code"), [("rules/shop.yaml", 0), ("fixtures/policies/bad/tab.yaml", 1)]
)
def test_the_actions_check_annotates_sums_up_and_ends_as_the_check_does(
    policy: str, code: int, tmp_path: Path
) -> None:
    (script,) = [step["run"] for step in steps() if step.get("name") == "Check"]
    program = tmp_path / "maskr"
    start = f"{shlex.quote(sys.executable)} -c 'from maskr.cli import main; main()'"
    program.write_text(f'#!/bin/sh\nexec {start} "$@"\n')
    program.chmod(0o755)
    sarif, summary = tmp_path / "maskr.sarif", tmp_path / "summary.md"
    said = {"POLICY": policy, "SCHEMA": "fixtures/shop.sql", "STRICT": "true"}
    files = {"SARIF": str(sarif), "GITHUB_STEP_SUMMARY": str(summary)}
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]  # as GitHub does
    done = subprocess.run(
        bash, cwd=ROOT, env={**os.environ, **said, **files, **path}, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    assert ("::error file=fixtures/policies/bad/tab.yaml" in done.stdout) is bool(code)
    assert len(json.loads(sarif.read_text())["runs"][0]["results"]) == 1  # accepted, or the mistake
    assert summary.read_text().startswith("### maskr check: ")


def test_the_hook_checks_a_policy_whole() -> None:
    hooks = {hook["id"]: hook for hook in read(".pre-commit-hooks.yaml")}
    assert set(hooks) == {"maskr-check", "maskr-fmt"}
    assert hooks["maskr-check"]["pass_filenames"] is False
    assert all(hook["language"] == "python" for hook in hooks.values())
