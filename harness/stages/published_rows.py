"""Published rows: those that a paper's authors trained on, in place of the suite's training queries.

Only entries under `@published` that ask for them (`rows = "published"`) train on them, on suites that declare them.
They are drawn as the authors' code draws them (harness.stages.epoch_rows).
"""

from __future__ import annotations

import json
from typing import Any

from harness.data.declared_files import path_of
from harness.data.published_rows_file import read, with_published_rows
from harness.data.suite_files import lookup_of
from harness.data.train_row import Row
from harness.data.validation import normalized
from harness.machine.file_hashes import file_sha256
from harness.machine.store import VALUE, Store
from harness.request.cell import Cell
from harness.stages.lineage import rows_key
from harness.stages.stage_settings import declared_rows
from harness.types import Data

STAGE = "published-rows"
FIELDS = ("where", "query", "positives", "negatives", "negative_queries")


def published_rows(cell: Cell, data: Data, store: Store) -> Data:
    """Return the data with the authors' rows; as they are for a cell that does not train on these.

    Raises DataError for a file that is missing, does not have the declared hash, or does not hold rows.
    """
    if declared_rows(cell) is None:
        return data
    value = store.read_json(STAGE, rows_key(cell), lambda: _read(cell, data))
    rows = [
        Row(where, query, tuple(positives), tuple(negatives), tuple(queries))
        for where, query, positives, negatives, queries in value["rows"]
    ]
    return with_published_rows(data, rows, cell.suite.max_train)


def rows_file(cell: Cell, store: Store) -> dict[str, Any] | None:
    """Return origin, hashes, size and counts of the file, as found when it was read; None where none was."""
    folder = store.find(STAGE, rows_key(cell)) if declared_rows(cell) is not None else None
    if folder is None:
        return None
    stored: dict[str, Any] = json.loads((folder / VALUE).read_text(encoding="utf-8"))["file"]
    return stored


def _read(cell: Cell, data: Data) -> dict[str, Any]:
    declared = declared_rows(cell)
    assert declared is not None
    suite, place = cell.suite, cell.place
    path = path_of(declared, lookup_of(suite, place.data_dir, place.cache, cell.language))
    result = read(path, frozenset(normalized(data.queries[query]) for query in data.dev))
    file = {
        "url": declared.url,
        "hash": declared.hash,
        "sha256": file_sha256(path),
        "bytes": path.stat().st_size,
        **result.counts,
    }
    return {"file": file, "rows": [[getattr(row, name) for name in FIELDS] for row in result.rows]}
