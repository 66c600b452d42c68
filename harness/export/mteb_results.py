"""Records → a results folder of mteb: OUT/results/<model>/<revision>/<task>.json and model_meta.json.

A model is one entry under one seed, `harness/ENTRY-seedN`, its revision the sha256 of the model's folder, so that the
models of two languages or of two trainings never share a result (trap T1). A ranker has no model: its revision is
the sha256 of its settings. The dev scores stand under the task SUITE-LANGUAGE with mteb's names of the measures (ours
where mteb has none), unrounded; mteb's own tasks as mteb measured them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from mteb.cache import ResultCache
from mteb.models import ModelMeta
from mteb.models.model_meta import ScoringFunction
from mteb.results import TaskResult

from harness.errors import RequestError
from harness.export.exporting import Export
from harness.keys import digest
from harness.mteb.bridge import LANGUAGES, SPLIT, mteb_name
from harness.results.record import Record

Model = tuple[str, str]  # name, revision


def write(chosen: Export) -> list[str]:
    """Write one file a model and task; nothing is left out."""
    cache = ResultCache(chosen.out)
    found: dict[tuple[Model, str], TaskResult] = {}
    metas: dict[Model, ModelMeta] = {}
    for record in chosen.records:
        model = model_of(record)
        metas[model] = _meta(record, model)
        for result in results(record):
            _add(found, model, result)
    for (model, task), result in sorted(found.items()):
        path = cache.get_task_result_path(task, *model)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {**result.model_dump(mode="json"), "date": None}
        path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        meta = json.dumps(metas[model].to_dict(), indent=2, default=str, sort_keys=True)
        (path.parent / "model_meta.json").write_text(meta + "\n", encoding="utf-8")
    return []


def model_of(record: Record) -> Model:
    """Return what mteb is to know a record's model by."""
    said = record.provenance.get("entry") or {}
    entry = {name: value for name, value in said.items() if name != "equations"}
    revision = record.weights_sha256 or digest(entry)
    return f"harness/{record.entry}-seed{record.seed}", revision


def results(record: Record) -> Iterator[TaskResult]:
    """Yield a record's dev scores as a task's, then those on mteb's tasks."""
    evaluation = record.provenance["evaluation"]
    scores = {_name(measure, evaluation["depth"]): value for measure, value in record.measures.items()}
    main = record.measures[evaluation["primary"]]
    code = LANGUAGES.get(record.language, record.language)
    yield TaskResult(
        dataset_revision=digest(record.provenance["data"]["digests"]),  # as as_task has it
        task_name=f"{record.suite.replace('@', '-')}-{record.language}",
        mteb_version=None,  # these were not scored by mteb
        scores={SPLIT: [{**scores, "main_score": main, "hf_subset": "default", "languages": [code]}]},
        evaluation_time=None,
    )
    for name, task in record.tasks.items():
        finite = {measure: value for measure, value in task["scores"].items() if value is not None}
        named = {"main_score": task["value"], "hf_subset": task["subset"], "languages": list(task["languages"])}
        yield TaskResult(
            dataset_revision=task["revision"],
            task_name=name,
            mteb_version=task["mteb"],
            scores={task["split"]: [{**finite, **named, "mteb_version": task["mteb"]}]},
            evaluation_time=task["seconds"],
        )


def _add(found: dict[tuple[Model, str], TaskResult], model: Model, result: TaskResult) -> None:
    """Put a result beside those of the same model and task: one model may have been scored on several subsets."""
    known = found.setdefault((model, result.task_name), result)
    if known is not result:
        for split, scores in result.scores.items():
            known.scores.setdefault(split, []).extend(scores)


def _name(measure: str, depth: int) -> str:
    try:
        return mteb_name(measure, depth)
    except RequestError:
        return measure


def _meta(record: Record, model: Model) -> ModelMeta:
    about: dict[str, Any] = {"name": model[0], "revision": model[1]}
    if record.weights_sha256:
        length = max(record.provenance["text"][f"{role}_max_length"] for role in ("query", "passage"))
        about |= {
            "framework": ["Sentence Transformers"],
            "similarity_fn_name": ScoringFunction.COSINE,
            "max_tokens": length,
        }
    return ModelMeta.create_empty(overwrites=about)
