"""Inference: the NLI triples of a language, for the cells that train on them; the others do without their files."""

from __future__ import annotations

from dataclasses import asdict, replace

from harness.data.load import load_nli
from harness.data.unverified import check_unchanged
from harness.keys import key
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.suite import Suite
from harness.types import Data, Need, NliTriple

VERSION = 1
STAGE = "inference"


def key_of(suite: Suite, language: str) -> str:
    """Return the key: the declared files, how many triples they hold, and what was accepted in their place."""
    declared = suite.languages[language]
    source = declared.nli.model_dump(mode="json") if declared.nli else None
    return key(STAGE, VERSION, [], [language, source, declared.counts.nli, suite.unverified.get(language, "")])


def keys_of(cell: Cell) -> list[str]:
    """Return the key of what the cell reads, none where it reads none."""
    return [key_of(cell.suite, cell.language)] if Need.NLI in cell.needs else []


def inference(cell: Cell, data: Data, store: Store) -> Data:
    """Return the data with its NLI triples, where the cell asks for them."""
    if Need.NLI not in cell.needs:
        return data

    def compute() -> list[dict[str, str]]:
        place = cell.place
        check_unchanged(cell.suite, cell.language, data_dir=place.data_dir, cache_dir=place.cache)
        read = load_nli(cell.suite, cell.language, data_dir=place.data_dir, cache_dir=place.cache)
        return [asdict(triple) for triple in read.triples]

    rows = store.read_json(STAGE, key_of(cell.suite, cell.language), compute)
    return replace(data, nli=tuple(NliTriple(**row) for row in rows))
