"""Who runs the cells: a failed cell is a row with its reason, whatever ended it, and the others go on."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import REQUEST, Result, invoke, snapshot, write_plugin

from harness.results import record

PLUGIN = """
import os, signal
from dataclasses import dataclass
from pathlib import Path
from methods.mnrl import MNRL

@dataclass(frozen=True)
class PLUGIN(MNRL):
    def loss(self, model):
        if Path({switch!r}).exists():
            {fault}
        return super().loss(model)
"""
FAULTS = {
    "raises": "raise ValueError('no such\\nluck')",
    "diverges": "loss = super().loss(model); loss.scale = float('nan'); return loss",
    "leaves": "os._exit(7)",
    "dies": "os.kill(os.getpid(), signal.SIGKILL)",
}
REASONS = {
    "raises": "ValueError: no such luck",
    "diverges": "diverged: loss nan at step 1; lower the learning rate",
    "leaves": "its process ended with status 7 before the cell was done",
    "dies": "killed by signal 9, as the system does when memory runs out; try --jobs 1 or a smaller batch",
}


class Faulty:
    """A request of which four cells fail for as long as a file is there."""

    def __init__(self, top: Path) -> None:
        self.folder, self.switch, self.methods = top / "out", top / "switch", top / "methods"
        self.switch.touch()
        for name, fault in FAULTS.items():
            write_plugin(self.methods, name, PLUGIN.format(switch=str(self.switch), fault=fault.replace("\n", "\\n")))
        self.first = self.run()
        self.failed = {found.entry: found for found in record.read_all(self.folder)}
        self.files = {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*")}
        self.board = (self.folder / "leaderboard.csv").read_text(encoding="utf-8")

    def run(self) -> Result:
        methods = ",".join([*FAULTS, "mnrl"])
        options = ("--methods", methods, "--methods-path", self.methods, "--seeds", "0", "--jobs", "2")
        return invoke(*REQUEST, *options, "--out", self.folder)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Faulty:
    return Faulty(tmp_path_factory.mktemp("faulty"))


@pytest.mark.parametrize("entry", list(FAULTS))
def test_a_cell_fails_with_its_reason_in_one_line(faulty: Faulty, entry: str) -> None:
    found = faulty.failed[entry]
    assert (found.status, found.reason) == ("failed", REASONS[entry])
    assert (found.measures, found.files) == ({}, {})


def test_the_other_cells_go_on_and_the_status_is_1(faulty: Faulty) -> None:
    assert faulty.first.status == 1
    assert faulty.failed["mnrl"].status == "done"
    assert "mnrl,ko,nDCG@10," in faulty.board


def test_a_failure_is_said_while_it_happens_without_a_traceback(faulty: Faulty) -> None:
    for entry, reason in REASONS.items():
        assert f"failed {entry}/ko/0: {reason}" in faulty.first.err
    assert "Traceback" not in faulty.first.err


def test_the_traceback_of_a_cell_that_raised_lies_beside_its_record(faulty: Faulty) -> None:
    log = (faulty.folder / "records/raises/ko/0.log").read_text(encoding="utf-8")
    assert log.startswith("Traceback (most recent call last)")
    assert log.rstrip().endswith("luck")


def test_a_failed_cell_has_no_score_and_no_run_beside_it(faulty: Faulty) -> None:
    for entry in FAULTS:
        assert f"records/{entry}/ko/0.json" in faulty.files
        assert f"records/{entry}/ko/0.run.gz" not in faulty.files
        assert f"records/{entry}/ko/0.per_query.parquet" not in faulty.files


def test_a_failed_cell_is_a_row_of_the_page_with_its_reason(faulty: Faulty, tmp_path: Path) -> None:
    page = (faulty.folder / "leaderboard.html").read_text(encoding="utf-8")
    for entry, reason in REASONS.items():
        assert entry in page
        assert reason in page


def test_the_command_again_retries_the_failed_cells_alone(faulty: Faulty) -> None:
    done = snapshot(faulty.folder / "records/mnrl")
    faulty.switch.unlink()
    again = faulty.run()
    faulty.switch.touch()
    assert again.status == 0, again.err
    assert "4 of 5 cells to run" in again.err
    assert snapshot(faulty.folder / "records/mnrl") == done
    found = {told.entry: told for told in record.read_all(faulty.folder)}
    assert {told.status for told in found.values()} == {"done"}
    assert len({found[entry].files["per_query.parquet"] for entry in FAULTS}) == 1  # without their faults they are one
    assert not (faulty.folder / "records/raises/ko/0.log").exists()


def test_a_run_of_which_every_cell_fails_measured_nothing(faulty: Faulty, tmp_path: Path) -> None:
    options = ("--methods", "leaves", "--methods-path", faulty.methods, "--seeds", "9", "--out", tmp_path / "out")
    result = invoke(*REQUEST, *options)
    assert result.status == 3
    last = result.err.splitlines()[-1]
    assert last.startswith(f"harness: all 1 cells in {tmp_path}/out failed, leaves/ko/9 with: its process ended")
