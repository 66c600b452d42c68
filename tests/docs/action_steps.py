"""The scripts of action.yml, run as GitHub runs them, with `harness` on the path."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from documents import REPOSITORY
from support.commands import Result

ACTION: dict[str, Any] = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
SCRIPTS = {step["name"]: step for step in ACTION["runs"]["steps"] if "run" in step}


@dataclass(frozen=True)
class Job:
    """A job in one folder that uses the action with some inputs."""

    folder: Path
    inputs: Mapping[str, str] = field(default_factory=dict)

    def value(self, expression: str) -> str:
        """Return what an expression such as `${{ inputs.suite }}` stands for."""
        kind, _, name = expression.removeprefix("${{ ").removesuffix(" }}").partition(".")
        if kind == "inputs":
            return str(self.inputs.get(name, ACTION["inputs"][name].get("default", "")))
        lines = (self.folder / "output").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)[name.rpartition(".")[2]]

    def run(self, step: str) -> Result:
        """Run one step of the action."""
        shim = self.folder / "bin/harness"
        shim.parent.mkdir(exist_ok=True)
        shim.write_text(f'#!/bin/sh\nPYTHONPATH="{REPOSITORY}" exec "{sys.executable}" -m harness "$@"\n', "utf-8")
        shim.chmod(0o755)
        github = {"GITHUB_OUTPUT": str(self.folder / "output"), "GITHUB_STEP_SUMMARY": str(self.folder / "summary")}
        variables = {name: self.value(expression) for name, expression in SCRIPTS[step]["env"].items()}
        path = f"{shim.parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", SCRIPTS[step]["run"]],
            cwd=self.folder,
            env={**os.environ, **github, **variables, "PATH": path},
            capture_output=True,
            text=True,
            timeout=600,  # two processes that import everything, on a machine that may be busy
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)
