"""Shell commands that run one cell of a result folder again, or verify it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.request import sweep
from harness.request.overrides import ENTRY, SUITE_TABLES
from harness.request.request import Request
from harness.request.settings import TRAIN
from harness.results.record import Record


def run_command(run: Mapping[str, Any], record: Record, arguments: Sequence[str] = ()) -> str:
    """Return the command that runs a record's cell again, as far as run.json holds the request.

    A cell of a sweep is run with the others of its sweep. `arguments` are added at the end. Raises DataError for a
    request that is damaged.
    """
    table = request_of(run)
    request = Request.from_json({**table, "suite": table.get("suite") or record.suite})
    entry = record.provenance.get("entry") or {}
    cell = replace(
        request,
        methods=(str(entry.get("origin") or record.entry),),
        languages=(record.language,),
        seeds=(record.seed,),
        base_model=_pinned(request.base_model, run),
        settings=tuple(setting for setting in request.settings if _concerns(setting, record)),
        data_dir=None,  # of the machine that ran it
    )
    return cell.command(*arguments)


def verify_command(folder: str, record: Record) -> str:
    """Return the command that runs a record's cell again and grades how well its record is reproduced."""
    cell = f"{record.entry}/{record.language}/{record.seed}"
    return shlex.join(["harness", "verify", folder, "--cells", cell])


def request_of(run: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the request that run.json holds, {} where it holds none."""
    request = run.get("request")
    return request if isinstance(request, Mapping) else {}


def _pinned(base_model: str | None, run: Mapping[str, Any]) -> str | None:
    """Return the base model of the request; a model of the Hub at the revision that its branch resolved to."""
    resolved = run.get("resolved")
    base = resolved.get("base_model") if isinstance(resolved, Mapping) else None
    if base_model is not None and isinstance(base, Mapping) and "revision" in base and "id" in base:
        return f"{base['id']}@{base['revision']}"
    return base_model


def _concerns(text: str, record: Record) -> bool:
    """Return whether `harness run` accepts a setting for the record's entry alone."""
    target, _, raw = text.partition("=")
    name, _, field = target.partition(".")
    entry = record.provenance.get("entry") or {}
    if name == TRAIN:
        return record.trained or len(sweep.split(raw)) == 1
    if name == ENTRY:
        return record.trained and (field != "mining_rounds" or entry.get("negatives") == "ance")
    used = {entry.get("method"), *(entry.get("adapters") or ()), *(entry.get("joined") or ())}
    return name in used or name in SUITE_TABLES
