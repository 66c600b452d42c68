"""The walk of CONTRIBUTING.md is true: its files exist, and each change touches at most two of them."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
from support.commands import REPOSITORY, invoke

from harness.request.request import Request, options
from harness.request.training import Training
from harness.stats.rules import is_shown

TEXT = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
WALK = TEXT.partition("## What do I touch?")[2].partition("\n## ")[0]
ROWS = [line.strip("|").split("|") for line in WALK.splitlines() if line.startswith("|")][2:]


@pytest.mark.parametrize(("change", "files"), ROWS, ids=[row[0].strip() for row in ROWS])
def test_the_files_of_a_change_exist_and_are_at_most_two(change: str, files: str) -> None:
    paths = re.findall(r"`((?:harness|report_templates|methods)/[^`]+)`", files)
    assert len(paths) <= 2, change
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []


def test_every_option_of_a_run_that_is_recorded_is_a_field_of_the_request() -> None:
    assert list(options()) == [field.name for field in fields(Request)]


def test_every_training_setting_of_the_manifest_is_read_where_the_walk_says() -> None:
    stages = REPOSITORY / "harness/stages"
    source = "".join(path.read_text(encoding="utf-8") for path in stages.glob("*.py"))
    assert [name for name in Training.model_fields if name not in source] == []


def test_the_rule_of_what_is_shown_is_where_the_walk_says() -> None:
    assert is_shown.__module__ == "harness.stats.rules"
    users = [path for path in (REPOSITORY / "harness").rglob("*.py") if "stats.rules import" in path.read_text("utf-8")]
    assert len(users) >= 8


def test_the_wheel_of_a_release_runs_what_make_demo_runs() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    (demo,) = re.findall(r"^\t\$\(BIN\)/harness (run .+) --out runs/mini$", makefile, re.M)
    (release,) = re.findall(r"^ +env/bin/harness (run .+) --out /tmp/release/demo\)$", TEXT, re.M)
    assert release == demo


def test_the_commands_of_a_release_are_those_of_the_command_line() -> None:
    commands = re.findall(r"env/bin/harness (\w+) ([^\n)]+)", TEXT.partition("## A release")[2])
    assert [command for command, _ in commands] == ["run", "check", "verify"]
    for command, arguments in commands:
        shown = invoke(command, "--help").out
        assert [flag for flag in re.findall(r"--[a-z-]+", arguments) if flag not in shown] == []
