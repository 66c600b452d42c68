"""The open tables of a record besides its scores, whole and small."""

from __future__ import annotations

from typing import Any

TASK: dict[str, Any] = {
    **{"type": "STS", "dataset": "some/sts", "subset": "default", "split": "test", "revision": "a", "mteb": "2"},
    **{"main_score": "cosine_spearman", "value": 0.5, "scores": {"cosine_spearman": 0.5}, "seconds": 1.0},
}
GEOMETRY = {
    "before": {"uniformity": -1.0, "alignment": 1.0, "anisotropy": 0.5},
    "after": {"uniformity": -2.0, "alignment": 0.75, "anisotropy": 0.25},
}
FOLDS: dict[str, Any] = {
    "folds": 2,
    "queries": [8, 8],
    "models": ["a", "b"],
    "measures": {"AP": {"mean": 0.5, "per_fold": [0.25, 0.75]}},
}
AGREEMENT: dict[str, Any] = {"experts": ["a", "b"], "W": 0.5, "p": 0.5, "pairs": 10, "tau": {"a": {"b": 0.25}}}
