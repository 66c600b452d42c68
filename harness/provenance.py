"""Where a number comes from: code, packages, machine, data, model and every setting."""

from __future__ import annotations

from typing import Any

from harness.data.model_declaration import declaring_folder, folder_name
from harness.machine.file_hashes import folder_sha256
from harness.machine.stage_run import StageRun
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import LocalBase
from harness.stages import half_precision, learning_rates, model_prompts
from harness.stages.base_model import base_model
from harness.stages.checkpoint import checkpoint_source
from harness.stages.lineage import VERSIONS, base_digest_key, retrieve_key, train_key
from harness.stages.nli import selected
from harness.stages.prepare import rows_report
from harness.stages.published_rows import rows_file
from harness.stages.stage_settings import negative_queries_source, training_rows_source
from harness.stages.tokenless import warnings
from harness.stages.train_file_report import train_file_report
from harness.stages.trained_model import Model
from harness.stages.training_rows import WRITER_STAGES
from harness.types import Data
from harness.vectors.embedding import budget_of

FOUND = ("attention_implementation", "similarity", "normalized", "pooling", "truncate_dim", "prompts")


def provenance(cell: Cell, data: Data, model: Model | None, ties: int, store: Store) -> dict[str, Any]:
    """Return everything that decided this cell's numbers.

    `ties` is the number of tied neighbours in its ranking; `store` has run the cell's stages.
    """
    return {
        "entry": cell.described(),
        "base_model": cell.suite.base_model.model_dump(mode="json"),
        **({"base_model_name": name} if (name := folder_name(cell.suite.base_model)) else {}),
        "base_model_sha256": _base_sha256(cell) if model is not None else None,
        "model": None if model is None else {"sha256": model.sha256, "weights": model.weights},
        "checkpoint": checkpoint_source(model.folder) if model is not None else None,
        "computation": _computation(cell, model, store),
        "training": _training(cell, model),
        "text": cell.suite.text.model_dump(),
        "evaluation": {**cell.suite.evaluation.model_dump(), "score_version": VERSIONS["score"]},
        "data": {
            "digests": data.digests,
            "passages": len(data.passages),
            "train_queries": len(data.train),
            "dev_queries": len(data.dev),
            "nli": len(data.nli),
            **({"nli_selected": dict(kept)} if (kept := selected(store.runs)) else {}),
            "training_rows": training_rows_source(cell),
            "negative_queries": negative_queries_source(cell),
            "max_train": cell.suite.max_train,
            "published_rows": rows_file(cell, Store(cell.place.cache)),
            "unverified": cell.suite.unverified.get(cell.language),
            **train_file_report(cell),
        },
        "rows": rows_report(data),
        "found": list(cell.suite.found.get(cell.language, ())),
        "writers": _writers(cell),
        "ties": ties,
        **_warnings(cell, model, store),
        "suite_digest": cell.suite.digest,
        **_made(cell, store),
    }


def _warnings(cell: Cell, model: Model | None, store: Store) -> dict[str, list[str]]:
    """Return what a reader of the cell's numbers must know; nothing where there is nothing."""
    folder = None if model is None else declaring_folder(cell.suite.base_model)
    of_base = model_prompts.warnings(cell.suite, folder, trains=cell.method is not None)
    of_precision = half_precision.warnings([cell], Store(cell.place.cache))  # not a stage of the cell
    found = list(dict.fromkeys([*warnings(store.runs), *of_base, *learning_rates.warnings([cell]), *of_precision]))
    return {"warnings": found} if found else {}


def _base_sha256(cell: Cell) -> str:
    """Return the digest of the base model's files; of a pinned one, as it was when this cache first used it."""
    base, place, store = cell.suite.base_model, cell.place, Store(cell.place.cache)
    if isinstance(base, LocalBase) and base.adapts is None:
        return base.sha256

    def compute() -> str:
        return folder_sha256(base_model(cell.suite, place, store))

    sha256: str = store.read_json("base-digest", base_digest_key(cell.suite), compute)
    return sha256


def _writers(cell: Cell) -> dict[str, Any]:
    """Return stage → who wrote the cell's queries, with which prompt and settings, and how many."""
    provenances = {stage.name: stage.provenance(cell) for stage in WRITER_STAGES}
    return {name: provenance for name, provenance in provenances.items() if provenance is not None}


def _computation(cell: Cell, model: Model | None, store: Store) -> dict[str, Any] | None:
    """Return the arithmetic of the network as the stages found it in the models that they computed with."""
    if model is None:
        return None
    batch = budget_of(cell)
    encoding, training = _run(store, retrieve_key(cell)), _run(store, train_key(cell)) if cell.method else None
    return {
        "encode_dtype": encoding.found.get("dtype") if encoding else None,
        "encode_batch_size": batch.texts,
        "encode_tokens": batch.tokens,
        "train_dtype": training.found.get("dtype") if training else None,
        "train_mixed_precision": training.found.get("mixed_precision") if training else None,
        "train_batch_size": cell.training.batch_size if cell.method else None,
        **{name: encoding.found.get(name) if encoding else None for name in FOUND},
    }


def _run(store: Store, key: str) -> StageRun | None:
    return next((run for run in store.runs if run.key == key), None)


def _made(cell: Cell, store: Store) -> dict[str, Any]:
    """Return environment and code of what made the ranking, and all makers of the cell's outputs by their id.

    Nothing of this is read off the process that assembles the record: only the stage `score` is its own. What an
    output does not say is absent.
    """
    ranking = _run(store, retrieve_key(cell))
    maker = store.makers.get(ranking.made_by, {}) if ranking else {}
    return {
        "environment": {**maker.get("environment", {}), "device": cell.place.device},
        "code": maker.get("code", {}),
        "makers": dict(store.makers),
    }


def _training(cell: Cell, model: Model | None) -> dict[str, Any] | None:
    if model is None or model.log is None:
        return None
    families = sorted({method.family for method in cell.objectives.values()})
    return {
        "settings": cell.training.model_dump(),
        "families": families,
        **model.log,
    }
