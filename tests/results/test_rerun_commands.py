"""The command that runs a record's cell again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.fake_records import draw, provenance, put

from harness.results import rerun_commands
from harness.results.record import Record
from harness.results.run_file import parse_run_file


def ranker(folder: Path) -> Record:
    """Return a record of an entry that is not trained."""
    changes = {"entry": provenance("bm25", "ko", None)["entry"], "model": None}
    return put(folder, ("bm25", "ko", 0), draw("bm25", "ko", 0, 5), provenance=changes)


def run_command(content: dict[str, Any], record: Record) -> str:
    return rerun_commands.run_command(parse_run_file(content, Path("run.json")), record)


RUN = {"request": {"suite": "mini", "device": "cpu"}}


@pytest.mark.parametrize(
    ("setting", "kept"),
    [
        *(("clpl.temperature=0.5", True), ("moe.experts=1,2", True), ("text.title=false", True)),
        *(("train.epochs=1,2", True), ("entry.folds=5", True), ("entry.mining_rounds=2", True)),
        *(("infonce.negatives=2", False), ("soft_labels.target=hard", False)),
    ],
)
def test_a_command_has_the_settings_that_its_entry_takes(tmp_path: Path, setting: str, kept: bool) -> None:
    entry = {"method": "clpl", "adapters": ["moe"], "negatives": "ance"}
    record = put(tmp_path, ("clpl", "ko", 0), draw("clpl", "ko", 0, 5), provenance={"entry": entry})
    command = run_command({"request": {**RUN["request"], "set": [setting]}}, record)
    assert (f"--set {setting}" in command) == kept


@pytest.mark.parametrize(
    ("setting", "kept"), [("train.epochs=1", True), ("train.epochs=1,2", False), ("entry.folds=5", False)]
)
def test_the_command_of_an_untrained_entry_has_no_sweep_of_the_training(
    tmp_path: Path, setting: str, kept: bool
) -> None:
    command = run_command({"request": {**RUN["request"], "set": [setting]}}, ranker(tmp_path))
    assert (f"--set {setting}" in command) == kept


def test_a_command_has_the_revision_that_a_branch_of_the_hub_resolved_to(tmp_path: Path) -> None:
    run = {
        "request": {**RUN["request"], "base_model": "org/model@main"},
        "resolved": {"base_model": {"id": "org/model", "revision": "abc"}},
    }
    assert "--base-model org/model@abc " in run_command(run, ranker(tmp_path))
    local = {"request": {**RUN["request"], "base_model": "/models/mine"}, "resolved": {"base_model": {"sha256": "abc"}}}
    assert "--base-model /models/mine " in run_command(local, ranker(tmp_path))


@pytest.mark.parametrize("run", [{}, {"request": None}])
def test_a_command_without_a_request_names_suite_entry_language_and_seed(tmp_path: Path, run: Any) -> None:
    command = run_command(run, ranker(tmp_path))
    assert command == "harness run --suite fake --methods bm25 --langs ko --seeds 0 --device cpu"
