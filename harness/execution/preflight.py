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
from harness.stages.nli import inference
from harness.stages.prepare import prepare
from harness.stages.stage_settings import all_passages

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def preflight(cells: Sequence[Cell], store: Store) -> None:
    """Read and check the data of every language of `cells`, which are of one plan, and open its base model.

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
        return
    model = base_model.check_opens(suite, place, store)
    _check_adapters(cells, model)
    practice.check_dimensions(cells, model.get_embedding_dimension() or 0)


def _check_data(cells: Sequence[Cell], store: Store) -> None:
    for language in dict.fromkeys(cell.language for cell in cells):
        group = [cell for cell in cells if cell.language == language]
        suite, place = group[0].suite, group[0].place
        suite_files.check_declared(suite, language, data_dir=place.data_dir, cache_dir=place.cache)
        data = prepare(suite, language, place, store)
        for cell in group:
            inference(cell, data, store)
            practice.check_data(cell, data)


def _check_adapters(cells: Sequence[Cell], model: SentenceTransformer) -> None:
    """Reject an entry with an adapter that cannot change this base model, as its `problem(model)` says."""
    for cell in {cell.entry.name: cell for cell in cells}.values():
        for name, adapter in zip(cell.entry.adapters, cell.adapters, strict=True):
            problem = adapter.problem(model) if hasattr(adapter, "problem") else ""
            if problem:
                raise RequestError(f"{cell.entry.name} on this base model: {name}: {problem}; leave the entry out")
