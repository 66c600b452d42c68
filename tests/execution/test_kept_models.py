"""Trained models after a run: kept as `--keep-models` says, and trained again bit for bit where one is needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.commands import REQUEST, Run, invoke, request, snapshot

from harness.execution import plan
from harness.execution.executor import Outcome
from harness.execution.kept_models import KeptModels, Rule, trained_keys
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.request import Request
from harness.results import record
from harness.results.cell_cost import cell_cost
from harness.results.record import Record


def cells(cache: Path, *methods: str, settings: tuple[str, ...] = (), seeds: tuple[int, ...] = (0,)) -> list[Cell]:
    return plan.make(Request(methods=methods, languages=("ko",), seeds=seeds, settings=settings), cache).cells


def write_models(*planned: Cell) -> None:
    for cell in planned:
        for key in trained_keys(cell):
            Store(cell.place.cache).make("train", key, lambda folder: (folder / "weights").write_bytes(b"w"))


def models(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.glob("train/*/*"))


def write_record(folder: Path, cell: Cell, score: float) -> None:
    measures = {cell.suite.evaluation.primary: score}
    record.write(folder, Record(**cell.identity(), trained=True, status="done", cell_key="", measures=measures))


def run_with(rule: Rule, planned: list[Cell], folder: Path, done: list[Cell] | None = None) -> KeptModels:
    return KeptModels(rule, planned, done or [], folder)


def test_a_cell_trains_its_own_model_those_of_its_folds_and_those_of_earlier_rounds(tmp_path: Path) -> None:
    (plain,) = cells(tmp_path, "infonce-ance")
    (rounds,) = cells(tmp_path, "infonce-ance", settings=("entry.mining_rounds=3",))
    (folds,) = cells(tmp_path, "mnrl", settings=("entry.folds=4",))
    assert len(trained_keys(plain)) == 1
    assert len(trained_keys(rounds)) == 3
    assert trained_keys(plain)[0] == trained_keys(rounds)[-1]  # the first round is that of the plain entry
    assert len(trained_keys(folds)) == 5
    assert trained_keys(cells(tmp_path, "base")[0]) == trained_keys(cells(tmp_path, "bm25")[0]) == []


def test_with_none_a_model_goes_when_the_last_cell_that_needs_it_has_ended(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (plain,) = cells(cache, "infonce-ance")
    (rounds,) = cells(cache, "infonce-ance", settings=("entry.mining_rounds=2",))
    rounds = replace(rounds, entry=rounds.entry.model_copy(update={"name": "two-rounds"}))
    kept = run_with("none", [plain, rounds], tmp_path)
    write_models(plain, rounds)
    kept.ended(Outcome(plain, 1.0))
    assert models(cache) == sorted(trained_keys(rounds))
    kept.ended(Outcome(rounds, 1.0))
    assert models(cache) == []


def test_with_best_the_seed_with_the_best_score_stays_and_of_equal_ones_the_lowest(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    planned = cells(cache, "mnrl", seeds=(0, 1, 2, 3))
    kept = run_with("best", planned[1:], tmp_path, done=planned[:1])
    write_record(tmp_path, planned[0], 0.1)
    kept = run_with("best", planned[1:], tmp_path, done=planned[:1])
    for cell, score in zip(planned[1:], (0.3, 0.5, 0.5), strict=True):
        write_models(cell)
        write_record(tmp_path, cell, score)
        kept.ended(Outcome(cell, 1.0))
    assert models(cache) == trained_keys(planned[2])


def test_with_best_nothing_of_this_run_stays_where_a_seed_of_an_earlier_one_was_better(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    planned = cells(cache, "mnrl", seeds=(0, 1))
    write_record(tmp_path, planned[0], 0.9)
    kept = run_with("best", planned[1:], tmp_path, done=planned[:1])
    write_models(planned[1])
    write_record(tmp_path, planned[1], 0.3)
    kept.ended(Outcome(planned[1], 1.0))
    assert models(cache) == []


def test_models_of_before_the_run_and_those_of_failed_cells_stay(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    before, failed = cells(cache, "mnrl", seeds=(0, 1))
    write_models(before)
    kept = run_with("none", [before, failed], tmp_path)
    write_models(failed)
    kept.ended(Outcome(before, 1.0))
    kept.ended(Outcome(failed, 1.0, "out of memory"))
    assert models(cache) == sorted([*trained_keys(before), *trained_keys(failed)])


def test_with_all_everything_stays(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    planned = cells(cache, "mnrl", seeds=(0, 1))
    kept = run_with("all", planned, tmp_path)
    write_models(*planned)
    for cell in planned:
        kept.ended(Outcome(cell, 1.0))
    assert len(models(cache)) == 2


def test_a_model_that_another_process_uses_stays(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (cell,) = cells(cache, "mnrl")
    kept = run_with("none", [cell], tmp_path)
    write_models(cell)
    other = Store(cache)
    with other.in_use():
        assert other.find("train", trained_keys(cell)[0])
        kept.ended(Outcome(cell, 1.0))
        assert models(cache) == trained_keys(cell)


@pytest.fixture(scope="module")
def unkept(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of `mnrl` on two seeds with a cache of its own, which keeps no model."""
    top = tmp_path_factory.mktemp("unkept")
    options = ("--methods", "mnrl", "--keep-models", "none", "--jobs", "1", "--cache-dir", str(top / "cache"))
    arguments = tuple(map(str, (*request(*options), "--out", str(top / "out"))))
    return Run(arguments, top / "out", top / "cache", (invoke(*arguments),))


def weights(folder: Path) -> list[object]:
    return [stored.provenance["model"] for stored in record.read_all(folder) if stored.entry == "mnrl"]


def test_a_run_that_keeps_none_has_the_records_of_one_that_keeps_all(unkept: Run, finished: Run) -> None:
    assert unkept.results[0].status == 0, unkept.results[0].err
    assert models(unkept.cache) == []
    assert weights(unkept.folder) == weights(finished.folder)


def test_a_finished_run_trains_nothing_again_because_its_models_are_gone(unkept: Run) -> None:
    before = snapshot(unkept.records)
    repeated = invoke(*unkept.arguments)
    assert (repeated.status, repeated.err) == (0, "nothing to run: 2 cells done\n")
    assert models(unkept.cache) == []
    assert snapshot(unkept.records) == before


def test_a_run_into_another_folder_trains_nothing_where_no_model_is_kept(unkept: Run, tmp_path: Path) -> None:
    options = ("--methods", "mnrl", "--keep-models", "none", "--jobs", "1", "--cache-dir", unkept.cache)
    result = invoke(*request(*options), "--out", tmp_path / "out")
    assert result.status == 0, result.err
    assert not list(unkept.cache.glob("train/*/*"))
    for first, second in zip(record.read_all(unkept.folder), record.read_all(tmp_path / "out"), strict=True):
        trained = next(run for run in first.stages if run.stage == "train")
        assert [run for run in second.stages if run.stage == "train"] == [
            trained.model_copy(update={"cached": True, "seconds": 0.0})
        ]
        assert trained.cost is not None
        assert trained.cost.seconds > 0
        assert cell_cost(first) == cell_cost(second)  # what the cell takes, and not what reading its outputs took
        for part in ("model", "training", "computation", "makers", "base_model_sha256"):
            assert second.provenance[part] == first.provenance[part], part
        assert (second.measures, second.files) == (first.measures, first.files)


@pytest.mark.parametrize(("rule", "cached"), [("none", True), ("all", False)])
def test_the_forecast_counts_a_training_for_a_model_that_is_to_be_kept(
    unkept: Run, tmp_path: Path, rule: str, cached: bool
) -> None:
    options = ("--methods", "mnrl", "--seeds", "1", "--keep-models", rule, "--cache-dir", unkept.cache, "--dry-run")
    result = invoke(*request(*options), "--out", tmp_path / "out")
    assert ("1 of them cached: read, not computed" in result.out, "nothing to compute" in result.out) == (cached,) * 2


def test_what_stands_in_for_a_model_is_made_again_with_it_where_it_is_damaged(unkept: Run, tmp_path: Path) -> None:
    for path in unkept.cache.glob("description/*/*/value.json"):
        path.write_text("{}", encoding="utf-8")
    options = ("--methods", "mnrl", "--seeds", "0", "--keep-models", "none", "--cache-dir", unkept.cache)
    result = invoke(*request(*options), "--out", tmp_path / "out")
    assert result.status == 0, result.err
    assert weights(tmp_path / "out") == weights(unkept.folder)[:1]
    (stored,) = record.read_all(tmp_path / "out")
    assert [run.cached for run in stored.stages if run.stage == "train"] == [False]


def test_a_model_that_is_gone_is_trained_again_bit_for_bit_by_a_run_that_needs_it(unkept: Run, tmp_path: Path) -> None:
    options = ("--methods", "mnrl", "--seeds", "0", "--keep-models", "best", "--cache-dir", unkept.cache)
    result = invoke(*request(*options), "--out", tmp_path / "out")
    assert result.status == 0, result.err
    assert weights(tmp_path / "out") == weights(unkept.folder)[:1]
    assert len(models(unkept.cache)) == 1


def test_a_wrong_rule_is_named_with_the_known_ones(tmp_path: Path) -> None:
    result = invoke(*REQUEST, "--keep-models", "some", "--out", tmp_path / "out")
    assert result.status == 2
    assert "'some' is not one of 'none', 'best', 'all'" in result.err
