"""A record names the outputs that another machine, library or code version made, and those of an unknown maker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.fake_records import draw, put

from harness.machine.stage_run import StageRun
from harness.results.makers import reuse_notes, reused_outputs, scorer
from harness.results.record import Record

HERE = {
    "code": {"sources_sha256": "a" * 64},
    "environment": {"cpu": "x86", "deterministic": True, "gpu": None, "packages": {"torch": "2.13.0"}},
}


def changed(**environment: Any) -> dict[str, Any]:
    return {**HERE, "environment": {**HERE["environment"], **environment}}


def a_record(folder: Path, maker: dict[str, Any] | None, *, cached: bool = True, entry: str = "mnrl") -> Record:
    stages = (
        StageRun(stage="train", key="k", seconds=1.0, cached=cached, made_by="there" if maker else ""),
        StageRun(stage="score", key="s", seconds=1.0, cached=False, made_by="here"),
    )
    makers = {"here": HERE, **({"there": maker} if maker else {})}
    return put(folder, (entry, "ko", 0), draw(entry, "ko", 0, 5), provenance={"makers": makers}, stages=stages)


@pytest.mark.parametrize(
    ("maker", "text"),
    [
        (changed(cpu="arm"), "train: made with environment.cpu arm, here x86"),
        (changed(packages={"torch": "2.12.0"}), "train: made with environment.packages.torch 2.12.0, here 2.13.0"),
        (
            {**HERE, "code": {"sources_sha256": "b" * 64}},
            f"train: made with code.sources_sha256 {'b' * 12}…, here {'a' * 12}…",
        ),
        (None, "train: maker unknown"),
    ],
)
def test_a_reused_output_of_another_maker_is_named(tmp_path: Path, maker: dict[str, Any] | None, text: str) -> None:
    assert [str(output) for output in reused_outputs(a_record(tmp_path, maker))] == [text]


@pytest.mark.parametrize("maker", [HERE, changed(deterministic=False), changed(gpu="H200"), changed(gpu_driver="570")])
def test_a_maker_that_differs_in_nothing_that_both_hold_is_not_named(tmp_path: Path, maker: dict[str, Any]) -> None:
    assert reused_outputs(a_record(tmp_path, maker)) == []


def test_an_output_that_was_computed_for_the_record_is_not_reused(tmp_path: Path) -> None:
    assert reused_outputs(a_record(tmp_path, changed(cpu="arm"), cached=False)) == []


def test_cells_with_the_same_reuse_share_a_note(tmp_path: Path) -> None:
    records = [a_record(tmp_path, changed(cpu="arm"), entry=entry) for entry in ("mnrl", "clpl")]
    assert list(reuse_notes(records)) == ["train: made with environment.cpu arm, here x86 (2 cells, first mnrl/ko/0)"]


def test_the_scorer_of_an_older_record_is_its_environment(tmp_path: Path) -> None:
    old = put(tmp_path, ("mnrl", "ko", 0), draw("mnrl", "ko", 0, 5), provenance={"environment": {"python": "3.11"}})
    assert scorer(old) == {"python": "3.11"}
    assert scorer(a_record(tmp_path, None)) == HERE["environment"]
