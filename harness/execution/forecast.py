"""What a plan's cells will ask of writers: whether it can be asked at all, and how often at most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import ModuleType

from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import Writer
from harness.stages import augment, mine, prepare, write
from harness.types import Data
from harness.writers import answers, endpoint_access, local_model
from harness.writers.question import name_of, questions_about

STAGES: tuple[ModuleType, ...] = (augment, write)


@dataclass
class Requests:
    """What one stage asks one writer: `most` requests at most, of which `exact` says whether it is their number.

    `cached` answers of what is known to be asked are there already; `most` is None before the data are read.
    """

    stage: str
    writer: Writer
    most: int | None = 0
    cached: int = 0
    exact: bool = True

    def __str__(self) -> str:
        what = {augment.STAGE: "training queries", write.STAGE: "negative queries"}[self.stage]
        bound = "not known before the training rows are read" if self.most is None else f"at most {self.most} requests"
        there = f"{self.cached} answers are there already" if self.exact else "answers that are there are not asked for"
        return f"{what} by {name_of(self.writer)}: {bound if not self.exact else bound[8:]}, {there}"


def check_access(cells: Iterable[Cell]) -> None:
    """Raise RequestError where an endpoint is to be asked and the environment does not say how."""
    if any(writer.kind == "endpoint" for _, _, writer in _open(cells)):
        endpoint_access.read_access()


def check_models(cells: Iterable[Cell]) -> None:
    """Raise RequestError where a local model is to write and is not there."""
    for writer in {name_of(writer): writer for _, _, writer in _open(cells) if writer.kind == "model"}.values():
        local_model.check(writer)


def _asking(cells: Iterable[Cell]) -> Iterator[tuple[ModuleType, Cell, Writer]]:
    """Yield (stage, cell, writer), one cell for every output of a stage."""
    seen = set()
    for cell in cells:
        for stage in STAGES:
            writer = stage.writer_of(cell)
            if writer is not None and stage.key_of(cell) not in seen:
                seen.add(stage.key_of(cell))
                yield stage, cell, writer


def _open(cells: Iterable[Cell]) -> Iterator[tuple[ModuleType, Cell, Writer]]:
    """Yield those of `_asking` whose output is not in the store."""
    for stage, cell, writer in _asking(cells):
        if not Store(cell.place.cache).has(stage.STAGE, stage.key_of(cell)):
            yield stage, cell, writer


def requests(cells: Sequence[Cell], store: Store) -> list[Requests]:
    """Return what every stage asks every writer that can be asked; computes nothing that is not in the store."""
    tallies: dict[tuple[str, str], dict[str, _Tally]] = {}
    writers: dict[tuple[str, str], Writer] = {}
    for stage, cell, writer in _asking(cells):
        if writer.kind == "file":
            continue
        name = (stage.STAGE, name_of(writer))
        writers[name] = writer
        tally = tallies.setdefault(name, {}).setdefault(cell.language, _Tally())
        tally.add(stage, cell, store)
    return [_summed(Requests(stage, writers[stage, name]), tallies[stage, name].values()) for stage, name in tallies]


def _summed(total: Requests, languages: Iterable[_Tally]) -> Requests:
    for tally in languages:
        missing = len(tally.open) + tally.bound
        total.exact = total.exact and tally.exact
        total.cached += len(tally.there)
        if tally.pool is None and not tally.exact:
            total.most = None
        elif total.most is not None:
            total.most += missing if tally.pool is None else min(missing, tally.pool)
    return total


@dataclass
class _Tally:
    """One stage, writer and language: the keys of answers that are there and that are not, and a bound on the rest."""

    there: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    bound: int = 0
    pool: int | None = None  # a passage is asked about once
    exact: bool = True

    def add(self, stage: ModuleType, cell: Cell, store: Store) -> None:
        writer = stage.writer_of(cell)
        data = _prepared(cell, store)
        passages = None
        if data is not None:
            self.pool = len(data.training_passages)
            passages = augment.passages_of(data) if stage is augment else _negatives(cell, data, store)
        if passages is not None:
            asked = questions_about(writer, passages, cell.language)
            missing = {question.key for question in answers.missing(writer, asked, store)}
            self.open |= missing
            self.there |= {question.key for question in asked} - missing
            return
        self.exact = False
        if data is None and cell.language not in cell.suite.train_files:
            self.pool = cell.suite.languages[cell.language].counts.passages
        self.bound += self.pool or 0 if stage is augment else _train_queries(cell, data) * cell.suite.mining.depth


def _prepared(cell: Cell, store: Store) -> Data | None:
    if not store.has("prepare", prepare.key_of(cell.suite, cell.language)):
        return None
    return prepare.prepare(cell.suite, cell.language, cell.place, store)


def _negatives(cell: Cell, data: Data, store: Store) -> dict[str, str] | None:
    """Return the mined negatives where they are known without computing."""
    if augment.writer_of(cell) is not None:
        if not store.has(augment.STAGE, augment.key_of(cell)):
            return None
        data = augment.augment(cell, data, store)
    given = cell.entry.negatives == "ance" and cell.entry.mining_rounds == 1 and bool(data.mined)
    if not given and not store.has("mine", mine.key_of(cell)):
        return None
    return write.passages_of(mine.mine(cell, data, store))


def _train_queries(cell: Cell, data: Data | None) -> int:
    """Return how many training queries there are at most, written ones among them."""
    counts = cell.suite.languages[cell.language].counts
    number = len(data.train) if data else min(counts.train_queries, cell.suite.max_train or counts.train_queries)
    writer = augment.writer_of(cell)
    if writer is None:
        return number
    return number + writer.queries * (len(augment.passages_of(data)) if data else counts.passages)
