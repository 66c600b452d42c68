"""Checkpoint: weights that a paper's authors published, opened by an entry's adapter in place of a training.

The output is a folder that `SentenceTransformer` opens, with `checkpoint.json` beside it: what was opened, as found.
Tokenizer and modules after the network are those of the suite's base model.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness.data import hub_encoders
from harness.errors import RequestError, short_reason
from harness.machine.file_hashes import file_sha256
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import LocalBase
from harness.stages.base_model import base_model
from harness.stages.lineage import checkpoint_key
from harness.vectors.encoder import open_model

SOURCE = "checkpoint.json"
WEIGHTS = ("*.safetensors", "*.bin", "config.json")  # the files that are opened


def check(cell: Cell) -> None:
    """Raise RequestError where an entry opens published weights that are not pinned, or has no adapter to open them."""
    entry = cell.entry
    if not entry.checkpoint:
        return
    if cell.method is not None or not hasattr(cell.adapters[-1] if cell.adapters else None, "load"):
        raise RequestError(
            f"{entry.name}: a checkpoint needs no method, and an adapter with 'load' that opens it, last"
        )
    if cell.language not in entry.checkpoints:
        name = entry.checkpoint.format(language=cell.language)
        commit = _commit(name)
        hint = f" (its main is now at {commit})" if commit else ""
        raise RequestError(
            f"{entry.name}, {cell.language}: no revision of {name} is pinned{hint}; "
            f"add --set checkpoint.{cell.language}={name}@{commit or 'REVISION'}, or a folder"
        )


def _commit(name: str) -> str:
    """Return the commit that the hub has for a model's main branch; "" where it does not answer."""
    import huggingface_hub

    try:
        return huggingface_hub.model_info(name, timeout=5).sha or ""
    except Exception:  # the look-up only completes an error message
        return ""


def checkpoint_model(cell: Cell, store: Store) -> Path:
    """Return the folder of the cell's model; raises RequestError for weights that cannot be had or opened."""
    base = base_model(cell.suite, cell.place, store)
    return store.make("checkpoint", checkpoint_key(cell), lambda folder: _write(cell, base, folder))


def _write(cell: Cell, base: Path, folder: Path) -> None:
    source = cell.entry.checkpoints[cell.language]
    published = source.path if isinstance(source, LocalBase) else hub_encoders.snapshot(source, "checkpoint")
    model = open_model(base, "cpu")
    adapter: Any = cell.adapters[-1]
    try:
        adapter.load(model, published)
    except ValueError as error:
        name = published if isinstance(source, LocalBase) else f"{source.id}@{source.revision}"
        problem = short_reason(error)
        raise RequestError(
            f"checkpoint {name} of {cell.entry.name}: {problem}; pin another, or leave it out"
        ) from error
    model.save_pretrained(str(folder), create_model_card=False)
    (folder / SOURCE).write_text(json.dumps(_as_found(cell, published)), encoding="utf-8")


def _as_found(cell: Cell, published: Path) -> dict[str, Any]:
    """Return the source as requested, the commit of the hub's snapshot, and the sha256 of the files that are opened."""
    source = cell.entry.checkpoints[cell.language]
    files = {path.name: file_sha256(path) for pattern in WEIGHTS for path in sorted(published.glob(pattern))}
    commit = {} if isinstance(source, LocalBase) else {"commit": published.name}
    return {**source.model_dump(mode="json"), **commit, "files": files}


def checkpoint_source(model: Path) -> dict[str, Any] | None:
    """Return what was opened as the model in a folder; None where it is not a published checkpoint."""
    path = model / SOURCE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
