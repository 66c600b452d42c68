"""From a request to its cells: what can be rejected is rejected here, before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.data import train_file
from harness.data.found_hashes import with_found_hashes
from harness.data.unverified import unverified_digests
from harness.errors import RequestError, unknown
from harness.execution import practice, unread
from harness.execution.offers import lacking, offered
from harness.machine import determinism
from harness.machine.device import check_encode_devices
from harness.request import entries, plugins, suite
from harness.request.base_models import base_models, on_model, text_of
from harness.request.cell import Cell, Place
from harness.request.entry import Entry
from harness.request.manifest import BuiltBase
from harness.request.overrides import override
from harness.request.request import Request
from harness.request.settings import on_suite
from harness.request.suite import Suite
from harness.stages import checkpoint, tasks
from harness.stages.base_override import with_base_model
from harness.stages.model_prompts import with_model_prompts
from harness.writers.writer_option import with_writers


@dataclass(frozen=True)
class Plan:
    """The cells of a request on this machine, and what the request resolved to.

    With named base models each cell has the suite on its own model; `suite` is the one on the suite's own.
    """

    request: Request
    place: Place
    suite: Suite
    cells: list[Cell]
    resolved: Mapping[str, Any]
    left_out: Mapping[str, str] = field(default_factory=dict)  # entries of `all` → what the suite lacks for them


def make(request: Request, cache: Path, encode_devices: tuple[str, ...] = ()) -> Plan:
    """Return the plan of a request; raises RequestError or DataError for what cannot be carried out.

    `encode_devices` share the encoding of a corpus. They are not part of the request: numbers do not depend on them.
    """
    determinism.set_environment()  # before the first import of a library that reads it
    place = replace(request.place(cache), encode_devices=encode_devices)
    if encode_devices:
        check_encode_devices(encode_devices, place.device)
    models = base_models(request.base_model)
    named = {name: model for name, model in models.items() if name}
    shared, languages = _suite(replace(request, base_model=models.get("")), place)
    _check_seeds(request.seeds)
    suites = {"": shared, **{name: with_base_model(shared, model) for name, model in named.items()}}
    declared, left_out = _declared_entries(request, shared, languages, place)
    settled = {name: _settled(request, each, declared, languages) for name, each in suites.items()}
    settled |= {  # of the models that are used
        name: (with_model_prompts(settled[name][0], given=name in models), settled[name][1]) for name in named or [""]
    }
    if named:
        request = replace(request, base_model=text_of(named))  # with the names that were given by default
        settled = {name: (each, _of_model(rows, name, place)) for name, (each, rows) in settled.items()}
    cells = [
        Cell(each, entry, language, seed, place)
        for each, rows in settled.values()
        for entry in rows
        for language in languages
        for seed in _seeds(Cell(each, entry, language, 0, place), request.seeds)
    ]
    for cell in cells:
        _check(cell)
    unread.check_blocks_to_share(encode_devices, cells)
    unread.check_sources(request, cells)
    unread.check_settings(request.settings, cells)
    tasks.check_tasks(cells)
    on_request = settled[""][0]
    resolved = _resolved(on_request, [entry for _, rows in settled.values() for entry in rows], languages, request)
    if named:
        resolved["models"] = {name: _changes(on_request, settled[name][0]) for name in named}
    if left_out:
        resolved["left_out"] = left_out
    return Plan(request, place, on_request, cells, resolved, left_out)


def _declared_entries(
    request: Request, on_request: Suite, languages: Sequence[str], place: Place
) -> tuple[list[Entry], dict[str, str]]:
    """Return the entries that a request names, and the entries of `all` that the suite lacks something for."""
    rows = entries.resolve(request.methods, entries.declared(place.methods_path), on_request.recipes)
    return offered(rows, request.methods, on_request, languages, place)


def _settled(
    request: Request, on_request: Suite, declared: Sequence[Entry], languages: Sequence[str]
) -> tuple[Suite, list[Entry]]:
    """Return the suite and the entries of a request with their settings."""
    rows = [on_suite(entry, on_request) for entry in declared]
    on_request, rows = override(request.settings, on_request, rows, request.methods_path)
    _check_depth(on_request, languages)
    return on_request, rows


def _of_model(rows: Sequence[Entry], model: str, place: Place) -> list[Entry]:
    """Return the rows of a named model; those of "" are the rankers, which have no model and run once."""
    return [on_model(row, model) for row in rows if _has_model(row, place) == bool(model)]


def _has_model(entry: Entry, place: Place) -> bool:
    return entry.method is None or plugins.is_method(entry.method, place.methods_path)


def _changes(shared: Suite, suite_on_model: Suite) -> dict[str, Any]:
    """Return what the suite of a named model has otherwise than the shared one, and its digest."""
    common, changed = shared.model_dump(mode="json"), suite_on_model.model_dump(mode="json")
    changes = {name: value for name, value in changed.items() if value != common.get(name)}
    return {"suite_digest": suite_on_model.digest, "changes": changes}


def _resolved(resolved: Suite, rows: Sequence[Entry], languages: Sequence[str], request: Request) -> dict[str, Any]:
    return {
        "suite": resolved.name,
        "suite_digest": resolved.digest,
        "base_model": resolved.base_model.model_dump(mode="json"),
        "entries": {entry.name: entry.identity() for entry in rows},
        "languages": list(languages),
        "seeds": list(request.seeds),
        "max_train": resolved.max_train,
        "unverified": dict(resolved.unverified),
        "measures": list(resolved.evaluation.measures),
        "primary": resolved.evaluation.primary,
        "device": str(request.device),
    }


def _suite(request: Request, place: Place) -> tuple[Suite, list[str]]:
    """Return the suite with what the request changes in it, --set excepted, and the languages to run."""
    declared = with_found_hashes(suite.load(request.suite), data_dir=place.data_dir, cache_dir=place.cache)
    changed = _with_options(declared, request)
    known = list(changed.languages)
    languages = list(dict.fromkeys(request.languages or known))
    for language in languages:
        if language not in known:
            raise unknown("language", language, known, where=f"suite {changed.name}")
    if request.train_file is not None:
        files = train_file.declare(request.train_file, languages, known)
        changed = changed.model_copy(update={"train_files": files})
    if request.unverified_data:
        read = known if isinstance(changed.base_model, BuiltBase) else languages  # a built base reads all languages
        digests = unverified_digests(changed, read, data_dir=place.data_dir, cache_dir=place.cache)
        changed = changed.model_copy(update={"unverified": digests})
    return changed, languages


def _with_options(declared: Suite, request: Request) -> Suite:
    changed = declared
    if request.max_train is not None:
        if request.max_train < 1:
            raise RequestError(f"--max-train {request.max_train} is not a positive number of queries")
        changed = changed.model_copy(update={"max_train": request.max_train})
    if request.measures:
        changed = changed.model_copy(update={"evaluation": suite.measuring(changed.evaluation, request.measures)})
    changed = with_writers(
        changed, request.negative_queries, request.augment, request.write_prompt, data_dir=request.data_dir
    )
    return changed if request.base_model is None else with_base_model(changed, request.base_model)


def _check_depth(on_request: Suite, languages: Sequence[str]) -> None:
    """Raise RequestError for a measure that reads more ranks than are retrieved: its value would be another measure's.

    A measure without a cut-off, such as AP, is one over the retrieved passages. Where all passages are retrieved, no
    rank is missing.
    """
    import ir_measures

    depth = on_request.evaluation.depth
    passages = [on_request.languages[language].counts.passages for language in languages]
    if all(number is not None and number <= depth for number in passages):
        return
    for name in on_request.evaluation.measures:
        cutoff = ir_measures.parse_measure(name).params.get("cutoff") or 0
        if cutoff > depth:
            raise RequestError(
                f"measure {name} on suite {on_request.name}: {depth} passages are retrieved per query; "
                f"use a cut-off of at most {depth}, or run with --set evaluate.depth={cutoff}"
            )


def _check_seeds(seeds: Sequence[int]) -> None:
    if not seeds:
        raise RequestError("no seed was requested; give some after --seeds, such as 0,1,2")
    for seed in seeds:
        if seed < 0:
            raise RequestError(f"seed {seed} is negative; seeds are integers from 0 on")
        if list(seeds).count(seed) > 1:
            raise RequestError(f"seed {seed} is given twice; give each seed once")


def _seeds(cell: Cell, seeds: Sequence[int]) -> Sequence[int]:
    """Return the seeds of an entry: one that is not trained does not vary, and has seed 0 alone."""
    return seeds if cell.method is not None else [0]


def _check(cell: Cell) -> None:
    """Load the cell's plugins; raise RequestError or DataError for what the suite does not offer."""
    _ = cell.adapters
    checkpoint.check(cell)
    practice.check(cell)
    if problem := lacking(cell):
        raise problem
    if cell.method is None:
        return
    if cell.training.precision == "float16" and cell.place.device == "cpu":
        raise RequestError(
            f"{cell.entry.name} on suite {cell.suite.name}: float16 training needs a GPU for its gradient scaling; "
            "add --set train.precision=bfloat16, or float32"
        )
