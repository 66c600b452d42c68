"""The outputs that several cells need and one of them makes: the others wait for it, or read it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages.lineage import augment_key, consult_key, geometry_key, mine_key, write_key
from harness.stages.stage_settings import augmentation_writer, negative_query_writer
from harness.types import Need, Ranker

Output = tuple[str, str]  # stage and key


def shared_outputs(cell: Cell) -> list[Output]:
    """Return what other cells of a run may need too, in the order of the pipeline.

    The base's geometry stands for its stored vectors, whose key is known only once the texts are read. A base that is
    built is not among them: every cell needs it, whatever its language, and it takes seconds.
    """
    return list(_shared(cell))


def missing_outputs(cell: Cell) -> list[Output]:
    """Return those of `shared_outputs` that are not in the cache."""
    store = Store(cell.place.cache)
    return [output for output in shared_outputs(cell) if not store.is_there(*output)]


def _shared(cell: Cell) -> Iterator[Output]:
    if isinstance(cell.plugin, Ranker):
        return
    if augmentation_writer(cell) is not None:
        yield "augment", augment_key(cell)
    if cell.entry.negatives is not None:
        yield "mine", mine_key(cell)
    if negative_query_writer(cell) is not None:
        yield "write", write_key(cell)
    if Need.EXPERT_SCORES in cell.needs:
        yield "consult", consult_key(cell)
    yield "geometry", geometry_key(cell)
