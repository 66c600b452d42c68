"""The composite action: its file is valid and its scripts run as they are."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.commands import REPOSITORY, Result, invoke

ACTION: dict[str, Any] = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
SCRIPTS = {step["name"]: step for step in STEPS if "run" in step}


def test_it_is_a_composite_action_whose_scripts_name_their_shell() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert {"name", "description", "inputs", "outputs", "runs"} <= ACTION.keys()
    assert [step["shell"] for step in SCRIPTS.values()] == ["bash"] * 3
    assert list(SCRIPTS) == ["Install", "Run", "Check"]


def test_every_input_is_described_and_used_and_only_the_baseline_must_be_given() -> None:
    used = set(re.findall(r"inputs\.([a-z-]+)", yaml.safe_dump(STEPS)))
    assert used == set(ACTION["inputs"])
    assert all(entry["description"] for entry in ACTION["inputs"].values())
    assert [name for name, entry in ACTION["inputs"].items() if entry.get("required")] == ["baseline"]
    assert all("default" in entry for name, entry in ACTION["inputs"].items() if name != "baseline")


def test_no_input_is_written_into_a_script() -> None:
    assert [name for name, step in SCRIPTS.items() if "${{" in step["run"]] == []


def test_every_variable_of_a_script_is_given_to_it() -> None:
    github = {"RUNNER_TEMP", "GITHUB_PATH", "GITHUB_OUTPUT"}
    for name, step in SCRIPTS.items():
        assert set(re.findall(r"\$\{?([A-Z_]+)", step["run"])) - github == set(step["env"]), name


@pytest.mark.parametrize("command", ["run", "check"])
def test_its_options_are_those_of_the_command(command: str) -> None:
    used = set(re.findall(r"--[a-z-]+", SCRIPTS[command.capitalize()]["run"]))
    assert used <= set(re.findall(r"--[a-z][a-z-]+", invoke(command, "--help").out))


def run_step(name: str, cwd: Path, **inputs: str) -> Result:
    """Run a script of the action as GitHub does, with `harness` on the path."""
    given = {**{key: str(value.get("default", "")) for key, value in ACTION["inputs"].items()}, **inputs}
    outputs = cwd / "output"
    known = dict(line.split("=", 1) for line in outputs.read_text().splitlines()) if outputs.exists() else {}

    def value(expression: str) -> str:
        kind, _, field = expression.removeprefix("${{ ").removesuffix(" }}").partition(".")
        return given[field] if kind == "inputs" else known[field.rpartition(".")[2]]

    variables = {key: value(expression) for key, expression in SCRIPTS[name]["env"].items()}
    github = {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(cwd / "summary"), "GITHUB_ACTIONS": "true"}
    path = f"{cwd / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", SCRIPTS[name]["run"]],
        cwd=cwd,
        env={**os.environ, **github, **variables, "PATH": path},
        capture_output=True,
        text=True,
        timeout=600,  # two processes that import everything, on a machine that may be busy
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def test_its_scripts_run_a_suite_and_gate_it(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin/harness"
    shim.write_text(f'#!/bin/sh\nPYTHONPATH="{REPOSITORY}" exec "{sys.executable}" -m harness "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    asked = {"methods": "bm25", "langs": "ko", "out": "my results", "baseline": "my baseline"}
    ran = run_step("Run", tmp_path, **asked)
    assert ran.status == 0, ran.err
    missing = run_step("Check", tmp_path, **asked)
    assert (missing.status, missing.out.startswith("::error title=harness check::the baseline")) == (2, True)
    update = invoke("check", tmp_path / "my results", "--baseline", tmp_path / "my baseline", "--update")
    assert update.status == 0, update.err
    checked = run_step("Check", tmp_path, **asked)
    assert (checked.status, checked.out.splitlines()[-1]) == (0, "mini: passed: 1 same"), checked.err
    assert (tmp_path / "summary").read_text(encoding="utf-8").startswith("# mini: passed: 1 same")
    assert (tmp_path / "my results.junit.xml").is_file()
