"""The requests that a plan's cells will send to writers: whether they can be sent, and how many at most."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.data import hub_encoders
from harness.errors import quantity
from harness.execution.request_tally import StoredOnly, Tally
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import PinnedBase, Writer
from harness.stages.training_rows import WRITER_STAGES
from harness.stages.writer_stage import WriterStage
from harness.writers import endpoint_access, local_model
from harness.writers.question import name_of

Stage = WriterStage[Any]


@dataclass(frozen=True)
class Requests:
    """The requests of one stage to one writer: at most `most`, exactly `most` where `exact` is true.

    `cached` counts the known questions that have an answer already; `most` is None before the data are read.
    """

    stage: Stage
    writer: Writer
    most: int | None
    cached: int
    exact: bool

    def __str__(self) -> str:
        subject = f"{self.stage.asks_for} by {name_of(self.writer)}"
        if self.exact:
            return f"{subject}: {quantity(self.most or 0, 'request')}, {quantity(self.cached, 'answer')} cached"
        count = "number of requests unknown before the training rows are read"
        if self.most is not None:
            count = f"at most {quantity(self.most, 'request')}"
        return f"{subject}: {count}; cached answers are not requested again"


def check_access(cells: Iterable[Cell]) -> None:
    """Raise RequestError where an endpoint will be asked and the environment does not say how."""
    if any(writer.kind == "endpoint" for _, _, writer in _unwritten(cells)):
        endpoint_access.read_access()


def check_reachable(cells: Sequence[Cell], store: Store) -> None:
    """Raise RequestError where an endpoint has requests to answer and nothing listens at its address."""
    if any(writer.kind == "endpoint" for _, _, writer in _unwritten(cells)) and any(
        planned.writer.kind == "endpoint" and planned.most != 0 for planned in requests(cells, store)
    ):
        endpoint_access.check_reachable(endpoint_access.read_access())


def check_models(cells: Iterable[Cell], *, download: bool = True) -> None:
    """Raise RequestError where a local model will write and does not load, or is not on the hub.

    Without `download`, one that would be downloaded must be on the hub and is not opened.
    """
    models = [writer for _, _, writer in _unwritten(cells) if writer.kind == "model"]
    for writer in {name_of(writer): writer for writer in models}.values():
        published = PinnedBase(id=writer.model, revision=writer.revision) if writer.revision else None
        if published and not download and hub_encoders.cached(published) is None:
            hub_encoders.check_available(published, "writer's model")
        else:
            local_model.check(writer)


def requests(cells: Sequence[Cell], store: Store) -> list[Requests]:
    """Return the requests of every stage to every endpoint and model; computes nothing that is not in the store."""
    stored = StoredOnly(store.root)
    tallies: dict[tuple[str, str], dict[str, Tally]] = {}  # stage and writer → language
    senders: dict[tuple[str, str], tuple[Stage, Writer]] = {}
    for stage, cell, writer in _outputs(cells):
        if writer.kind != "file":
            names = (stage.name, name_of(writer))
            senders[names] = (stage, writer)
            tally = tallies.setdefault(names, {}).setdefault(cell.language, Tally(stage.name, writer))
            tally.add(cell, stored)
    return [_total(*senders[names], list(by_language.values())) for names, by_language in tallies.items()]


def _outputs(cells: Iterable[Cell]) -> Iterator[tuple[Stage, Cell, Writer]]:
    """Yield stage, cell and writer, one cell for every output of a stage that asks a writer."""
    seen = set()
    for cell in cells:
        for stage in WRITER_STAGES:
            writer = stage.writer_of(cell)
            if writer is not None and (key := stage.key_of(cell)) not in seen:
                seen.add(key)
                yield stage, cell, writer


def _unwritten(cells: Iterable[Cell]) -> Iterator[tuple[Stage, Cell, Writer]]:
    """Yield those of `_outputs` that are not in the store."""
    for stage, cell, writer in _outputs(cells):
        if not stage.is_stored(cell, Store(cell.place.cache)):
            yield stage, cell, writer


def _total(stage: Stage, writer: Writer, tallies: Sequence[Tally]) -> Requests:
    counts = [tally.most for tally in tallies]
    return Requests(
        stage,
        writer,
        most=None if None in counts else sum(count for count in counts if count is not None),
        cached=sum(len(tally.cached) for tally in tallies),
        exact=all(tally.exact for tally in tallies),
    )
