"""Shell commands that run one cell of a result folder again, or verify it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from harness.request import sweep
from harness.request.base_models import base_models, text_of, without_model
from harness.request.overrides import ENTRY, OF_MINED, SUITE_TABLES
from harness.request.request import Request
from harness.request.settings import TRAIN
from harness.results.record import Record
from harness.results.run_file import BaseModelAsRun, RunFile


def run_command(run: RunFile, record: Record, arguments: Sequence[str] = ()) -> str:
    """Return the command that runs a record's cell again, as far as run.json holds the request.

    A cell of a sweep is run with the others of its sweep. `arguments` are added at the end.
    """
    request = run.request or Request.from_json({"suite": record.suite})
    entry = record.table("entry")
    cell = replace(
        request,
        methods=(str(entry.get("origin") or without_model(record.entry, record.model)),),
        languages=(record.language,),
        seeds=(record.seed,),
        base_model=_base_model(request, run, record),
        settings=tuple(setting for setting in request.settings if _concerns(setting, record)),
        data_dir=None,  # of the machine that ran it
    )
    return cell.command(*arguments)


def verify_command(folder: str, record: Record) -> str:
    """Return the command that runs a record's cell again and grades how well its record is reproduced."""
    return shlex.join(["harness", "verify", folder, "--cells", record.name])


def _base_model(request: Request, run: RunFile, record: Record) -> str | None:
    """Return the base model of a record as the request names it; a model of the Hub at the revision that was used."""
    models = base_models(request.base_model)
    if not any(models):
        return pinned(request.base_model, run.resolved.base_model)
    model = pinned(models.get(record.model), run.base_model_on(record.model))
    return None if model is None else text_of({record.model: model})


def pinned(base_model: str | None, resolved: BaseModelAsRun) -> str | None:
    """Return a base model; one of the Hub at the revision that its branch resolved to."""
    if base_model is not None and resolved.id and resolved.revision:
        return f"{resolved.id}@{resolved.revision}"
    return base_model


def _concerns(text: str, record: Record) -> bool:
    """Return whether `harness run` accepts a setting for the record's entry alone."""
    target, _, raw = text.partition("=")
    name, _, field = target.partition(".")
    entry = record.table("entry")
    if name == TRAIN:
        return record.trained or len(sweep.split(raw)) == 1
    if name == ENTRY:
        return record.trained and (field not in OF_MINED or entry.get("negatives") == "ance")
    used = {entry.get("method"), *(entry.get("adapters") or ()), *(entry.get("joined") or ())}
    return name in used or name in SUITE_TABLES
