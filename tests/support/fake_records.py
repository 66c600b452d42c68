"""Folders of made-up records, written as a run writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.keys import derive
from harness.results import record
from harness.results.record import Record
from harness.types import Ranking, Scores

MEASURES = ("nDCG@10", "nDCG@5", "R@100", "RR@10", "AP")
UNTRAINED = ("base", "bm25")


def draw(entry: str, language: str, seed: int, n: int, measures: Sequence[str] = MEASURES) -> Scores:
    """Return random scores of n queries in [0, 1), the same for the same names."""
    generator = np.random.Generator(np.random.PCG64(derive(seed, entry, language)))
    return {
        measure: {f"{language}-q{i:04}": float(value) for i, value in enumerate(generator.random(n))}
        for measure in measures
    }


def put(
    folder: Path, cell: tuple[str, str, int], scores: Scores, ranking: Ranking | None = None, **fields: Any
) -> Record:
    """Write the record of a cell (entry, language, seed) that is done; by default each query has one document."""
    entry, language, seed = cell
    queries = next(iter(scores.values()))
    trained = entry not in UNTRAINED
    defaults: dict[str, Any] = {
        "suite": "fake",
        "entry": entry,
        "language": language,
        "seed": seed,
        "trained": trained,
        "status": "done",
        "cell_key": f"{derive(seed, entry, language):064x}",
        "measures": {measure: sum(values.values()) / len(values) for measure, values in scores.items()},
        "n_queries": len(queries),
        "provenance": provenance(entry, language, seed if trained else None),
    }
    found = ranking or {query: [("doc-1", 1.0)] for query in queries}
    return record.write(folder, Record(**{**defaults, **fields}), scores, found)


def put_failed(folder: Path, cell: tuple[str, str, int], reason: str, **fields: Any) -> Record:
    """Write the record of a cell that failed."""
    entry, language, seed = cell
    defaults: dict[str, Any] = {"suite": "fake", "trained": True, "status": "failed", "cell_key": "0" * 64}
    named = {"entry": entry, "language": language, "seed": seed, "reason": reason}
    return record.write(folder, Record(**{**defaults, **named, **fields}))


def provenance(entry: str, language: str, seed: int | None) -> dict[str, Any]:
    """Return provenance as a cell leaves it; `seed` is None where nothing is trained."""
    return {
        "entry": {
            "name": entry,
            "title": f"Title of {entry}",
            "paper": "https://example.org/paper",
            "recipe": "corrected",
        },
        "model": None if seed is None else {"sha256": f"{derive(seed, entry, language, 'weights'):064x}"},
        "data": {"digests": {"corpus": f"corpus of {language}"}},
        "environment": {"python": "3.12.1", "packages": {"ir-measures": "0.4.3", "torch": "2.13.0"}},
    }


def board(folder: Path, entries: Sequence[str], languages: Mapping[str, int], seeds: Sequence[int]) -> Path:
    """Write a whole run: `languages` maps each language to its number of queries. Return the folder."""
    for entry in entries:
        for language, n in languages.items():
            for seed in seeds[:1] if entry in UNTRAINED else seeds:
                put(folder, (entry, language, seed), draw(entry, language, seed, n))
    resolved = {
        "suite": "fake",
        "entries": {entry: {} for entry in entries},
        "languages": list(languages),
        "seeds": list(seeds),
    }
    run = {"resolved": {**resolved, "primary": "nDCG@10"}, "command": ["harness", "run", "--out", "my dir"]}
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    return folder


BGE = {"id": "BAAI/bge-m3", "revision": "5617a9f61b028005a4858fdac845db406aefb181"}


def miracl_board(folder: Path) -> Path:
    """Write a run of MIRACL in Korean without titles: base 0.25, clpl@published 0.75, its control 0.5."""
    for entry, value in (("base", 0.25), ("infonce-ance@published", 0.5), ("clpl@published", 0.75)):
        put(folder, (entry, "ko", 0), {"nDCG@5": {"a": value, "b": value}}, suite="miracl")
    suite = {"name": "miracl", "tier": "full", "text": {"title": False}, "base_model": BGE}
    (folder / "run.json").write_text(json.dumps({"suite": suite, "resolved": {"languages": ["ko"]}}))
    return folder
