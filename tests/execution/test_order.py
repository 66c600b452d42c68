"""The order in which cells start, and what a simulation of many of them on many devices takes by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import REPOSITORY
from support.simulated_schedule import (
    Job,
    Measured,
    Step,
    grid,
    in_turns,
    longest,
    lower_bound,
    makespan,
    measured,
)

from harness.execution import plan
from harness.execution.cell_costs import Costs, remember
from harness.execution.order import expected_seconds, longest_first, ordered, texts_of
from harness.execution.shared_stages import missing_outputs, shared_outputs
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.request import Request


@pytest.fixture(scope="module")
def e5() -> Measured:
    """The committed records of a pretrained encoder."""
    return measured(REPOSITORY / "results/wikiqa-e5", "wikiqa@e5", 600)


def cells_of(cache: Path, methods: str, languages: str, seeds: tuple[int, ...]) -> list[Cell]:
    request = Request(methods=tuple(methods.split(",")), languages=tuple(languages.split(",")), seeds=seeds)
    return plan.make(request, cache).cells


def test_one_after_the_other_cells_stay_entry_by_entry(tmp_path: Path) -> None:
    cells = cells_of(tmp_path, "mnrl,base", "ko,hi", (5, 1))
    remember(next(cell for cell in cells if cell.entry.name == "base"), Costs(seconds=1000.0))
    trained = [f"mnrl/{language}/{seed}" for seed in (5, 1) for language in ("ko", "hi")]
    assert [str(cell) for cell in ordered(cells, jobs=1)] == [*trained, "base/ko/0", "base/hi/0"]


def test_side_by_side_the_longest_known_cell_of_each_language_is_first_and_makes_what_others_need(
    tmp_path: Path,
) -> None:
    cells = cells_of(tmp_path, "base,bm25,mnrl", "ko,hi", (0, 1))
    for cell in cells:
        remember(
            cell, Costs(seconds={"base": 2.0, "bm25": 5.0, "mnrl": 9.0}[cell.entry.name] + (cell.language == "hi"))
        )
    assert [str(cell) for cell in ordered(cells, jobs=2)] == [
        *("mnrl/hi/0", "mnrl/ko/0"),  # each makes the vectors of its language
        *("mnrl/hi/1", "mnrl/ko/1", "bm25/hi/0", "bm25/ko/0", "base/hi/0", "base/ko/0"),
    ]


def test_what_is_in_the_cache_has_no_maker(tmp_path: Path) -> None:
    cells = cells_of(tmp_path, "mnrl,infonce-ance", "ko", (0, 1))
    remember(cells[0], Costs(seconds=9.0))
    remember(cells[2], Costs(seconds=1.0))
    names = ["mnrl/ko/0", "mnrl/ko/1", "infonce-ance/ko/0", "infonce-ance/ko/1"]
    assert [str(cell) for cell in ordered(cells, jobs=2)] == [names[0], names[2], names[1], names[3]]
    store = Store(tmp_path)
    for stage, key in shared_outputs(cells[2]):
        store.make(stage, key, lambda folder: None)
    assert missing_outputs(cells[2]) == []
    assert [str(cell) for cell in ordered(cells, jobs=2)] == names


def test_cells_share_the_negatives_experts_and_vectors_that_their_records_name(tmp_path: Path) -> None:
    cells = cells_of(tmp_path, "base,bm25,mnrl,infonce-random,infonce-ance,soft-1,hard-label", "ko", (0, 1))
    outputs = {str(cell): dict(shared_outputs(cell)) for cell in cells}
    assert {name: list(found) for name, found in outputs.items() if name.endswith("/0")} == {
        "base/ko/0": ["geometry"],
        "bm25/ko/0": [],
        "mnrl/ko/0": ["geometry"],
        "infonce-random/ko/0": ["mine", "geometry"],
        "infonce-ance/ko/0": ["mine", "geometry"],
        "soft-1/ko/0": ["mine", "consult", "geometry"],
        "hard-label/ko/0": ["mine", "consult", "geometry"],
    }
    assert outputs["soft-1/ko/0"] == outputs["hard-label/ko/0"]
    assert outputs["soft-1/ko/0"]["consult"] != outputs["soft-1/ko/1"]["consult"]
    assert outputs["infonce-random/ko/0"]["mine"] == outputs["soft-1/ko/0"]["mine"]
    assert outputs["infonce-ance/ko/0"] == outputs["infonce-ance/ko/1"]


def test_makers_of_one_round_share_nothing() -> None:
    seconds = {"a": 9.0, "b": 8.0, "c": 7.0, "d": 1.0, "e": 3.0}
    missing = {"a": ["ko"], "b": ["ko", "ko-1"], "c": ["ko"], "d": ["hi"], "e": []}
    assert longest_first(seconds, missing) == ["a", "d", "b", "c", "e"]


def test_a_kind_that_never_ran_counts_by_its_texts_at_the_rate_of_the_known_ones(tmp_path: Path) -> None:
    cells = cells_of(tmp_path, "base,mnrl", "ko,hi", (0,))
    assert expected_seconds(cells) == {str(cell): texts_of(cell).total for cell in cells}
    remember(cells[0], Costs(seconds=texts_of(cells[0]).total / 100))
    assert expected_seconds(cells) == pytest.approx({str(cell): texts_of(cell).total / 100 for cell in cells})


def test_a_training_reads_its_rows_and_the_passages(tmp_path: Path) -> None:
    base, trained, random = cells_of(tmp_path, "base,mnrl,infonce-random", "ko", (0,))
    counts = base.suite.languages["ko"].counts
    assert counts.passages is not None
    assert counts.dev_queries is not None
    assert counts.train_queries is not None
    assert texts_of(base).total == counts.passages + counts.dev_queries
    epochs = trained.training.epochs
    assert texts_of(trained).total == texts_of(base).total + 3 * 2 * counts.train_queries * epochs
    assert texts_of(random).trained == texts_of(trained).trained * 3 / 2


def test_a_simulated_cell_waits_for_the_output_that_another_one_makes() -> None:
    step = Step(10.0, ("encode", "ko"))
    first, second = Job("a", 0, 0, [step, Step(5.0)], 1.0), Job("b", 0, 0, [Step(2.0), step, Step(1.0)], 1.0)
    assert makespan([first, second], devices=2) == 15.0
    assert makespan([second, first], devices=1) == 18.0  # it makes the output; the other reads it
    assert lower_bound([first, second], devices=1) == 18.0
    assert lower_bound([first, second], devices=2) == 15.0


def test_a_thousand_cells_on_64_devices_end_within_a_tenth_of_the_lower_bound(e5: Measured) -> None:
    jobs = grid(e5, count=1000, languages=30, corpus=1.0, seed=3)
    assert len(jobs) == 1000
    least = lower_bound(jobs, 64)
    assert makespan(longest(jobs, known=True), 64) <= 1.10 * least
    assert makespan(in_turns(jobs), 64) > 1.10 * least
