"""Folders whose records say all that an entry's page shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.fake_records import draw, put, put_failed

from harness.keys import derive
from harness.machine.stage_run import Cost, StageRun
from harness.results.record import Record

MEASURES = ("nDCG@10", "AP")
REQUEST: Mapping[str, Any] = {"suite": "fake", "device": "cpu", "seeds": [0, 1], "data_dir": None, "set": []}
ENTRY: Mapping[str, Any] = {
    "title": "ANCE-CLP",
    "about": "a penalty that keeps negatives near",
    "paper": "arXiv 2412.17364",
    "recipe": "corrected",
    "method": "clpl",
    "adapters": ["moe"],
    "negatives": "ance",
    "departures": ["in-batch negatives added", "one penalty a batch"],
    "settings": {"clpl": {"temperature": 0.1}},
    "plugins": {"clpl": "a" * 64, "moe": "b" * 64},
    "equations": {"clpl": "L = (1-λ) · InfoNCE\nλ   weight", "moe": "y = Σ w_e f_e(x)"},
}


def cell(folder: Path, entry: str, language: str, seed: int, **changes: Any) -> Record:
    """Write a done cell; `changes` are of what its record says of its entry."""
    name = (entry, language, seed)
    said: dict[str, Any] = {
        "entry": {"name": entry, **ENTRY, **changes},
        "model": {"sha256": f"{derive(*name):064x}", "weights": {"model.safetensors": f"{derive(1, *name):064x}"}},
        "training": {"settings": {"epochs": 3.0}, "losses": [3.25, 2.5, 0.125 + seed], "steps": 3},
        "environment": {"python": "3.11.2", "packages": {"torch": "2.13.0"}},
        "data": {"digests": {"corpus": f"corpus of {language}"}, "passages": 192},
        "energy": {"cpu_joules": 1234.5, "kind": "measured", "scope": "whole devices"},
        "ties": 10 + seed,
    }
    stages = (
        StageRun(stage="prepare", key="a" * 64, seconds=0.01, cached=True, cost=Cost(seconds=0.25, peak_bytes=1 << 20)),
        StageRun(stage="train", key="b" * 64, seconds=5.5, cached=False),
    )
    fields = {"stages": stages, "seconds": 6.5, "peak_memory_bytes": 580403200, "provenance": said, "trained": True}
    before = {"alignment": 1.0, "anisotropy": 0.5, "uniformity": -2.0}
    after = {"alignment": 1.5, "anisotropy": 0.25, "uniformity": -2.5 - seed}
    fields["geometry"] = {"before": before, "after": after}
    return put(folder, name, draw(*name, 5, MEASURES), **fields)


def run(folder: Path, languages: tuple[str, ...] = ("ko", "fa"), **request: Any) -> Path:
    """Write run.json of a folder."""
    said = {"request": {**REQUEST, **request}, "resolved": {"languages": list(languages), "primary": "nDCG@10"}}
    (folder / "run.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


def folder_of(folder: Path) -> Path:
    """Write `base`, `clpl` and `clpl@published` in two languages and two seeds, one cell failed, and a failed entry."""
    for language in ("ko", "fa"):
        put(folder, ("base", language, 0), draw("base", language, 0, 5, MEASURES))
        for seed in (0, 1):
            cell(folder, "clpl@published", language, seed, recipe="published")
            if (language, seed) != ("fa", 1):
                cell(folder, "clpl", language, seed)
    put_failed(folder, ("clpl", "fa", 1), "out of memory at step 7", provenance={"entry": {"name": "clpl", **ENTRY}})
    put_failed(folder, ("broken", "ko", 0), "it diverged", provenance={"entry": {"name": "broken", **ENTRY}})
    (folder / "records/clpl/fa/1.log").write_text("Traceback", encoding="utf-8")
    return run(folder)
