"""The page to read first: how one cell becomes one record.

The page to read next is harness/stages/lineage.py: what each stage depends on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.machine import determinism, energy
from harness.machine.device import peak_memory
from harness.machine.store import Store
from harness.provenance import provenance
from harness.request.cell import Cell
from harness.results import record
from harness.results.record import Record
from harness.stages.augment import augment
from harness.stages.consult import stored_agreement
from harness.stages.dimensions import measures_by_dimension
from harness.stages.encode import encode
from harness.stages.folds import cross_validate
from harness.stages.labelled_pairs import pair_scores
from harness.stages.lineage import record_key
from harness.stages.nli import inference
from harness.stages.prepare import prepare
from harness.stages.published_rows import published_rows
from harness.stages.retrieve import rank, retrieve
from harness.stages.score import means, score
from harness.stages.tasks import tasks
from harness.stages.trained_model import Model, trained_model
from harness.stages.training_rows import training_rows
from harness.stages.vector_geometry import geometry
from harness.types import Data, Ranker, Ranking


@dataclass(frozen=True)
class Outputs:
    """What the stages of one cell compute; a ranker has a ranking alone."""

    ranking: Ranking
    ties: int
    model: Model | None = None
    by_dimension: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    cross_validation: Mapping[str, Any] = field(default_factory=dict)
    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    geometry: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    pairs: Mapping[str, Any] = field(default_factory=dict)
    agreement: Mapping[str, Any] = field(default_factory=dict)


def run(cell: Cell, store: Store, folder: Path) -> Record:
    """Run one cell through its cached stages and write its record below `folder`."""
    started = time.perf_counter()
    determinism.set_deterministic(cell.seed, cell.place.device)
    meter = energy.start(cell.place.device, also=cell.place.encode_devices)
    data = prepare(cell.suite, cell.language, cell.place, store)  # passages, queries and judgments
    data = inference(cell, data, store)  # NLI triples, for methods that train on them
    compute = ranker_outputs if isinstance(cell.plugin, Ranker) else encoder_outputs
    outputs = compute(cell, data, store)
    ranked = time.perf_counter()
    scores = score(outputs.ranking, data.dev, cell.suite.evaluation.measures)
    store.computed("score", record_key(cell), time.perf_counter() - ranked)
    result = Record(
        **cell.identity(),
        trained=cell.method is not None,
        status="done",
        cell_key=record_key(cell),
        measures=means(scores),
        n_queries=len(data.dev),
        by_dimension=outputs.by_dimension,
        cross_validation=outputs.cross_validation,
        tasks=outputs.tasks,
        geometry=outputs.geometry,
        pairs=outputs.pairs,
        agreement=outputs.agreement,
        stages=tuple(store.runs),
        seconds=time.perf_counter() - started,
        peak_memory_bytes=peak_memory(cell.place.device),
        provenance={**provenance(cell, data, outputs.model, outputs.ties, store), "energy": meter.read() or None},
    )
    return record.write(folder, result, scores, outputs.ranking)


def encoder_outputs(cell: Cell, data: Data, store: Store) -> Outputs:
    """Train the cell's encoder, search with its vectors and measure it; each line is one cached stage or a few."""
    for adapter in cell.adapters:
        adapter.register()
    rows = published_rows(cell, data, store)  # the authors' training rows, where the published recipe has them
    augmented = augment(cell, rows, store)  # further training queries, written
    training = training_rows(cell, augmented, store)  # mined negatives, the queries they answer, experts' scores
    model = trained_model(cell, training, store)  # trained if something is to be computed with it
    vectors = encode(cell, model.folder, data, store)  # computed block by block as they are read; the base's are stored
    ranking, ties = retrieve(cell, vectors, store)
    return Outputs(
        ranking,
        ties,
        model,
        by_dimension=measures_by_dimension(cell, vectors, data, store),
        cross_validation=cross_validate(cell, augmented, store),
        tasks=tasks(cell, model.folder, store),
        geometry=geometry(cell, vectors, store),  # measured in the pass of retrieve
        pairs=pair_scores(cell, augmented, vectors.source, store),
        agreement=stored_agreement(cell, store),
    )


def ranker_outputs(cell: Cell, data: Data, store: Store) -> Outputs:
    """Rank the passages with an entry that needs neither training nor vectors."""
    assert isinstance(cell.plugin, Ranker)
    ranking, ties = rank(cell, cell.plugin, data, store)
    return Outputs(ranking, ties)
