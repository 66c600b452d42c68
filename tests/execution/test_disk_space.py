"""The disk that a run's models take: said by a dry run, and refused before the first cell where it does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import invoke, request

from harness.errors import RequestError
from harness.execution import disk_space as module
from harness.execution import plan
from harness.execution.disk_space import CHECKPOINT, CHECKPOINTS, disk_space
from harness.execution.kept_models import Rule, trained_keys
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.request import Request
from harness.stages.model_size import ModelSize

MODEL = 100 << 20
SIZE = ModelSize(parameters=MODEL // 4 - 1000, other_bytes=4000, activation_bytes=0)


@pytest.fixture(autouse=True)
def large_base(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models of 100 MiB, and 2 GiB free."""
    monkeypatch.setattr(module, "model_size", lambda suite, store: SIZE)
    monkeypatch.setattr(module, "_free", lambda folder: 2 << 30)


def cells(cache: Path, *methods: str, settings: tuple[str, ...] = (), seeds: int = 3) -> list[Cell]:
    asked = Request(methods=methods, languages=("ko", "hi"), seeds=tuple(range(seeds)), settings=settings)
    return plan.make(asked, cache).cells


@pytest.mark.parametrize(
    ("rule", "kept", "peak"), [("all", 6, 6), ("best", 2, 4), ("none", 0, 2), (None, 6, 6)], ids=str
)
def test_what_is_kept_and_the_peak_of_two_jobs(tmp_path: Path, rule: Rule | None, kept: int, peak: int) -> None:
    planned = cells(tmp_path, "mnrl", "base", "bm25")
    space = disk_space(planned, planned, 2, rule)
    assert space is not None
    assert (space.models, space.kept, space.peak) == (kept, kept * MODEL, peak * MODEL)


def test_above_a_size_nothing_is_kept_unless_it_is_asked_for(tmp_path: Path) -> None:
    planned = cells(tmp_path, "mnrl", seeds=60)
    unasked, asked = (disk_space(planned, planned, 2, rule) for rule in (None, "all"))
    assert unasked is not None
    assert asked is not None
    assert (unasked.rule, unasked.kept, asked.kept) == ("none", 0, 120 * MODEL)


def test_folds_and_rounds_count_and_checkpoints_are_at_the_peak(tmp_path: Path) -> None:
    folds = cells(tmp_path, "mnrl", settings=("entry.folds=4",), seeds=1)
    space = disk_space(folds, folds, 1, "none")
    assert space is not None
    assert (space.kept, space.peak) == (0, 5 * MODEL)
    saving = cells(tmp_path, "mnrl", settings=("train.checkpoint_steps=5",), seeds=1)
    space = disk_space(saving, saving, 1, "none")
    assert space is not None
    assert space.peak == (1 + CHECKPOINT * CHECKPOINTS) * MODEL


def test_a_model_in_the_cache_takes_nothing_more(tmp_path: Path) -> None:
    planned = cells(tmp_path, "mnrl", seeds=1)
    for key in trained_keys(planned[0]):
        Store(tmp_path).make("train", key, lambda folder: (folder / "weights").write_bytes(b"w"))
    space = disk_space(planned, planned, 1, "all")
    assert space is not None
    assert (space.models, space.kept) == (1, MODEL)


def test_where_no_cell_trains_or_the_base_is_not_here_it_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untrained = cells(tmp_path, "base", "bm25")
    assert disk_space(untrained, untrained, 2, None) is None
    monkeypatch.setattr(module, "model_size", lambda suite, store: None)
    planned = cells(tmp_path, "mnrl")
    assert disk_space(planned, planned, 2, None) is None


def test_a_disk_too_small_is_one_line_with_what_to_do(tmp_path: Path) -> None:
    planned = cells(tmp_path, "mnrl", seeds=60)
    space = disk_space(planned, planned, 2, "all")
    assert space is not None
    with pytest.raises(RequestError) as error:
        space.check()
    assert str(error.value) == (
        f"cache folder {tmp_path} has 2.0 GiB free, and the run needs about 11.7 GiB for 120 kept models and the "
        "running cells; add --keep-models none, remove what is not needed with `harness cache prune`, or name a "
        "folder on another disk with --cache-dir"
    )


def test_a_run_that_does_not_fit_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_free", lambda folder: MODEL)
    asked = request("--methods", "mnrl", "--keep-models", "all", "--cache-dir", tmp_path / "cache")
    result = invoke(*asked, "--out", tmp_path / "out")
    assert result.status == 2
    assert result.line.startswith(f"harness: cache folder {tmp_path}/cache has 100.0 MiB free, and the run needs about")
    assert not (tmp_path / "out").exists()
    dry = invoke(*asked, "--out", tmp_path / "out", "--dry-run")
    assert dry.status == 2
    assert "disk: about 200.0 MiB at peak, 200.0 MiB of it kept (2 trained models, --keep-models all)" in dry.out
