"""Result folders whose quality is known, for the gate and the comparison."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from support.fake_records import UNTRAINED, provenance, put

from harness.keys import derive, digest

SUITE: Mapping[str, Any] = {
    "name": "fake",
    "title": "Fake",
    "base_model": {"layers": 2},
    "training": {"ranking": {"epochs": 3}},
    "max_train": 40,
    "text": {"title": True},
}
MEASURES = ("nDCG@10", "R@100")


def write(  # noqa: PLR0913 - one parameter a thing that a test varies
    folder: Path,
    entries: Sequence[str] = ("base", "mnrl"),
    seeds: Sequence[int] = (0, 1, 2),
    *,
    losses: Mapping[str, float] | None = None,
    spread: float = 0.002,
    draw: int = 0,
    n: int = 120,
    suite: Mapping[str, Any] = SUITE,
    changes: Mapping[str, Any] | None = None,
) -> Path:
    """Write a run in Korean: each query has its own level, each seed its own, and an entry loses what `losses` says.

    `draw` varies the noise of the seeds, `changes` what the records say of their origin.
    """
    queries = np.random.Generator(np.random.PCG64(7)).uniform(0.3, 0.7, n)
    for entry in entries:
        for seed in [0] if entry in UNTRAINED else seeds:
            generator = np.random.Generator(np.random.PCG64(derive(draw, entry, seed)))
            noise = 0 if entry in UNTRAINED else spread * generator.normal() + generator.normal(0, 0.02, n)
            values = queries + noise - (losses or {}).get(entry, 0.0)
            scores = {m: {f"q{i:03}": float(value) for i, value in enumerate(values)} for m in MEASURES}
            known = provenance(entry, "ko", seed if entry not in UNTRAINED else None)
            known |= {"suite_digest": digest(suite), "evaluation": {"primary": "nDCG@10"}, **(changes or {})}
            put(folder, (entry, "ko", seed), scores, provenance=known)
    resolved = {"suite": "fake", "entries": {entry: {} for entry in entries}, "languages": ["ko"], "seeds": list(seeds)}
    run = {
        "resolved": {**resolved, "primary": "nDCG@10"},
        "request": {"methods": list(entries)},
        "suite": suite,
        "suite_digest": digest(suite),
    }
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    return folder
