"""The page to read first: how one cell becomes one record."""

from __future__ import annotations

import time
from pathlib import Path

from harness import record, runtime
from harness.cell import Cell
from harness.keys import key
from harness.provenance import provenance
from harness.record import Record
from harness.stages import score as score_stage
from harness.stages.consult import consult
from harness.stages.encode import encode
from harness.stages.mine import mine
from harness.stages.prepare import prepare
from harness.stages.retrieve import key_of as ranking_key
from harness.stages.retrieve import rank, retrieve
from harness.stages.score import score
from harness.stages.train import train
from harness.store import Store
from harness.types import Ranker


def key_of(cell: Cell) -> str:
    """Return the key of a cell's record: its ranking, what is measured on it, and its name."""
    measures = list(cell.suite.evaluation.measures)
    return key("record", score_stage.VERSION, [ranking_key(cell)], [cell.identity(), measures])


def run(cell: Cell, store: Store, folder: Path) -> Record:
    """Run one cell through its cached stages and write its record below `folder`."""
    started = time.perf_counter()
    runtime.deterministic(cell.seed, cell.place.device)
    for adapter in cell.adapters:
        adapter.register()
    data = prepare(cell.suite, cell.language, cell.place, store)
    model = None
    if isinstance(cell.plugin, Ranker):
        ranking, ties = rank(cell, cell.plugin, data, store)
    else:
        examples = mine(cell, data, store)  # hard negatives, negative queries
        examples = consult(cell, examples, store)  # experts' scores
        model = train(cell, examples, store)
        vectors = encode(cell, model, data, store)
        ranking, ties = retrieve(cell, vectors, store)
    scores = score(ranking, data.dev, cell.suite.evaluation.measures)
    result = Record(
        suite=cell.suite.name,
        entry=cell.entry.name,
        language=cell.language,
        seed=cell.seed,
        trained=cell.method is not None,
        status="done",
        cell_key=key_of(cell),
        measures={name: sum(values.values()) / len(values) for name, values in scores.items()},
        n_queries=len(data.dev),
        stages=tuple(store.runs),
        seconds=time.perf_counter() - started,
        peak_memory_bytes=runtime.peak_memory(cell.place.device),
        provenance=provenance(cell, data, model, ties),
    )
    return record.write(folder, result, scores, ranking)
