"""Dimensions: the measures of vectors that are cut to fewer dimensions (Matryoshka)."""

from __future__ import annotations

from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages.encode import Encoded
from harness.stages.retrieve import retrieve
from harness.stages.score import means, score
from harness.stages.stage_settings import cuts
from harness.types import Data


def measures_by_dimension(cell: Cell, vectors: Encoded, data: Data, store: Store) -> dict[str, dict[str, float]]:
    """Return dimension → measure → mean over the dev queries, for every cut of the suite and the entry."""
    measures = cell.suite.evaluation.measures
    rankings = {str(cut): retrieve(cell, vectors, store, cut)[0] for cut in cuts(cell)}
    return {cut: means(score(ranking, data.dev, measures)) for cut, ranking in rankings.items()}
