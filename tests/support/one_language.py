"""Folders of one language: what the committed results have of it, a study with a sweep, and named base models."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from support.fake_records import draw, put
from support.model_runs import folder_of
from support.swept_records import put_swept

RESULTS = Path(__file__).resolve().parents[2] / "results"
OTHER = (  # of which a page of one language may speak: other averages than that of its languages
    "average precision",
    "average over a tenth of the steps",
    "hi and their average",  # of published numbers
)


def committed(folder: Path) -> Path:
    """The Korean records of results/mini: contrasts, claims, geometry, experts, learning curves, an anchor."""
    for entry in (RESULTS / "mini/records").iterdir():
        shutil.copytree(entry / "ko", folder / "records" / entry.name / "ko")
    run = json.loads((RESULTS / "mini/run.json").read_text(encoding="utf-8"))
    run["request"]["languages"] = run["resolved"]["languages"] = ["ko"]
    run["suite"]["languages"] = {"ko": run["suite"]["languages"]["ko"]}
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")
    return folder


def study(folder: Path) -> Path:
    """Two sweeps, labelled pairs and truncated vectors."""
    pairs = {"AUPRC": 0.5, "queries": 2, "relevant": 2, "sampled": 4}
    for entry in ("base", "mnrl"):
        cell = (entry, "ko", 0)
        scores = draw(*cell, 2, ("AP",))
        renamed = {"AP": dict(zip("ab", scores["AP"].values(), strict=True))}
        put(folder, cell, renamed, pairs=pairs, by_dimension={"8": {"AP": 0.4}, "4": {"AP": 0.3}})
    for weight, experts in ((0.1, 2), (0.5, 2), (0.1, 4), (0.5, 4)):
        put_swept(folder, {"clpl.penalty_weight": weight, "moe.experts": experts}, {"ko": weight})
    for temperature in (0.1, 0.2):  # of one setting: its figure has one line
        put_swept(folder, {"mnrl.temperature": temperature}, {"ko": temperature}, origin="mnrl")
    return folder


def models(folder: Path) -> Path:
    """Two named base models."""
    return folder_of(folder, entries=("base", "bm25", "mnrl"), languages=("ko",))


FOLDERS: dict[str, Callable[[Path], Path]] = {"committed": committed, "study": study, "models": models}


def speaks_of_an_average(text: str) -> list[str]:
    """Return the lines that speak of an average over the languages of a folder."""
    lines = text.lower().splitlines()
    for phrase in OTHER:
        lines = [line.replace(phrase, "") for line in lines]
    return [line for line in lines if "average" in line]
