"""The model of a record: its folder in the cache with the bytes that were scored, or why it is not there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.export.run_export import RunExport
from harness.machine.file_hashes import folder_sha256
from harness.results.record import Record


def scored_model(run: RunExport, record: Record) -> Path | None:
    """Return the folder of a record's model if the cache still has it with the bytes that were scored, else None."""
    folder = run.artifact(record, "train" if record.trained else "base")
    return folder if folder is not None and folder_sha256(folder) == record.weights_sha256 else None


def why_absent(record: Record) -> str:
    """Return why the cache has no model of a record, and what to do where it was trained."""
    base: Mapping[str, Any] = record.provenance.get("base_model", {})
    if not record.trained and "id" in base:
        return f"it is {base['id']} at {base['revision']}, unchanged"
    if not record.trained and "sha256" in base:
        return "it is the folder that was given as the base model, unchanged"
    return "the cache no longer has it; run the command below with --keep-models all into a new folder, and export that"
