"""Records of a sweep's entries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.fake_records import provenance, put

from harness.report.sweep_names import value_text

Values = dict[str, Any]


def name_of(values: Values, origin: str = "clpl-moe") -> str:
    return f"{origin}[{','.join(f'{target}={value_text(value)}' for target, value in values.items())}]"


def put_swept(folder: Path, values: Values, scores: dict[str, float], origin: str = "clpl-moe", seed: int = 0) -> str:
    """Write the records of a swept entry; `scores` is language → the score of every query."""
    name = name_of(values, origin)
    for language, score in scores.items():
        made = provenance(name, language, seed)
        made["entry"] |= {"origin": origin, "swept": values}
        put(folder, (name, language, seed), {"AP": {"a": score, "b": score}}, provenance=made)
    return name
