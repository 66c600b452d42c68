"""Training rows in the format of the CLP paper's authors: generated texts, declared by the hash of their git blob."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.request.data_sources import PublishedRows
from harness.request.suite import Suite

NAME = "ko_CLPL_train_data.jsonl"


def row(number: int, positives: int = 2, negatives: int = 6) -> dict[str, Any]:
    """Return one row, whose texts name their row and place."""
    return {
        "query": f"query {number}",
        "pos": [f"positive {number} {place}" for place in range(positives)],
        "neg": [f"negative {number} {place}" for place in range(negatives)],
        "neg_q": [f"answered {number} {place}" for place in range(negatives)],
    }


def git_blob(content: bytes) -> str:
    return hashlib.sha1(b"blob " + str(len(content)).encode() + b"\0" + content).hexdigest()


def lines(rows: Sequence[Any]) -> bytes:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in rows).encode()


def declared(content: bytes, url: str = "https://example.org/rows.jsonl") -> PublishedRows:
    """Declare a file with this content, as a manifest does."""
    return PublishedRows(
        path=f"clp/{NAME}", url=url, git_blob=git_blob(content), licence="CC0-1.0", citation="generated"
    )


def with_published_rows(suite: Suite, rows: PublishedRows | None) -> Suite:
    """Return a suite whose language ko declares the rows."""
    language = suite.languages["ko"].model_copy(update={"published_rows": rows})
    return suite.model_copy(update={"languages": {**suite.languages, "ko": language}})


def written(folder: Path, content: bytes) -> Path:
    """Return a data folder that holds the file."""
    (folder / NAME).write_bytes(content)
    return folder
