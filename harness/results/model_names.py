"""What base models in folders are called: by their model card, else by their folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from harness.results.flatten import flatten
from harness.results.record import Record

DIGITS = 12  # of a sha256, beside a name


def model_names(records: Iterable[Record]) -> dict[str, str]:
    """Return sha256 of a base model's folder → its name, where the record has one."""
    names = ((record.value("base_model", "sha256"), record.value("base_model_name")) for record in records)
    return {str(sha256): str(name) for sha256, name in names if sha256 and name}


def base_text(base: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return a base model in words, as a record or run.json has it.

    >>> base_text({"id": "org/e5", "revision": "1f"}, {}), base_text({"layers": 2}, {})
    ('org/e5@1f', "built from the suite's own passages (layers 2)")
    """
    if "id" in base:
        return f"{base['id']}@{base.get('revision', 'unknown')}"
    if "sha256" in base:
        return folder_text(base, names)
    return f"built from the suite's own passages ({', '.join(f'{name} {text}' for name, text in flatten(base))})"


def folder_text(base: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return a base model in a folder in words; without a name, which older records lack, with the whole digest.

    >>> folder_text({"sha256": 64 * "1"}, {64 * "1": "e5"}), folder_text({"sha256": "1f"}, {})
    ('e5 (sha256 111111111111)', 'a folder with sha256 1f')
    """
    sha256 = str(base["sha256"])
    name = names.get(sha256, "")
    return f"{name} (sha256 {sha256[:DIGITS]})" if name else f"a folder with sha256 {sha256}"
