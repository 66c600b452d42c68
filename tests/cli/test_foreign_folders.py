"""Every command on a stranger's folder: nothing outside is read or written, nothing is executed, nothing hangs."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support import foreign_commands
from support.commands import REPOSITORY
from support.foreign_commands import KINDS
from support.foreign_folders import SECRET

PATIENCE = 120  # seconds without an answer: a hang
EVERY = [(kind, name) for kind, plants in KINDS.items() for name in plants]
READING = {"compare", "synthesize", "check", "against", "update", "merge", "export mteb", "export trec", "export card"}
ONE_LINE = READING | {"verify", "rescore", "export inside", "report"}
NOTES = {"merge", "export trec", "export card", "export inside"}  # write what was left out to stderr


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what returns how all commands ended on a folder; each kind runs once, in a process of its own."""

    @cache
    def of_kind(kind: str) -> dict[str, Any]:
        top = tmp_path_factory.mktemp(kind)
        return {answer["name"]: {**answer, "top": top} for answer in answers(kind, top)}

    return lambda kind, name: of_kind(kind)[name]


def answers(kind: str, top: Path) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-W", "ignore", str(foreign_commands.__file__), kind, str(top)]
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'tests'}"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for name in KINDS[kind]:
            if not select.select([process.stdout], [], [], PATIENCE)[0]:
                process.kill()
                pytest.fail(f"a command hangs on the folder with {name}")
            yield json.loads(process.stdout.readline())
    assert process.returncode == 0


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_nothing_outside_of_a_folder_is_changed_and_nothing_in_it_is_executed(ended: Any, kind: str, name: str) -> None:
    answer = ended(kind, name)
    assert answer["after"] == answer["before"]


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_every_command_ends_by_its_status_and_an_error_is_one_line(ended: Any, kind: str, name: str) -> None:
    for command, (status, _, err) in ended(kind, name)["ended"].items():
        assert status in (0, 1, 2, 3), (command, err)
        assert "Traceback" not in err
        if status > 1:
            assert err.count("\n") == 1, (command, err)
            assert err.startswith("harness: ")
        elif command not in NOTES:
            assert err.count("\n") <= 1, (command, err)


@pytest.mark.parametrize("name", KINDS["links"])
def test_no_private_file_behind_a_link_is_copied(ended: Any, name: str) -> None:
    ended("links", name)
    index = list(KINDS["links"]).index(name)
    out = ended("links", name)["top"] / str(index) / "out"
    copied = [path for path in out.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert copied == []
    assert [path for path in out.rglob("*") if path.is_symlink()] == []


@pytest.mark.parametrize("name", [name for name in KINDS["names"] if name != "weights above"])
def test_a_name_that_leaves_the_folder_is_refused_by_every_command_that_reads_it(ended: Any, name: str) -> None:
    answer = ended("names", name)["ended"]
    reading = READING - ({"update"} if name == "measure above" else set())  # it is in a file that is copied as it is
    assert {command: answer[command][0] for command in reading} == dict.fromkeys(reading, 2)
    assert answer["report"][0] == 2
    assert (answer["verify"][0], answer["index"][0]) == (2 if "run.json" in name else 1, 1)


def test_weights_that_name_a_path_are_not_the_revision_of_an_exported_model(ended: Any) -> None:
    status, _, err = ended("names", "weights above")["ended"]["export mteb"]
    assert (status, "is not the name of a file below it" in err) == (2, True)


@pytest.mark.parametrize("name", ["pages of entries", "pages of queries", "a page", "a list pipe"])
def test_a_report_is_not_written_over_a_link(ended: Any, name: str) -> None:
    answer = ended("links", name)["ended"]
    assert answer["report"][0] == answer["update"][0] == 2
    assert answer["hashes"][0] == 1


@pytest.mark.parametrize("name", KINDS["sums"])
def test_a_list_of_another_form_is_damaged(ended: Any, name: str) -> None:
    answer = ended("sums", name)["ended"]
    assert answer["hashes"][0] == 1
    assert "changed: SHA256SUMS" in answer["hashes"][1]
    assert answer["update"][0] == answer["merge"][0] == answer["check"][0] == answer["against"][0] == 2


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("a base model", "--base-model"),
        ("data", "--data-dir"),
        ("a suite", "--suite"),
        ("training rows", "--train-file"),
        ("a prompt", "--write-prompt"),
        ("written queries", "--negative-queries"),
        ("an endpoint", "--augment"),
    ],
)
def test_a_place_that_run_json_names_is_asked_for(ended: Any, name: str, option: str) -> None:
    for command in ("verify", "rescore"):
        status, _, err = ended("paths", name)["ended"][command]
        assert status == 2
        assert f"what run.json names is not opened: say where it is here with {option}\n" in err


def test_missing_plugins_are_named_and_those_beside_the_records_are_not_run(ended: Any) -> None:
    for command in ("verify", "rescore"):
        status, _, err = ended("paths", "code")["ended"][command]
        assert status == 2
        assert "uses plugins or entries that are not installed here: own; a folder's own code is not run" in err
