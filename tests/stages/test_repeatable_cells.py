"""A whole cell of each practice, twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness import pipeline
from tests.stages.conftest import Workbench

EXAMPLES = ("mnrl-best", "mnrl-cv", "infonce-ance-iterative", "mnrl-matryoshka", "mnrl-nli")


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_cell_in_two_empty_stores_has_the_same_weights_files_and_measures(
    bench: Workbench, tmp_path: Path, name: str
) -> None:
    import torch

    results = []
    for number in (1, 2):
        torch.manual_seed(number)  # torch's generator must not matter
        store = bench.store()
        cell = bench.cell(name, store)
        if cell.entry.folds:
            cell = replace(cell, entry=cell.entry.model_copy(update={"folds": 2}))  # two show it as well as five
        record = pipeline.run(cell, store, tmp_path / str(number))
        assert record.provenance["model"] is not None
        measured = (record.measures, record.by_dimension, record.cross_validation)
        results.append((record.provenance["model"], record.provenance["training"], record.files, measured))
    assert results[0] == results[1]
