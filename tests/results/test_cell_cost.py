"""What computing a cell takes, by its record."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.machine.stage_run import Cost, StageRun
from harness.machine.store import Store
from harness.results import record
from harness.results.cell_cost import cell_cost, model_and_ranking
from harness.results.record import Record


def run(stage: str, seconds: float, peak: int | None, *, cached: bool = False) -> StageRun:
    cost = None if peak is None else Cost(seconds=seconds, peak_bytes=peak)
    return StageRun(stage=stage, key=stage, seconds=0.01 if cached else seconds, cached=cached, cost=cost)


def cell(*stages: StageRun) -> Record:
    identity = {"suite": "s", "entry": "e", "language": "ko", "seed": 0, "trained": True, "cell_key": "c"}
    return Record(**identity, status="done", seconds=9.0, peak_memory_bytes=90, stages=stages)


def test_training_and_retrieval_count_whatever_was_cached() -> None:
    stages = [("mine", 1.0, 900), ("train", 30.0, 700), ("retrieve", 4.5, 300)]
    for cached in (True, False):
        assert cell_cost(cell(*(run(*stage, cached=cached) for stage in stages))) == Cost(seconds=34.5, peak_bytes=700)


def test_trainings_of_mining_rounds_and_folds_and_rankings_of_cut_vectors_do_not_count() -> None:
    own = [run("train", 30.0, 700), run("retrieve", 4.5, 300)]
    others = {"round": run("train", 9.0, 900), "cut": run("retrieve", 5.0, 900), "fold": run("train", 8.0, 900)}
    stages = [others["round"], run("mine", 9.5, 900), *own, others["cut"], others["fold"]]
    assert model_and_ranking(stages) == own
    assert cell_cost(cell(*stages)) == Cost(seconds=34.5, peak_bytes=700)


def test_an_untrained_cell_costs_its_retrieval() -> None:
    assert cell_cost(cell(run("retrieve", 4.5, 300))) == Cost(seconds=4.5, peak_bytes=300)


def test_of_a_stage_without_a_cost_the_cells_own_process_counts_where_it_trained_and_retrieved() -> None:
    mined, trained, retrieved = run("mine", 3.0, None, cached=True), run("train", 8.0, 5), run("retrieve", 1.0, None)
    assert cell_cost(cell(mined, trained, retrieved)) == Cost(seconds=9.0, peak_bytes=90)
    assert cell_cost(cell(mined, run("train", 8.0, None, cached=True), retrieved)) is None


def test_an_output_costs_the_seconds_of_outputs_on_the_way_also_where_they_were_there(tmp_path: Path) -> None:
    first, second, again = (Store(tmp_path) for _ in range(3))

    def inner(folder: Path) -> None:
        time.sleep(0.4)

    def outer(store: Store, folder: Path) -> None:
        time.sleep(0.1)
        for _ in range(2):  # as stages do that need it for several ends
            store.make("encode", "b" * 64, inner)

    first.make("retrieve", "a" * 64, partial(outer, first))
    second.make("retrieve", "c" * 64, partial(outer, second))
    again.make("retrieve", "c" * 64, partial(outer, again))
    made, _, around = (each.cost for each in first.runs)
    read, _, with_read = second.runs
    assert made is not None
    assert around is not None
    assert with_read.cost is not None
    assert made.seconds >= 0.4
    assert around.seconds >= 0.5
    assert (read.cached, read.cost) == (True, made)
    assert 0.5 <= with_read.cost.seconds < with_read.seconds + made.seconds + 0.001  # it took a fifth of that itself
    assert with_read.cost.peak_bytes >= made.peak_bytes > 1 << 20
    assert [(each.cached, each.cost) for each in again.runs] == [(True, with_read.cost)]


@pytest.mark.parametrize("cost", ['{"seconds": -1, "peak_bytes": 1}', '{"seconds": 1e999, "peak_bytes": 1}', "[]"])
def test_a_record_with_another_cost_is_damaged(tmp_path: Path, cost: str) -> None:
    stored = record.path_of(tmp_path, "e", "ko", 0)
    stored.parent.mkdir(parents=True)
    text = cell(run("train", 1.0, 5)).model_dump_json()
    whole = '{"seconds":1.0,"peak_bytes":5}'
    assert whole in text
    stored.write_text(text.replace(whole, cost), encoding="utf-8")
    with pytest.raises(DataError, match="is damaged"):
        record.read(stored)
