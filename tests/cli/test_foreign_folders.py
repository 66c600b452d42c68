"""Every command on a stranger's folder: nothing outside is read or written, nothing is executed, nothing hangs.

`make campaign` gives the commands all folders of tests/support/foreign_commands.py; here are those with lists and
paths, and a part of the others.
"""

from __future__ import annotations

import os
import runpy
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from support.foreign_commands import KINDS, answers
from support.foreign_folders import SECRET
from support.foreign_judgement import faults
from support.watched_process import CRASHED, HANGS, Allowed, Watch, watched

PARTS = {"names": 2, "links": 2, "others": 6, "bombs": 8, "values": 21, "texts": 10}  # every n-th folder of a kind
REPORTED = ["pages of entries", "pages of queries", "a page", "a list pipe"]
FURTHER = {
    "names": ["weights above"],
    "links": REPORTED,
    "texts": ["all in run.json", "signs as an entry's name"],
}
GIVEN = {
    kind: list(dict.fromkeys([*list(plants)[:: PARTS.get(kind, 1)], *FURTHER.get(kind, [])]))
    for kind, plants in KINDS.items()
}
EVERY = [(kind, name) for kind, names in GIVEN.items() for name in names]
READING = {"compare", "synthesize", "check", "against", "update", "merge", "export mteb", "export trec", "export card"}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what returns how all commands ended on a folder; one process forks them all, before the first test."""
    top = tmp_path_factory.mktemp("foreign") / "top"
    by_name = {answer["name"]: {**answer, "top": top / str(i)} for i, answer in enumerate(answers(EVERY, top))}
    return lambda kind, name: by_name[f"{kind}/{name}"]


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_nothing_outside_of_a_folder_is_changed(ended: Any, kind: str, name: str) -> None:
    answer = ended(kind, name)
    assert answer["after"] == answer["before"]


@pytest.mark.parametrize("name", GIVEN["texts"])
def test_no_page_or_document_holds_control_characters(ended: Any, name: str) -> None:
    assert ended("texts", name)["acting"] == []


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_every_command_reads_runs_and_writes_nothing_outside_and_ends_by_its_status(
    ended: Any, kind: str, name: str
) -> None:
    found = {command: list(faults(command, ended)) for command, ended in ended(kind, name)["ended"].items()}
    assert {command: lines for command, lines in found.items() if lines} == {}


def _ended(ended: Any, kind: str, name: str) -> dict[str, tuple[int, str, str]]:
    """Return command → status, output and error."""
    return {
        command: (answer["status"], answer["out"], answer["err"])
        for command, answer in ended(kind, name)["ended"].items()
    }


@pytest.mark.parametrize("name", GIVEN["links"])
def test_no_private_file_behind_a_link_is_copied(ended: Any, name: str) -> None:
    out = ended("links", name)["top"] / "out"
    copied = [path for path in out.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert copied == []
    assert [path for path in out.rglob("*") if path.is_symlink()] == []


@pytest.mark.parametrize("name", [name for name in GIVEN["names"] if name != "weights above"])
def test_a_name_that_leaves_the_folder_is_refused_by_every_command_that_reads_it(ended: Any, name: str) -> None:
    answer = _ended(ended, "names", name)
    reading = READING - ({"update"} if name == "measure above" else set())  # it is in a file that is copied as it is
    assert {command: answer[command][0] for command in reading} == dict.fromkeys(reading, 2)
    assert answer["report"][0] == 2
    assert (answer["verify"][0], answer["index"][0]) == (2 if "run.json" in name else 1, 1)


def test_weights_that_name_a_path_are_not_the_revision_of_an_exported_model(ended: Any) -> None:
    status, _, err = _ended(ended, "names", "weights above")["export mteb"]
    assert (status, "is not the name of a file below it" in err) == (2, True)


@pytest.mark.parametrize("name", REPORTED)
def test_a_report_is_not_written_over_a_link(ended: Any, name: str) -> None:
    answer = _ended(ended, "links", name)
    assert answer["report"][0] == answer["update"][0] == 2
    assert answer["hashes"][0] == 1


@pytest.mark.parametrize("name", GIVEN["sums"])
def test_a_list_of_another_form_is_damaged(ended: Any, name: str) -> None:
    answer = _ended(ended, "sums", name)
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
        status, _, err = _ended(ended, "paths", name)[command]
        assert status == 2
        assert f"what run.json names is not opened: say where it is here with {option}\n" in err


def test_missing_plugins_are_named_and_those_beside_the_records_are_not_run(ended: Any) -> None:
    for command in ("verify", "rescore"):
        status, _, err = _ended(ended, "paths", "code")[command]
        assert status == 2
        assert "uses plugins or entries that are not installed here: own; a folder's own code is not run" in err


def test_what_a_command_does_elsewhere_is_seen(tmp_path: Path) -> None:
    outside, foreign = tmp_path / "outside", tmp_path / "foreign"
    outside.mkdir()
    foreign.mkdir()
    (outside / "private.txt").write_text(SECRET, encoding="utf-8")
    (foreign / "own.py").write_text("x = 1\n", encoding="utf-8")
    watch = Watch()
    watch.add(outside)
    allowed = Allowed([str(foreign)], str(foreign))

    def seen(act: Callable[[], object]) -> list[str]:
        return watched(lambda: bool(act()), allowed, watch, 60.0).elsewhere

    assert seen(lambda: (foreign / "a").write_text("x", encoding="utf-8")) == []
    assert seen(lambda: os.read(os.open(outside / "private.txt", os.O_RDONLY), 1)) == [f"touched {outside}/private.txt"]
    assert len(seen(lambda: (tmp_path / "a").write_text("x", encoding="utf-8"))) == 1
    assert any("subprocess.Popen" in line for line in seen(lambda: subprocess.run(["true"], check=False)))
    assert any("socket.connect" in line for line in seen(lambda: socket.create_connection(("127.0.0.1", 9))))
    assert any("exec" in line for line in seen(lambda: runpy.run_path(str(foreign / "own.py"))))
    watch.close()


def test_a_command_that_hangs_or_crashes_is_seen(tmp_path: Path) -> None:
    watch, allowed = Watch(), Allowed([], str(tmp_path))
    assert watched(lambda: time.sleep(60) or 0, allowed, watch, 0.1).status == HANGS
    crashed = watched(lambda: 1 // 0, allowed, watch, 60.0)
    assert (crashed.status, "ZeroDivisionError" in crashed.err) == (CRASHED, True)
    assert list(faults("report", asdict(crashed)))
    assert watched(lambda: len(b"x" * (200 << 20)) * 0, allowed, watch, 60.0).memory > 200 << 20
    watch.close()
