"""The time that is left of a run: from what its cells took here before, and from those that have ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.execution.cell_costs import Costs, remember
from harness.execution.eta import Eta
from harness.execution.executor import Outcome
from harness.request.cell import Cell, Place
from harness.request.entries import declared, resolve
from harness.request.suite import load


class Clock:
    """A time that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def cells(tmp_path: Path) -> list[Cell]:
    """Two entries in Korean with two seeds each: base/0, base/1, bm25/0, bm25/1."""
    place = Place(tmp_path / "cache")
    return [
        Cell(load("mini"), entry, "ko", seed, place)
        for entry in resolve(["base", "bm25"], declared())
        for seed in (0, 1)
    ]


def test_without_a_known_time_nothing_is_said(cells: list[Cell]) -> None:
    eta = Eta(cells, jobs=1)
    assert (eta.left, str(eta)) == (None, "")


def test_earlier_runs_of_such_cells_say_how_long_it_takes_and_the_time_counts_down(cells: list[Cell]) -> None:
    remember(cells[0], Costs(seconds=60.0))
    remember(cells[2], Costs(seconds=10.0))
    clock = Clock()
    eta = Eta(cells, jobs=2, clock=clock)
    assert (eta.left, str(eta)) == (70.0, "about 1 min 10 s")
    clock.now += 30
    assert eta.left == 40.0
    clock.now += 1000
    assert eta.left == 0.0


def test_a_cell_that_has_ended_says_what_the_others_of_its_kind_take(cells: list[Cell]) -> None:
    clock = Clock()
    eta = Eta(cells, jobs=1, clock=clock)
    eta.ended(Outcome(cells[0], 30.0))
    assert eta.left == 90.0  # of bm25 nothing is known: the mean of the known kinds
    eta.ended(Outcome(cells[2], 4.0))
    assert eta.left == 34.0


def test_a_time_measured_now_replaces_that_of_an_earlier_run(cells: list[Cell]) -> None:
    remember(cells[0], Costs(seconds=60.0))
    eta = Eta(cells[:2], jobs=1, clock=Clock())
    eta.ended(Outcome(cells[0], 20.0))
    assert eta.left == 20.0


def test_cached_and_failed_cells_say_nothing_of_the_others(cells: list[Cell]) -> None:
    eta = Eta(cells, jobs=1, cached=cells[:1], clock=Clock())
    eta.ended(Outcome(cells[0], 0.1, cached=True))
    eta.ended(Outcome(cells[1], 0.2, reason="out of memory"))
    assert eta.left is None
    eta.ended(Outcome(cells[2], 5.0))
    assert eta.left == 5.0


def test_at_the_end_nothing_is_left(cells: list[Cell]) -> None:
    eta = Eta(cells[:1], jobs=1)
    eta.ended(Outcome(cells[0], 5.0))
    assert str(eta) == ""
