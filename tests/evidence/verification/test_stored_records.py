"""Records that contradict run.json, themselves or each other are named without a rerun."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import read_json
from support.fake_records import put_failed
from support.measured_tables import FOLDS, GEOMETRY, TASK
from support.result_folders import SUITE, write

from harness.evidence.verification.stored_records import prove_records
from harness.results.folder import read_result_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, seeds=(0, 1), n=8, changes={"text": {"title": True}, "training": {}})


def edit(folder: Path, cell: str, **fields: Any) -> None:
    path = folder / f"records/{cell}.json"
    path.write_text(json.dumps({**read_json(path), **fields}), encoding="utf-8")


def mismatches(folder: Path) -> list[str]:
    return [str(finding) for finding in prove_records(read_result_folder(folder)).mismatches]


def set_provenance(folder: Path, cell: str, **values: Any) -> None:
    edit(folder, cell, provenance={**read_json(folder / f"records/{cell}.json")["provenance"], **values})


@pytest.fixture(autouse=True)
def untrained_without_a_log(folder: Path) -> None:
    set_provenance(folder, "base/ko/0", training=None)


def test_records_as_written_are_proven(folder: Path) -> None:
    proof = prove_records(read_result_folder(folder))
    assert proof.mismatches == ()
    assert [str(finding) for finding in proof.proven] == [
        "records: 3 state the request of run.json and the means of their scores"
    ]


def test_a_folder_without_a_suite_leaves_the_request_unproven(folder: Path) -> None:
    run = read_json(folder / "run.json")
    (folder / "run.json").write_text(json.dumps({"resolved": run["resolved"]}), encoding="utf-8")
    (finding,) = prove_records(read_result_folder(folder)).unproven
    assert str(finding) == "run.json: holds no suite to compare records with"


def test_a_deleted_seed_and_a_deleted_entry_are_named(folder: Path) -> None:
    (folder / "records/mnrl/ko/1.json").unlink()
    (folder / "records/base/ko/0.json").unlink()
    assert mismatches(folder) == [
        "records/base/ko/: requested in run.json, and there is no record of it",
        "records/mnrl/ko/1.json: requested in run.json, and there is no record of it",
    ]


CHANGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "text": (
        lambda folder: set_provenance(folder, "mnrl/ko/1", text={"title": False}),
        "states another request than run.json: text.title true → false",
    ),
    "suite": (
        lambda folder: set_provenance(folder, "mnrl/ko/1", suite_digest="0" * 64),
        "suite_digest is 00000000, that of run.json",
    ),
    "log": (
        lambda folder: set_provenance(folder, "mnrl/ko/1", training=None),
        "says that it was trained and has no training log",
    ),
    "digest": (
        lambda folder: set_provenance(folder, "mnrl/ko/1", data={"digests": {"corpus": "another"}}),
        "data digest of corpus differs from that of base/ko/0",
    ),
    "folds": (
        lambda folder: edit(
            folder, "mnrl/ko/1", cross_validation={**FOLDS, "measures": {"AP": {"mean": 0.6, "per_fold": [0.25, 0.75]}}}
        ),
        "cross_validation: the mean of AP is not that of its folds",
    ),
    "task": (
        lambda folder: edit(
            folder, "mnrl/ko/1", tasks={"STS": {**TASK, "main_score": "rho", "value": 0.9, "scores": {"rho": 0.5}}}
        ),
        "tasks: the value of STS is not its rho",
    ),
    "measure": (
        lambda folder: edit(
            folder, "mnrl/ko/1", measures={**read_json(folder / "records/mnrl/ko/1.json")["measures"], "AP": 1}
        ),
        "measures and scores per query are not of the same measures (AP)",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_record_that_was_changed_is_named(folder: Path, name: str) -> None:
    change, expected = CHANGES[name]
    change(folder)
    (line,) = mismatches(folder)
    assert line.startswith(f"records/mnrl/ko/1.json: {expected}")


def test_the_geometry_before_training_is_that_of_all_records_of_a_language(folder: Path) -> None:
    for cell in ("base/ko/0", "mnrl/ko/0"):
        edit(folder, cell, geometry={**GEOMETRY, "after": GEOMETRY["before" if cell.startswith("base") else "after"]})
    edit(folder, "mnrl/ko/1", geometry={**GEOMETRY, "before": {**GEOMETRY["before"], "uniformity": -1.1}})
    assert mismatches(folder) == ["records/mnrl/ko/1.json: geometry before training differs from that of base/ko/0"]


@pytest.mark.parametrize(
    ("instructions", "moved", "named"),
    [("AVX512", 1.3e-7, False), ("AVX512", 1e-4, True), ("AVX2", 1.3e-7, True)],
)
def test_geometry_of_another_kind_of_machine_may_differ_by_rounding(
    folder: Path, instructions: str, moved: float, named: bool
) -> None:
    for cell in ("base/ko/0", "mnrl/ko/0", "mnrl/ko/1"):
        after = GEOMETRY["before" if cell.startswith("base") else "after"]
        edit(folder, cell, geometry={**GEOMETRY, "after": after})
        set_provenance(folder, cell, environment={"instruction_set": "AVX2"})
    set_provenance(folder, "mnrl/ko/1", environment={"instruction_set": instructions})
    before = {name: value + moved for name, value in GEOMETRY["before"].items()}
    edit(folder, "mnrl/ko/1", geometry={**GEOMETRY, "before": before})
    found = ["records/mnrl/ko/1.json: geometry before training differs from that of base/ko/0"]
    assert mismatches(folder) == (found if named else [])


def test_vectors_of_an_untrained_entry_stay_as_they_were(folder: Path) -> None:
    edit(folder, "base/ko/0", geometry=GEOMETRY)
    assert mismatches(folder) == ["records/base/ko/0.json: geometry changed, and nothing was trained"]


def test_an_entry_and_a_seed_that_were_not_requested_are_named(folder: Path) -> None:
    run = read_json(folder / "run.json")
    run["resolved"] |= {"entries": {"base": {}}, "seeds": [0]}
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    assert mismatches(folder) == [
        "records/mnrl/ko/0.json: run.json requests no entry of this name",
        "records/mnrl/ko/1.json: run.json requests no entry of this name",
        "records/mnrl/ko/1.json: run.json requests no seed 1",
    ]


def test_a_suite_that_its_digest_does_not_fit_is_named(folder: Path) -> None:
    run = read_json(folder / "run.json")
    (folder / "run.json").write_text(json.dumps({**run, "suite": {**SUITE, "max_train": 400}}), encoding="utf-8")
    assert mismatches(folder) == ["run.json: suite_digest is not that of its suite"]


def test_a_failed_cell_has_no_scores(folder: Path) -> None:
    put_failed(folder, ("mnrl", "ko", 2), "killed", measures={"AP": 0.9})
    assert mismatches(folder) == ["records/mnrl/ko/2.json: has failed, and has scores"]
