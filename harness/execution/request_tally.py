"""The tally of a stage's requests to one writer about one language, as far as the store knows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import Writer
from harness.stages.augment import AUGMENT, augment
from harness.stages.prepare import prepare
from harness.stages.published_rows import published_rows
from harness.stages.training_rows import mined
from harness.stages.write import WRITE
from harness.types import Data
from harness.writers import answers
from harness.writers.question import questions_about


class NotStored(Exception):  # noqa: N818 - not an error: the number is not known yet
    """An output that a count needs is not in the store."""


class StoredOnly(Store):
    """Reads outputs and makes none."""

    def make(self, stage: str, key: str, write: Callable[[Path], None]) -> Path:
        """Return the folder of a stored output; raises NotStored."""
        folder = self.find(stage, key)
        if folder is None:
            raise NotStored
        return folder


@dataclass(frozen=True)
class _Counts:
    """How the requests of one stage are counted."""

    passages: Callable[[Cell, Data, Store], dict[str, str]]  # asked about; raises NotStored while they are unknown
    bound: Callable[[Cell, Data | None], int | None]  # on their number; a passage is asked about once


def _relevant_passages(cell: Cell, data: Data, stored: Store) -> dict[str, str]:
    return AUGMENT.passages_of(data)


def _relevant_bound(cell: Cell, data: Data | None) -> int | None:
    return cell.suite.languages[cell.language].counts.passages


def _negatives(cell: Cell, data: Data, stored: Store) -> dict[str, str]:
    return WRITE.passages_of(mined(cell, augment(cell, data, stored), stored))


def _negatives_bound(cell: Cell, data: Data | None) -> int | None:
    queries = _train_queries(cell, data)
    return None if queries is None else queries * cell.suite.mining.depth


def _train_queries(cell: Cell, data: Data | None) -> int | None:
    """Return how many training queries there are at most, written ones included; None where nothing says it."""
    counts, most = cell.suite.languages[cell.language].counts, cell.suite.max_train
    declared = [number for number in (counts.train_queries, most) if number is not None]
    number = len(data.train) if data else min(declared, default=None)
    writer = AUGMENT.writer_of(cell)
    if writer is None or number is None:
        return number
    passages = len(AUGMENT.passages_of(data)) if data else counts.passages
    return None if passages is None else number + writer.queries * passages


COUNTS = {
    AUGMENT.name: _Counts(_relevant_passages, _relevant_bound),
    WRITE.name: _Counts(_negatives, _negatives_bound),
}


@dataclass
class Tally:
    """The requests about one language: known questions by their keys, and a bound on the number of others."""

    stage: str
    writer: Writer
    cached: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    bound: int | None = 0
    passages: int | None = None  # in the pool; None before the user's training rows are read
    exact: bool = True

    @property
    def most(self) -> int | None:
        if self.passages is None:
            return None
        if self.bound is None:
            return self.passages
        return min(len(self.missing) + self.bound, self.passages)

    def add(self, cell: Cell, stored: StoredOnly) -> None:
        """Add the questions of one more output."""
        counts, data = COUNTS[self.stage], None
        try:
            data = published_rows(cell, prepare(cell.suite, cell.language, cell.place, stored), stored)
            passages = counts.passages(cell, data, stored)
        except NotStored:
            self.exact = False
            bound = counts.bound(cell, data)
            self.bound = None if bound is None or self.bound is None else self.bound + bound
        else:
            questions = questions_about(self.writer, passages, cell.language, cell.place.device)
            missing = {question.key for question in answers.missing(self.writer, questions, stored)}
            self.missing |= missing
            self.cached |= {question.key for question in questions} - missing
        if data is not None:
            self.passages = len(data.training_passages)
        elif cell.language not in cell.suite.train_files:
            self.passages = cell.suite.languages[cell.language].counts.passages
