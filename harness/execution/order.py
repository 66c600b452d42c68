"""In which order cells start: the longest first, and before them those that make what others wait for.

Executors start the first waiting cell whenever a place is free. With many places, what is left at the end are then
short cells: no place is idle for longer than one of them (Graham 1969, https://doi.org/10.1137/0117039). A cell that
needs an output which another one is making waits and holds its place. So those that make shared outputs come first, in
rounds: the cells of one round wait for none of each other.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from harness.execution.cell_costs import costs
from harness.execution.shared_stages import missing_outputs
from harness.request.cell import Cell

Name = TypeVar("Name")
STEP = 3  # forward passes that a training step costs: one forward, a backward of two


def ordered(cells: Sequence[Cell], jobs: int) -> list[Cell]:
    """Return the cells in the order in which they should start, `jobs` of them in parallel.

    One after the other they take the same time in any order, and stay entry by entry: an interrupted run has whole
    entries.
    """
    turns = in_turns(cells)
    if jobs == 1:
        return turns
    cell_of = {str(cell): cell for cell in turns}
    missing = {name: missing_outputs(cell) for name, cell in cell_of.items()}
    return [cell_of[name] for name in longest_first(expected_seconds(turns), missing)]


def in_turns(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells entry by entry, and of each entry one language after the other before the next seed."""
    entries = list(dict.fromkeys(cell.entry.name for cell in cells))
    seeds = list(dict.fromkeys(cell.seed for cell in cells))
    return sorted(cells, key=lambda cell: (entries.index(cell.entry.name), seeds.index(cell.seed)))


def longest_first(seconds: Mapping[Name, float], missing: Mapping[Name, Collection[object]]) -> list[Name]:
    """Return the names by their seconds, descending, those that make the outputs which are `missing` first.

    A round has the longest cells that miss something, and no two of them the same output; the next round has those
    that still miss something once the round has ended. Of equal seconds the order stays.
    """
    waiting = sorted(seconds, key=lambda name: -seconds[name])
    made: set[object] = set()
    order: list[Name] = []
    while True:
        in_making: set[object] = set()
        makers = []
        for name in waiting:
            needed = set(missing[name]) - made
            if needed and not needed & in_making:
                makers.append(name)
                in_making |= needed
        if not makers:
            return [*order, *waiting]
        order += makers
        made |= in_making
        rest = set(waiting) - set(makers)
        waiting = [name for name in waiting if name in rest]


def expected_seconds(cells: Sequence[Cell]) -> dict[str, float]:
    """Return cell → what such cells took on this machine.

    For a kind that was never run: its texts at the median rate of the known kinds. Without any they are compared by
    their texts alone.
    """
    known = {str(cell): seconds for cell in cells if (seconds := costs(cell).seconds) is not None}
    texts = {str(cell): texts_of(cell).total for cell in cells}
    rate = statistics.median(known[name] / texts[name] for name in known) if known else 1.0
    return {name: known.get(name, rate * texts[name]) for name in texts}


@dataclass(frozen=True)
class Texts:
    """About how many texts a cell's network reads to search, and as many passes as it takes to train."""

    searched: float
    trained: float

    @property
    def total(self) -> float:
        """At least one, where a suite declares no counts."""
        return max(1.0, self.searched + self.trained)


def texts_of(cell: Cell) -> Texts:
    """Return what a cell reads, from the suite's declared counts.

    For each training (rounds of mining and folds are further ones) the passages and dev queries once, and of each row
    in each epoch a query, its passage and a negative if there are some, STEP times. The size of the network, the
    lengths and what a method computes besides do not count.
    """
    counts = cell.suite.languages[cell.language].counts
    searched = (counts.passages or 0) + (counts.dev_queries or 0)
    if cell.method is None:
        return Texts(searched, 0)
    of_nli = cell.method.family == "nli"
    rows = (counts.nli if of_nli else counts.train_queries) or 0
    if not of_nli and cell.suite.max_train is not None:
        rows = min(rows, cell.suite.max_train)
    width = 3 if of_nli or cell.entry.negatives is not None else 2
    trainings = cell.entry.mining_rounds + (cell.entry.folds or 0)
    return Texts(trainings * searched, trainings * STEP * width * rows * cell.training.epochs)
