"""Records → model cards: OUT/<entry>/<language>/<seed>/, the model with a README.md that states its provenance.

The card's header holds the scores as Hugging Face reads them (`model-index`). If the cache no longer has the model, or
it is an unchanged base model from elsewhere, the card is written alone and says so. A ranker has no model and no card.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.export.markdown_templates import template
from harness.export.run_export import RunExport, ordered_measures
from harness.export.scored_models import scored_model, why_absent
from harness.export.tei import own_type
from harness.machine.store import MANIFEST
from harness.results.flatten import flatten
from harness.results.model_names import folder_text, model_names
from harness.results.record import Record

CARD = "README.md"
TEMPLATE = "model_card.md.j2"
LONG = ("losses", "columns")  # of the training's provenance, left out of the card


def write(run: RunExport) -> list[str]:
    """Write one folder per record with a model; returns a line for each model or card that is left out."""
    left_out = []
    for record in run.records:
        if not record.weights_sha256:
            left_out.append(f"{record.name} has no model and gets no card")
            continue
        folder = run.path(record, "")
        model = scored_model(run, record)
        if model is None:
            folder.mkdir()
            name, reason = record.name, why_absent(record)
            left_out.append(f"the model of {name} is left out ({reason}); its card is written")
        else:
            shutil.copytree(model, folder, ignore=shutil.ignore_patterns(MANIFEST))
        (folder / CARD).write_text(_card(run, record, model), encoding="utf-8")
    return left_out


def _card(run: RunExport, record: Record, model: Path | None) -> str:
    """Return a record's model card; the model, if there is one, is in the same folder."""
    from huggingface_hub import ModelCardData

    header = ModelCardData(
        model_name=f"{record.entry}-{record.suite}-{record.language}-seed{record.seed}",
        language=record.language,
        license="unknown",
        library_name="sentence-transformers",
        pipeline_tag="sentence-similarity",
        base_model=record.provenance.get("base_model", {}).get("id"),
        tags=["sentence-transformers", "feature-extraction", "harness-embeddings"],
        eval_results=list(_results(record)),
    )
    body = template(TEMPLATE).render(
        _context(run, record),
        absent=why_absent(record) if model is None else "",
        own_type=own_type(model) if model else "",
    )
    return f"---\n{header.to_yaml()}\n---\n\n{body}"


def _context(run: RunExport, record: Record) -> dict[str, Any]:
    provenance = record.provenance
    environment = provenance.get("environment", {})
    training = dict(provenance.get("training") or {})
    for name in LONG:
        training.pop(name, None)
    return {
        "record": record,
        "task_names": {name: _task_name(name, task) for name, task in record.tasks.items()},
        "measures": ordered_measures(record),
        "entry": provenance["entry"],
        "base_model": _base(provenance.get("base_model", {}), model_names([record])),
        "settings": flatten(provenance["entry"].get("settings", {})) + flatten(training),
        "text": {"query_prompt": "", "passage_prompt": "", **provenance.get("text", {})},
        "computation": record.table("computation"),
        "normalized": record.normalized,
        "warnings": provenance.get("warnings", []),
        "data": provenance.get("data", {}),
        "sources": run.sources(record),
        "code": provenance.get("code", {}),
        "environment": environment,
        "packages": environment.get("packages", {}),
        "sha256": record.weights_sha256,
        "command": run.command(record),
    }


def _base(base: Mapping[str, Any], names: Mapping[str, str]) -> str:
    if "id" in base:
        return f"{base['id']} at revision {base['revision']}"
    if "sha256" in base:
        return folder_text(base, names)
    return "built from the suite's own passages, " + ", ".join(f"{name} {value}" for name, value in flatten(base))


def _results(record: Record) -> Iterator[Any]:
    """Yield every score as a result of `model-index`."""
    from huggingface_hub import EvalResult

    digests = record.provenance.get("data", {}).get("digests", {})
    data_sha256 = {name: sha256 for name, sha256 in digests.items() if sha256}
    for measure, value in ordered_measures(record).items():
        yield EvalResult(
            task_type="Retrieval",
            dataset_type=f"{record.suite}-{record.language}",
            dataset_name=f"{record.suite}, {record.language}",
            dataset_split="dev",
            dataset_args={"sha256": data_sha256} if data_sha256 else None,
            metric_type=measure,
            metric_value=value,
        )
    for name, task in record.tasks.items():
        yield EvalResult(
            task_type=task["type"],
            dataset_type=task["dataset"],
            dataset_name=_task_name(name, task),
            dataset_config=task["subset"],
            dataset_split=task["split"],
            dataset_revision=task["revision"],
            metric_type=task["main_score"],
            metric_value=task["value"],
        )


def _task_name(name: str, task: Mapping[str, Any]) -> str:
    """Return what a card calls a task: of MTEB, or of the suite's own pairs, which the entry may have trained on."""
    own = "pairs, which it was trained on" if task.get("trained_on") else "pairs"
    return f"{name}, {task['pairs']} {own}" if "pairs" in task else f"MTEB {name}"
