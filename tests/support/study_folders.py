"""Result folders of known gains, for a synthesis: each with queries of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from support.fake_records import UNTRAINED, provenance, put

from harness.keys import derive


def study_folder(
    folder: Path,
    gains: Mapping[str, Mapping[str, float]],
    seeds: Sequence[int] = (0, 1, 2),
    *,
    data: str | None = None,
    measures: Sequence[str] = ("nDCG@10", "R@100"),
    said: Mapping[str, Mapping[str, Any]] | None = None,
    suite: str = "fake",
    n: int = 60,
) -> Path:
    """Write a run: `gains` maps each entry to its gain over the queries' own level, by language. Return the folder.

    `data` names the queries, by default the folder's name: folders of one `data` share them, and the cells of equal
    entries. `said` changes what the records say of an entry.
    """
    data = data or folder.name
    for entry, by_language in gains.items():
        for language, gain in by_language.items():
            levels = _generator(0, data, language).uniform(0.3, 0.5, n)
            for seed in seeds[:1] if entry in UNTRAINED else seeds:
                noise = 0 if entry in UNTRAINED else _generator(seed, data, language, entry).normal(0, 0.03, n)
                values = dict(zip([f"{data}-{i}" for i in range(n)], (levels + gain + noise).tolist(), strict=True))
                known = provenance(entry, language, seed if entry not in UNTRAINED else None)
                known["entry"] |= (said or {}).get(entry, {})
                known["data"] = {"digests": {"queries": f"queries {data} {language}"}}
                ranking = {query: [("doc-1", value)] for query, value in values.items()}
                scores = dict.fromkeys(measures, values)
                put(folder, (entry, language, seed), scores, ranking, suite=suite, provenance=known)
    languages = list(dict.fromkeys(language for by_language in gains.values() for language in by_language))
    entries: dict[str, Any] = {entry: {} for entry in gains}
    resolved = {"suite": suite, "entries": entries, "languages": languages, "primary": measures[0]}
    (folder / "run.json").write_text(json.dumps({"resolved": resolved}), encoding="utf-8")
    return folder


def over_base(folder: Path, gains: Mapping[str, float], **options: Any) -> Path:
    """Write a run of `mnrl` with these gains over `base`, by language."""
    return study_folder(folder, {"base": dict.fromkeys(gains, 0.0), "mnrl": gains}, **options)


def _generator(seed: int, *names: str) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(derive(seed, *names)))
