"""Records → a results folder of mteb: OUT/results/<model>/<revision>/<task>.json and model_meta.json.

A model is one entry and seed, `harness/ENTRY-seedN`, with the sha256 of the model's folder as its revision, so that the
models of two languages or of two trainings never share a result (docs/traps.md, T1). A ranker has no model: its
revision is the sha256 of its settings. The dev scores are results of the task SUITE-LANGUAGE, unrounded, with mteb's
names of the measures (ours if mteb has none); mteb's own tasks are as mteb measured them.
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
from harness.export.run_export import RunExport
from harness.keys import digest
from harness.machine import plain_files
from harness.mteb.mteb_names import LANGUAGES, SPLIT, mteb_name
from harness.results.record import Record

Model = tuple[str, str]  # name, revision


def write(run: RunExport) -> list[str]:
    """Write one file per model and task; nothing is left out."""
    cache = ResultCache(run.out)
    results_by_task: dict[tuple[Model, str], TaskResult] = {}
    metas: dict[Model, ModelMeta] = {}
    for record in run.records:
        model = model_of(record)
        metas[model] = _meta(record, model)
        for result in results(record):
            _add(results_by_task, model, result)
    for (model, task), result in sorted(results_by_task.items()):
        named = cache.get_task_result_path(task, *model).relative_to(run.out).as_posix()
        path = plain_files.place(run.out, named)
        content = {**result.model_dump(mode="json"), "date": None}
        path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        meta = json.dumps(metas[model].to_dict(), indent=2, default=str, sort_keys=True)
        (path.parent / "model_meta.json").write_text(meta + "\n", encoding="utf-8")
    return []


def model_of(record: Record) -> Model:
    """Return the name and revision by which mteb identifies a record's model."""
    entry = record.provenance.get("entry") or {}
    revision = record.weights_sha256 or digest({name: value for name, value in entry.items() if name != "equations"})
    return f"harness/{record.entry}-seed{record.seed}", revision


def results(record: Record) -> Iterator[TaskResult]:
    """Yield a record's dev scores as the result of a task, then its results on mteb's tasks."""
    evaluation = record.provenance["evaluation"]
    scores = {_name(measure, evaluation["depth"]): value for measure, value in record.measures.items()}
    main = record.measures[evaluation["primary"]]
    code = LANGUAGES.get(record.language, record.language)
    yield TaskResult(
        dataset_revision=digest(record.provenance["data"]["digests"]),  # as in suite_task.as_task
        task_name=f"{record.suite.replace('@', '-')}-{record.language}",
        mteb_version=None,  # these were not scored by mteb
        scores={SPLIT: [{**scores, "main_score": main, "hf_subset": "default", "languages": [code]}]},
        evaluation_time=None,
    )
    for name, task in record.tasks.items():
        finite = {measure: value for measure, value in task["scores"].items() if value is not None}
        described = {"main_score": task["value"], "hf_subset": task["subset"], "languages": list(task["languages"])}
        yield TaskResult(
            dataset_revision=task["revision"],
            task_name=name,
            mteb_version=task["mteb"],
            scores={task["split"]: [{**finite, **described, "mteb_version": task["mteb"]}]},
            evaluation_time=task["seconds"],
        )


def _add(results_by_task: dict[tuple[Model, str], TaskResult], model: Model, result: TaskResult) -> None:
    """Add a result, merged with that of the same model and task: a model may have been scored on several subsets."""
    merged = results_by_task.setdefault((model, result.task_name), result)
    if merged is not result:
        for split, scores in result.scores.items():
            merged.scores.setdefault(split, []).extend(scores)


def _name(measure: str, depth: int) -> str:
    """Return mteb's name of a measure, ours if mteb has none."""
    try:
        return mteb_name(measure, depth)
    except RequestError:
        return measure


def _meta(record: Record, model: Model) -> ModelMeta:
    fields: dict[str, Any] = {"name": model[0], "revision": model[1]}
    if record.weights_sha256:
        length = max(record.provenance["text"][f"{role}_max_length"] for role in ("query", "passage"))
        fields |= {
            "framework": ["Sentence Transformers"],
            "similarity_fn_name": ScoringFunction.COSINE if record.normalized else ScoringFunction.DOT_PRODUCT,
            "max_tokens": length,
        }
    return ModelMeta.create_empty(overwrites=fields)
