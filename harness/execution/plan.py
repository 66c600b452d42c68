"""From a request to the list of cells: everything that can be refused is refused here, before anything is computed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data import train_file
from harness.data.unverified import unverified_digests
from harness.errors import DataError, RequestError, unknown
from harness.execution import habits
from harness.machine.atomic import write_atomically
from harness.request import entries, suite
from harness.request.cell import Cell, Place
from harness.request.entries import Entry
from harness.request.manifest import BuiltBase
from harness.request.settings import override
from harness.request.suite import Suite
from harness.stages import base_model as base
from harness.stages import tasks
from harness.writers.writer_option import with_writers

RUN = "run.json"


@dataclass(frozen=True)
class Request:
    """What a user asked for, as given."""

    suite: str
    methods: Sequence[str]
    languages: Sequence[str]
    seeds: Sequence[int]
    out: Path
    place: Place
    base_model: str | None = None
    max_train: int | None = None
    measures: Sequence[str] = ()
    settings: Sequence[str] = ()
    train_file: str | None = None
    negative_queries: str | None = None
    augment: str | None = None
    write_prompt: Path | None = None
    unverified_data: bool = False


@dataclass(frozen=True)
class Plan:
    """The cells of a request, and what the request resolved to."""

    suite: Suite
    cells: list[Cell]
    resolved: Mapping[str, Any]


def make(request: Request) -> Plan:
    """Return the plan of a request; raises RequestError or DataError for what cannot be carried out."""
    chosen = _suite(request)
    known = list(chosen.languages)
    languages = list(dict.fromkeys(request.languages or known))
    for language in languages:
        if language not in known:
            raise unknown("language", language, known, where=f"suite {chosen.name}")
    if request.train_file is not None:
        given = train_file.declare(request.train_file, languages, known)
        chosen = chosen.model_copy(update={"train_files": given})
    if request.unverified_data:
        chosen = _unverified(chosen, languages, request.place)
    _check_seeds(request.seeds)
    rows = entries.resolve(request.methods, entries.declared(request.place.methods_path), chosen.recipes)
    rows = [for_suite(entry, chosen) for entry in rows]
    chosen, rows = override(request.settings, chosen, rows, request.place.methods_path)
    cells = [
        Cell(chosen, entry, language, seed, request.place)
        for entry in rows
        for language in languages
        for seed in _seeds(Cell(chosen, entry, language, 0, request.place), request)
    ]
    for cell in cells:
        _check(cell)
    tasks.refuse(cells)
    resolved = {
        "suite": chosen.name,
        "suite_digest": chosen.digest,
        "base_model": chosen.base_model.model_dump(mode="json"),
        "entries": {entry.name: entry.identity() for entry in rows},
        "languages": languages,
        "seeds": list(request.seeds),
        "max_train": chosen.max_train,
        "unverified": dict(chosen.unverified),
        "measures": list(chosen.evaluation.measures),
        "primary": chosen.evaluation.primary,
        "device": request.place.device,
    }
    return Plan(chosen, cells, resolved)


def _suite(request: Request) -> Suite:
    chosen = suite.load(request.suite)
    if request.max_train is not None:
        if request.max_train < 1:
            raise RequestError(f"--max-train {request.max_train} is not a positive number of queries")
        chosen = chosen.model_copy(update={"max_train": request.max_train})
    if request.measures:
        chosen = chosen.model_copy(update={"evaluation": suite.measuring(chosen.evaluation, request.measures)})
    chosen = with_writers(
        chosen, request.negative_queries, request.augment, request.write_prompt, data_dir=request.place.data_dir
    )
    return base.override(chosen, request.base_model) if request.base_model else chosen


def _unverified(chosen: Suite, languages: Sequence[str], place: Place) -> Suite:
    """Return the suite with a digest of the data that differ from the manifest's; a built base reads all languages."""
    read = list(chosen.languages) if isinstance(chosen.base_model, BuiltBase) else languages
    found = unverified_digests(chosen, read, data_dir=place.data_dir, cache_dir=place.cache)
    return chosen.model_copy(update={"unverified": found})


def _check_seeds(seeds: Sequence[int]) -> None:
    if not seeds:
        raise RequestError("no seed was asked for; give some after --seeds, such as 0,1,2")
    for seed in seeds:
        if seed < 0:
            raise RequestError(f"seed {seed} is negative; seeds are integers from 0 on")
        if list(seeds).count(seed) > 1:
            raise RequestError(f"seed {seed} is given twice; every seed is one run")


def _seeds(cell: Cell, request: Request) -> Sequence[int]:
    """Return the seeds of an entry: what is not trained does not vary and has seed 0 alone."""
    return request.seeds if cell.method is not None else [0]


def for_suite(entry: Entry, chosen: Suite) -> Entry:
    """Return the entry with what the suite's scale asks of its plugins on top of its own settings."""
    settings = {name: dict(values) for name, values in entry.settings.items()}
    for layer in (chosen.settings, chosen.published.settings if entry.recipe == "published" else {}):
        for name in entry.plugins:
            if name in layer:
                settings[name] = {**settings.get(name, {}), **layer[name]}
    return entry.model_copy(update={"settings": settings})


def _check(cell: Cell) -> None:
    """Load the cell's plugins and refuse what the suite does not offer."""
    _ = cell.adapters
    habits.refuse(cell)
    for need in sorted(cell.needs - cell.suite.offers(cell.language)):
        what = need.value.replace("_", " ")
        raise RequestError(
            f"{cell.entry.name} on suite {cell.suite.name}, {cell.language}: no {what}; "
            f"leave the method out, or add {what} to the suite's manifest"
        )
    if cell.method is not None:
        if cell.method.family not in cell.suite.training:
            raise DataError(f"suite {cell.suite.name}: no [training.{cell.method.family}] for {cell.entry.name}")
        if cell.training.precision == "float16" and cell.place.device == "cpu":
            raise RequestError(
                f"{cell.entry.name} on suite {cell.suite.name}: float16 training wants a GPU (its gradients are scaled "
                "there); add --set train.precision=bfloat16, or float32"
            )


def claim_folder(plan: Plan, request: Request, environment: Mapping[str, Any]) -> None:
    """Make the output folder this request's own by writing run.json, or check that it is already.

    Raises RequestError for a folder that belongs to another request or cannot be written.
    """
    check_folder(plan, request)
    path = request.out / RUN
    if path.exists():
        return
    content = {
        "command": ["harness", *sys.argv[1:]],
        "request": _as_given(request),
        "resolved": dict(plan.resolved),
        "suite_digest": plan.suite.digest,
        "suite": plan.suite.model_dump(mode="json"),
        "environment": dict(environment),
    }
    try:
        request.out.mkdir(parents=True, exist_ok=True)
        write_atomically(path, (json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode())
    except OSError as error:
        raise RequestError(
            f"{request.out} cannot be written: {error.strerror}; name another one after --out"
        ) from error


def check_folder(plan: Plan, request: Request) -> None:
    """Raise what `claim_folder` would raise, without writing."""
    path = request.out / RUN
    if path.exists() and (differs := _differences(path, plan.resolved)):
        raise RequestError(
            f"{request.out} holds another request (it differs in {', '.join(differs)}); "
            "name another folder after --out, or repeat the request it was made with"
        )
    if not path.exists() and request.out.exists() and (not request.out.is_dir() or any(request.out.iterdir())):
        raise RequestError(f"{request.out} is not an empty folder and holds no {RUN}; name another one after --out")
    existing = next(folder for folder in (request.out, *request.out.absolute().parents) if folder.exists())
    if not (existing.is_dir() and os.access(existing, os.W_OK)):
        raise RequestError(f"{request.out} cannot be written; name another one after --out")


def _differences(path: Path, resolved: Mapping[str, Any]) -> list[str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["resolved"]
    except (ValueError, KeyError, OSError) as error:
        raise DataError(f"{path} is damaged ({error}); name another folder after --out") from error
    wanted = json.loads(json.dumps(resolved))
    return sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))


def _as_given(request: Request) -> dict[str, Any]:
    place = request.place
    return {
        "suite": request.suite,
        "methods": list(request.methods),
        "languages": list(request.languages),
        "seeds": list(request.seeds),
        "base_model": request.base_model,
        "max_train": request.max_train,
        "train_file": request.train_file,
        "negative_queries": request.negative_queries,
        "augment": request.augment,
        "write_prompt": str(request.write_prompt) if request.write_prompt else None,
        "unverified_data": request.unverified_data,
        "measures": list(request.measures),
        "set": list(request.settings),
        "device": place.device,
        "data_dir": str(place.data_dir) if place.data_dir else None,
        "methods_path": str(place.methods_path) if place.methods_path else None,
    }
