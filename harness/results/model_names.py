"""What the model cards of base models in folders call them, as records have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.results.record import Record


def model_names(records: Iterable[Record]) -> dict[str, str]:
    """Return sha256 of a base model's folder → the name in its model card, where it has one."""
    names = ((record.value("base_model", "sha256"), record.value("base_model_name")) for record in records)
    return {str(sha256): str(name) for sha256, name in names if sha256 and name}


def folder_text(base: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return a base model in a folder in words.

    >>> folder_text({"sha256": "1f"}, {"1f": "e5"}), folder_text({"sha256": "1f"}, {})
    ('e5, a folder with sha256 1f', 'a folder with sha256 1f')
    """
    name = names.get(str(base["sha256"]), "")
    return f"{name}, a folder with sha256 {base['sha256']}" if name else f"a folder with sha256 {base['sha256']}"
