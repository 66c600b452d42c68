"""The page to read first: how one cell becomes one record."""

from __future__ import annotations

import time
from pathlib import Path

from harness.keys import key
from harness.machine import determinism, energy
from harness.machine.device import peak_memory
from harness.machine.store import Store
from harness.provenance import provenance
from harness.request.cell import Cell
from harness.results import record
from harness.results.record import Record
from harness.stages import score as score_stage
from harness.stages.augment import augment
from harness.stages.consult import agreed, consult
from harness.stages.encode import Encoded, encode
from harness.stages.folds import cross_validate
from harness.stages.mine import mine
from harness.stages.nli import inference
from harness.stages.prepare import prepare
from harness.stages.retrieve import cuts, rank, retrieve
from harness.stages.retrieve import key_of as ranking_key
from harness.stages.score import score
from harness.stages.tasks import keys_of as task_keys
from harness.stages.tasks import tasks
from harness.stages.train import train
from harness.stages.vector_geometry import geometry
from harness.stages.vector_geometry import keys_of as geometry_keys
from harness.stages.write import write
from harness.types import Data, Ranker, Scores


def key_of(cell: Cell) -> str:
    """Return the key of a cell's record: its ranking, its MTEB tasks, its geometry, what is measured, and its name."""
    measures = list(cell.suite.evaluation.measures)
    folds = [] if cell.entry.folds is None else [cell.entry.folds]
    return key(
        "record",
        score_stage.VERSION,
        [ranking_key(cell), *task_keys(cell), *geometry_keys(cell)],
        [cell.identity(), measures, *folds],
    )


def run(cell: Cell, store: Store, folder: Path) -> Record:
    """Run one cell through its cached stages and write its record below `folder`."""
    started = time.perf_counter()
    determinism.set_deterministic(cell.seed, cell.place.device)
    meter = energy.start(cell.place.device)
    for adapter in cell.adapters:
        adapter.register()
    data = inference(cell, prepare(cell.suite, cell.language, cell.place, store), store)
    model, on_tasks, by_dimension, folds, where, agreement = None, {}, {}, {}, {}, {}
    if isinstance(cell.plugin, Ranker):
        ranking, ties = rank(cell, cell.plugin, data, store)
    else:
        examples = mine(cell, augment(cell, data, store), store)  # written training queries; hard negatives
        examples = write(cell, examples, store)  # the queries that the negatives answer
        examples = consult(cell, examples, store)  # experts' scores
        agreement = agreed(cell, store)
        model = train(cell, examples, store)
        vectors = encode(cell, model, data, store)
        ranking, ties = retrieve(cell, vectors, store)
        by_dimension = _cut(cell, vectors, data, store)
        folds = cross_validate(cell, examples.data, store)
        on_tasks = tasks(cell, model, store)  # of MTEB, where the suite lists any
        where = geometry(cell, vectors, data, store)  # of its vectors, before and after training
    scores = score(ranking, data.dev, cell.suite.evaluation.measures)
    result = Record(
        suite=cell.suite.name,
        entry=cell.entry.name,
        language=cell.language,
        seed=cell.seed,
        trained=cell.method is not None,
        status="done",
        cell_key=key_of(cell),
        measures=_means(scores),
        n_queries=len(data.dev),
        by_dimension=by_dimension,
        cross_validation=folds,
        tasks=on_tasks,
        geometry=where,
        agreement=agreement,
        stages=tuple(store.runs),
        seconds=time.perf_counter() - started,
        peak_memory_bytes=peak_memory(cell.place.device),
        provenance={**provenance(cell, data, model, ties), "energy": meter.read() or None},
    )
    return record.write(folder, result, scores, ranking)


def _means(scores: Scores) -> dict[str, float]:
    return {name: sum(values.values()) / len(values) for name, values in scores.items()}


def _cut(cell: Cell, vectors: Encoded, data: Data, store: Store) -> dict[str, dict[str, float]]:
    """Return the means of every measure for vectors cut to fewer dimensions."""
    rankings = {str(cut): retrieve(cell, vectors, store, cut)[0] for cut in cuts(cell)}
    measures = cell.suite.evaluation.measures
    return {cut: _means(score(ranking, data.dev, measures)) for cut, ranking in rankings.items()}
