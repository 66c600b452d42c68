"""The container file fits the project: what it copies, builds, pins and runs. Nothing here builds the image itself."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
from pathlib import Path

from support.commands import REPOSITORY, invoke, spawn

TEXT = (REPOSITORY / "Containerfile").read_text(encoding="utf-8")
IGNORED = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()


def instructions() -> list[tuple[str, str]]:
    """Return keyword and rest of every instruction, continued lines joined."""
    lines = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in joined.splitlines()]


def values(keyword: str) -> list[str]:
    return [rest for word, rest in instructions() if word == keyword]


def copied() -> list[tuple[list[str], str]]:
    """Return sources and target of what is copied from the checkout."""
    words = [rest.split() for rest in values("COPY") if not rest.startswith("--from=")]
    return [(sources, target) for *sources, target in words]


def test_every_instruction_is_one_of_the_format() -> None:
    known = {"ARG", "FROM", "WORKDIR", "COPY", "RUN", "USER", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in instructions()} == known


def test_both_stages_start_from_one_release_of_python_311() -> None:
    (python,) = values("ARG")
    assert re.fullmatch(r"PYTHON=3\.11\.\d+-slim-\w+", python)
    assert values("FROM") == ["docker.io/library/python:${PYTHON} AS build", "docker.io/library/python:${PYTHON}"]


def test_what_is_copied_exists_and_is_in_the_context() -> None:
    assert IGNORED[1] == "*"
    allowed = {line.removeprefix("!") for line in IGNORED if line.startswith("!")}
    sources = {source for sources, _ in copied() for source in sources}
    assert sources == allowed
    assert [source for source in sources if not (REPOSITORY / source).exists()] == []
    hidden = [line for line in IGNORED[2:] if not line.startswith("!")]
    assert not any(fnmatch.fnmatch(source, pattern) for source in sources for pattern in hidden)


def test_the_first_stage_builds_the_wheel_of_the_checkout_from_what_it_copies(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for sources, target in copied()[:-1]:  # the last one is for the second stage
        for name in sources:
            place = source / target
            if (REPOSITORY / name).is_dir():
                shutil.copytree(REPOSITORY / name, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(REPOSITORY / name, place)
    (command,) = (run for run in values("RUN") if "hatchling build" in run)
    module, options = command.removeprefix("python ").split(" -d ")
    assert options == "/wheel"
    wheels = []
    for folder in (source, REPOSITORY):
        target = tmp_path / f"wheel-{len(wheels)}"
        built = spawn(*module.split(), "-d", target, cwd=folder)
        assert built.status == 0, built.err
        wheels += [path.read_bytes() for path in target.glob("*.whl")]
    assert len(wheels) == 2
    assert wheels[0] == wheels[1]


def test_every_package_is_installed_in_the_version_of_the_constraints() -> None:
    installs = [run for run in values("RUN") if "pip install" in run]
    assert len(installs) == 3
    assert all(re.search(r"--constraint (/tmp/)?constraints\.txt ", run) for run in installs)
    pins = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert len([pin for pin in pins if pin.startswith("torch==")]) == 1
    assert "\"$(grep '^torch==' /tmp/constraints.txt)+cpu\"" in installs[1]


def test_it_runs_the_command_of_the_readme_without_rights_of_root(tmp_path: Path) -> None:
    assert values("USER") == ["harness"]
    words = [word for word, _ in instructions()]
    assert words.index("USER") > max(place for place, word in enumerate(words) if word == "RUN")
    (entry,), (arguments,) = (values(word) for word in ("ENTRYPOINT", "CMD"))
    command = [*json.loads(entry), *json.loads(arguments)]
    assert f"\n{' '.join(command)}\n" in (REPOSITORY / "README.md").read_text(encoding="utf-8")
    planned = invoke(*command[1:], "--out", tmp_path / "out", "--cache-dir", tmp_path / "cache", "--dry-run")
    assert planned.status == 0
    assert "114 of 114 cells to run" in planned.out
