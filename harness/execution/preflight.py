"""Checks that need the data and the base model, made before the first cell starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.data import suite_files
from harness.errors import RequestError
from harness.execution import forecast, practice
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import BuiltBase
from harness.stages import base_model, tasks
from harness.stages.checkpoint import checkpoint_model
from harness.stages.nli import inference
from harness.stages.prepare import prepare
from harness.stages.published_rows import published_rows
from harness.stages.stage_settings import all_passages

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def preflight_models(cells: Sequence[Cell], store: Store) -> None:
    """Check the cells of one plan, base model by base model; raises what `preflight` raises."""
    by_model: dict[str, list[Cell]] = {}
    for cell in cells:
        by_model.setdefault(cell.entry.model, []).append(cell)
    for group in by_model.values():
        preflight(group, store)


def preflight(cells: Sequence[Cell], store: Store) -> None:
    """Read and check the data of every language of `cells`, which are of one plan and one base model, and open it.

    Raises DataError or RequestError; nothing has been written to the output folder by then.
    """
    _check_data(cells, store)
    tasks.check_data(cells)
    forecast.check_models(cells)
    suite, place = cells[0].suite, cells[0].place
    if isinstance(suite.base_model, BuiltBase):
        unrestricted = all_passages(suite)
        for language in suite.languages:
            prepare(unrestricted, language, place, store)
        _open_checkpoints(cells, store)
        return
    model = base_model.check_opens(suite, place, store)
    _check_adapters(cells, model)
    _open_checkpoints(cells, store)
    practice.check_dimensions(cells, model.get_embedding_dimension() or 0)


def _check_data(cells: Sequence[Cell], store: Store) -> None:
    for language in dict.fromkeys(cell.language for cell in cells):
        group = [cell for cell in cells if cell.language == language]
        suite, place = group[0].suite, group[0].place
        suite_files.check_declared(suite, language, data_dir=place.data_dir, cache_dir=place.cache)
        data = prepare(suite, language, place, store)
        for cell in group:
            inference(cell, data, store)
            practice.check_data(cell, published_rows(cell, data, store))


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
