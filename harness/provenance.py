"""Where a number comes from: code, packages, machine, data, model and every setting."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from harness.keys import digest, file_sha256, folder_sha256
from harness.machine.hardware import environment
from harness.machine.store import Store
from harness.machine.torch_state import torch_state
from harness.request.cell import Cell
from harness.request.manifest import LocalBase
from harness.stages.base_model import base_model
from harness.stages.lineage import VERSIONS, base_digest_key
from harness.stages.train import LOG
from harness.stages.training_rows import WRITER_STAGES
from harness.types import Data

WEIGHTS = ("*.safetensors", "pytorch_model*.bin")  # files that hold a network's parameters

__all__ = ["code", "environment", "provenance"]


def provenance(cell: Cell, data: Data, model: Path | None, ties: int) -> dict[str, Any]:
    """Return everything that decided this cell's numbers; `ties` is the number of tied neighbours in its ranking."""
    return {
        "entry": cell.described(),
        "base_model": cell.suite.base_model.model_dump(mode="json"),
        "base_model_sha256": _base_sha256(cell) if model is not None else None,
        "model": _model(model),
        "computation": _computation(cell, model),
        "training": _training(cell, model),
        "text": cell.suite.text.model_dump(),
        "evaluation": {**cell.suite.evaluation.model_dump(), "score_version": VERSIONS["score"]},
        "data": {
            "digests": data.digests,
            "passages": len(data.passages),
            "train_queries": len(data.train),
            "dev_queries": len(data.dev),
            "nli": len(data.nli),
            "max_train": cell.suite.max_train,
            "unverified": cell.suite.unverified.get(cell.language),
        },
        "writers": _writers(cell),
        "ties": ties,
        "suite_digest": cell.suite.digest,
        "environment": {**environment(), "device": cell.place.device, **torch_state()},
        "code": code(),
    }


def _model(folder: Path | None) -> dict[str, Any] | None:
    if folder is None:
        return None
    weights = sorted(path for pattern in WEIGHTS for path in folder.rglob(pattern))
    hashes = {path.relative_to(folder).as_posix(): file_sha256(path) for path in weights}
    return {"sha256": folder_sha256(folder), "weights": hashes}


def _base_sha256(cell: Cell) -> str:
    """Return the digest of the base model's files; of a pinned one, as it was when this cache first used it."""
    base, place, store = cell.suite.base_model, cell.place, Store(cell.place.cache)
    if isinstance(base, LocalBase):
        return base.sha256

    def compute() -> str:
        return folder_sha256(base_model(cell.suite, place, store))

    sha256: str = store.read_json("base-digest", base_digest_key(cell.suite), compute)
    return sha256


def _writers(cell: Cell) -> dict[str, Any]:
    """Return stage → who wrote the cell's queries, with which prompt and settings, and how many."""
    provenances = {stage.name: stage.provenance(cell) for stage in WRITER_STAGES}
    return {name: provenance for name, provenance in provenances.items() if provenance is not None}


def _computation(cell: Cell, model: Path | None) -> dict[str, Any] | None:
    """Return the arithmetic of the network: dtypes, and the attention that transformers chooses for it."""
    if model is None:
        return None
    return {
        "encode_dtype": cell.suite.evaluation.precision,
        "encode_batch_size": cell.suite.evaluation.encode_batch_size,
        "train_dtype": cell.training.precision if cell.method else None,
        "train_batch_size": cell.training.batch_size if cell.method else None,
        "attention_implementation": _attention(model),
    }


def _attention(folder: Path) -> str | None:
    """Return what transformers computes attention with; None where the folder holds no transformers network."""
    import torch
    from transformers import AutoConfig, AutoModel

    configs = [path for path in (folder / "config.json", *sorted(folder.glob("*/config.json"))) if path.is_file()]
    for config in configs:
        if "model_type" in json.loads(config.read_text(encoding="utf-8")):
            with torch.device("meta"):  # transformers chooses when it builds a network; no weights are needed
                network = AutoModel.from_config(AutoConfig.from_pretrained(config.parent))  # type: ignore[no-untyped-call]
            return str(network.config._attn_implementation)
    return None


def _training(cell: Cell, model: Path | None) -> dict[str, Any] | None:
    if cell.method is None or model is None:
        return None
    families = sorted({method.family for method in (cell.method, *cell.joined.values())})
    return {
        "settings": cell.training.model_dump(),
        "families": families,
        **json.loads((model / LOG).read_text(encoding="utf-8")),
    }


@cache
def code() -> dict[str, Any]:
    """Return the version of the code: a digest of this package's files and, in a checkout, revision and dirty flag.

    A dirty checkout also has `diff_sha256`: of the changes to tracked files, and of the names and contents of the
    untracked ones.
    """
    root = Path(__file__).resolve().parent.parent
    files = {path.relative_to(root).as_posix(): file_sha256(path) for path in _sources(root)}
    sources = {"sources_sha256": digest(files)}
    if not (root / ".git").exists():
        return sources
    try:
        return sources | _revision(root)
    except (OSError, subprocess.CalledProcessError):
        return sources


def _revision(root: Path) -> dict[str, Any]:
    revision = {"revision": _git(root, "rev-parse", "HEAD"), "dirty": bool(_git(root, "status", "--porcelain"))}
    if revision["dirty"]:
        untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
        files = {name: file_sha256(root / name) for name in untracked if (root / name).is_file()}
        revision["diff_sha256"] = digest([_git(root, "diff", "--binary", "HEAD"), files])
    return revision


def _sources(root: Path) -> list[Path]:
    """Return the files that this package is installed with: the engine and the methods."""
    return sorted(path for name in ("harness", "methods") for path in (root / name).rglob("*.py"))


def _git(root: Path, *arguments: str) -> str:
    completed = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=True)
    return completed.stdout.decode(errors="replace").strip()
