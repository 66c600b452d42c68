"""Inference: the NLI triples of a language, for cells that train on them; other cells do not need their files.

With `nli.minimum_quality` they are those of the rows of at least this score; how many is kept with the output.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from harness.data.load import load_nli
from harness.data.unverified import check_unchanged
from harness.machine.stage_run import StageRun
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages.lineage import inference_key
from harness.types import Data, Need, NliTriple

SELECTED = "nli_selected"  # in what the stage found: minimum, rows, kept, triples


def inference(cell: Cell, data: Data, store: Store) -> Data:
    """Return the data with its NLI triples, where the cell needs them."""
    if Need.NLI not in cell.needs:
        return data

    def compute() -> list[dict[str, str]]:
        place, minimum = cell.place, cell.entry.minimum_quality
        check_unchanged(cell.suite, cell.language, data_dir=place.data_dir, cache_dir=place.cache)
        read = load_nli(cell.suite, cell.language, minimum, data_dir=place.data_dir, cache_dir=place.cache)
        if read.selected:
            store.note(**{SELECTED: {"minimum": minimum, **read.selected, "triples": len(read.triples)}})
        return [asdict(triple) for triple in read.triples]

    rows = store.read_json("inference", inference_key(cell), compute)
    return replace(data, nli=tuple(NliTriple(**row) for row in rows))


def selected(runs: Iterable[StageRun]) -> Mapping[str, Any]:
    """Return the minimum quality of a cell's NLI rows, their number, that of the kept ones and of their triples.

    {} where no quality was asked for.
    """
    return next((run.found[SELECTED] for run in runs if SELECTED in run.found), {})
