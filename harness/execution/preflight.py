"""Checks that need the data and the base model, made before the first cell starts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from harness.data import hub_encoders, suite_files
from harness.errors import RequestError
from harness.execution import forecast, model_trial, practice
from harness.machine.device import is_here
from harness.machine.store import Store
from harness.request.cell import Cell, by_model
from harness.request.manifest import BuiltBase, LocalBase, PinnedBase
from harness.request.suite import Suite
from harness.stages import base_model, gradient_cache, half_precision, tasks
from harness.stages.checkpoint import checkpoint_model
from harness.stages.consult import on_expert
from harness.stages.lineage import consult_key
from harness.stages.nli import inference
from harness.stages.prepare import prepare
from harness.stages.published_rows import published_rows
from harness.stages.stage_settings import all_passages
from harness.types import Data, Need
from harness.vectors.model_kind import check_kind

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def preflight(cells: Sequence[Cell], store: Store, *, download: bool = True) -> dict[str, str]:
    """Read and check the data of every language of `cells`, which are of one plan, and try its base models and experts.

    Return the dtype in which each base model that was tried encodes, as found in it, by the model's name. Without
    `download`, a model that is not in the hub's cache must be on the hub, and is not tried. Raises DataError or
    RequestError; nothing has been written to the output folder by then. On a machine that lacks the cells' device, such
    as a login node, models are opened and not tried.
    """
    if is_here(cells[0].place.device):
        half_precision.check(cells)
    with nullcontext() if download else hub_encoders.without_downloads():
        return {model: _preflight(group, store, download) for model, group in by_model(cells).items()}


def _preflight(cells: Sequence[Cell], store: Store, download: bool) -> str:
    data = _check_data(cells, store)
    tasks.check_data(cells)
    forecast.check_reachable(cells, Store(cells[0].place.cache))
    forecast.check_models(cells, download=download)
    if is_here(cells[0].place.device):
        _try_experts(cells, store)
    suite, place, trains = cells[0].suite, cells[0].place, any(cell.method is not None for cell in cells)
    if isinstance(suite.base_model, BuiltBase):
        unrestricted = all_passages(suite)
        for language in suite.languages:
            prepare(unrestricted, language, place, store)
        _open_checkpoints(cells, store)
        gradient_cache.check(cells, lambda: base_model.check_opens(suite, place, store))
        return ""
    if not download and not _base_is_here(suite):
        return ""
    model = base_model.check_opens(suite, place, store, trains=trains)
    _check_adapters(cells, model)
    gradient_cache.check(cells, lambda: model)
    _open_checkpoints(cells, store)
    practice.check_dimensions(cells, model.get_embedding_dimension() or 0)
    if not is_here(place.device):
        return ""
    folder = base_model.base_model(suite, place, store)
    name = f"base model {base_model.name_of(suite, folder)}"
    dtype = model_trial.check_encodes(folder, cells[0], name, store, model)
    model_trial.check_trains(folder, cells, data, name, model)
    return dtype


def _check_data(cells: Sequence[Cell], store: Store) -> dict[str, Data]:
    """Return the data of each language, with what the methods of its cells need."""
    checked = {}
    for language in dict.fromkeys(cell.language for cell in cells):
        group = [cell for cell in cells if cell.language == language]
        suite, place = group[0].suite, group[0].place
        suite_files.check_declared(suite, language, data_dir=place.data_dir, cache_dir=place.cache)
        data = prepare(suite, language, place, store)
        for cell in group:
            data = inference(cell, data, store)
            practice.check_data(cell, published_rows(cell, data, store))
        checked[language] = data
    return checked


def _try_experts(cells: Sequence[Cell], store: Store) -> None:
    """Try the published encoders that will be consulted; one that is not in the hub's cache must be on the hub."""
    asked = next((cell for cell in cells if Need.EXPERT_SCORES in cell.needs and not _consulted(cell, store)), None)
    for expert in asked.suite.experts if asked else ():
        if asked is None or not isinstance(expert.encoder, PinnedBase):
            continue
        hub_encoders.check_available(expert.encoder, "expert")
        if hub_encoders.cached(expert.encoder) is not None:
            folder = hub_encoders.snapshot(expert.encoder, "expert")
            name = f"expert '{expert.name}' ({expert.encoder.id}@{expert.encoder.revision})"
            check_kind(folder, name)
            model_trial.check_encodes(folder, on_expert(asked, expert), name, store)


def _base_is_here(suite: Suite) -> bool:
    """Return whether no file of the base is missing here; raises RequestError where the hub does not have it either."""
    base = suite.base_model
    published = base.adapts if isinstance(base, LocalBase) else base
    if not isinstance(published, PinnedBase):
        return True
    hub_encoders.check_available(published)
    return hub_encoders.cached(published) is not None


def _consulted(cell: Cell, store: Store) -> bool:
    return store.has("consult", consult_key(cell))


def _open_checkpoints(cells: Sequence[Cell], store: Store) -> None:
    """Open the published weights of the entries that have them; raises RequestError where they cannot be opened."""
    for cell in cells:
        if cell.entry.checkpoint:
            for adapter in cell.adapters:
                adapter.register()
            checkpoint_model(cell, store)


def _check_adapters(cells: Sequence[Cell], model: SentenceTransformer) -> None:
    """Reject an entry with an adapter that cannot change this base model, as its `problem(model)` says."""
    for cell in {cell.entry.name: cell for cell in cells}.values():
        for name, adapter in zip(cell.entry.adapters, cell.adapters, strict=True):
            problem = adapter.problem(model) if hasattr(adapter, "problem") else ""
            if problem:
                raise RequestError(f"{cell.entry.name} on this base model: {name}: {problem}; leave the entry out")
