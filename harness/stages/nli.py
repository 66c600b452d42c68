"""Inference: the NLI triples of a language, for cells that train on them; other cells do not need their files."""

from __future__ import annotations

from dataclasses import asdict, replace

from harness.data.load import load_nli
from harness.data.unverified import check_unchanged
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages.lineage import inference_key
from harness.types import Data, Need, NliTriple


def inference(cell: Cell, data: Data, store: Store) -> Data:
    """Return the data with its NLI triples, where the cell needs them."""
    if Need.NLI not in cell.needs:
        return data

    def compute() -> list[dict[str, str]]:
        place = cell.place
        check_unchanged(cell.suite, cell.language, data_dir=place.data_dir, cache_dir=place.cache)
        read = load_nli(cell.suite, cell.language, data_dir=place.data_dir, cache_dir=place.cache)
        return [asdict(triple) for triple in read.triples]

    rows = store.read_json("inference", inference_key(cell.suite, cell.language), compute)
    return replace(data, nli=tuple(NliTriple(**row) for row in rows))
