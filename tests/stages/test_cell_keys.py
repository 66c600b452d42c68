"""The keys of the cells of bundled suites are those of the committed golden file: caches stay valid."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.commands import read_json

from harness.execution import plan
from harness.request.request import Request
from harness.stages.lineage import record_key, retrieve_key, train_key

GOLDEN = Path(__file__).with_name("cell_keys.json")  # name of a request → cell → keys of record, model and ranking
PRACTICES = ["mnrl-best", "mnrl-cv", "infonce-ance-iterative", "mnrl-matryoshka", "mnrl-nli"]
SWEEP = ["clpl.penalty_weight=0.1,0.5", "train.epochs=1,2", "entry.dimensions=[32]", "evaluate.dimensions=[16]"]
REQUESTS: dict[str, tuple[str, Sequence[str], Sequence[int], int | None, Sequence[str]]] = {
    "mini": ("mini", ["all"], [0, 1, 2], None, []),
    "wikiqa --max-train 600": ("wikiqa", ["all"], [0, 1, 2], 600, []),
    "mini published and practice": ("mini", ["all@published", *PRACTICES], [0], None, []),
    "miracl": ("miracl", ["all"], [0], None, ["train.precision=float32"]),
    "mini sweep": (
        "mini",
        ["clpl-moe", "clpl-moe@published", "infonce-ance-iterative"],
        [0],
        None,
        [*SWEEP, "text.title=false", "train.learning_rate=0.01"],
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_the_keys_of_all_cells_are_those_of_the_golden_file(name: str) -> None:
    suite, methods, seeds, max_train, settings = REQUESTS[name]
    request = Request(
        suite=suite, methods=tuple(methods), seeds=tuple(seeds), max_train=max_train, settings=tuple(settings)
    )
    cells = plan.make(request, Path("/nowhere")).cells
    keys = {
        str(cell): [
            record_key(cell),
            "" if cell.entry.method == "bm25" else train_key(cell),
            retrieve_key(cell),
        ]
        for cell in cells
    }
    assert keys == read_json(GOLDEN)[name]
