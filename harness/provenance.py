"""Where a number comes from: code, packages, machine, data, model and every setting."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from harness.keys import digest, file_sha256, folder_sha256, key
from harness.machine.hardware import environment
from harness.machine.store import Store
from harness.machine.torch_state import torch_state
from harness.request.cell import Cell
from harness.request.manifest import LocalBase
from harness.stages import base_model, score, train, write
from harness.types import Data

__all__ = ["code", "environment", "provenance"]


def provenance(cell: Cell, data: Data, model: Path | None, ties: int) -> dict[str, Any]:
    """Return everything that decided this cell's numbers."""
    return {
        "entry": cell.described(),
        "base_model": cell.suite.base_model.model_dump(mode="json"),
        "base_model_sha256": _base_sha256(cell) if model is not None else None,
        "model": _model(model),
        "computation": _computation(cell, model),
        "training": _training(cell, model),
        "text": cell.suite.text.model_dump(),
        "evaluation": {**cell.suite.evaluation.model_dump(), "score_version": score.VERSION},
        "data": {
            "digests": data.digests,
            "passages": len(data.passages),
            "train_queries": len(data.train),
            "dev_queries": len(data.dev),
            "nli": len(data.nli),
            "max_train": cell.suite.max_train,
            "unverified": cell.suite.unverified.get(cell.language),
        },
        "writers": write.provenance(cell),
        "ties": ties,
        "suite_digest": cell.suite.digest,
        "environment": {**environment(), "device": cell.place.device, **torch_state()},
        "code": code(),
    }


def _model(folder: Path | None) -> dict[str, Any] | None:
    if folder is None:
        return None
    weights = sorted(folder.rglob("*.safetensors"))
    hashes = {path.relative_to(folder).as_posix(): file_sha256(path) for path in weights}
    return {"sha256": folder_sha256(folder), "weights": hashes}


def _base_sha256(cell: Cell) -> str:
    """Return the digest of the base model's files; of a pinned one, as it was when this cache first used it."""
    chosen, place, store = cell.suite.base_model, cell.place, Store(cell.place.cache)
    if isinstance(chosen, LocalBase):
        return chosen.sha256

    def read() -> str:
        return folder_sha256(base_model.base_model(cell.suite, place, store))

    found: str = store.read_json("base-digest", key("base-digest", 1, [base_model.key_of(cell.suite)]), read)
    return found


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
    """Return what transformers computes attention with, None for what is no network of its own."""
    import torch
    from transformers import AutoConfig, AutoModel

    places = [path.parent for path in (folder / "config.json", *sorted(folder.glob("*/config.json"))) if path.is_file()]
    for place in places:
        if "model_type" in json.loads((place / "config.json").read_text(encoding="utf-8")):
            with torch.device("meta"):  # chosen when a network is built, without its weights
                network = AutoModel.from_config(AutoConfig.from_pretrained(place))  # type: ignore[no-untyped-call]
            return str(network.config._attn_implementation)
    return None


def _training(cell: Cell, model: Path | None) -> dict[str, Any] | None:
    if cell.method is None or model is None:
        return None
    families = sorted({method.family for method in (cell.method, *cell.joined.values())})
    return {
        "settings": cell.training.model_dump(),
        "families": families,
        **json.loads((model / train.LOG).read_text(encoding="utf-8")),
    }


@cache
def code() -> dict[str, Any]:
    """Return what the code was: a digest of this package's files and, in a checkout, revision, dirty flag and diff.

    `diff_sha256` is of the changes to tracked files and of the names and content of those that git does not know; it
    is there where the checkout was changed.
    """
    root = Path(__file__).resolve().parent.parent
    sources = {path.relative_to(root).as_posix(): file_sha256(path) for path in _sources(root)}
    found: dict[str, Any] = {"sources_sha256": digest(sources)}
    if not (root / ".git").exists():
        return found
    try:
        found |= {"revision": _git(root, "rev-parse", "HEAD"), "dirty": bool(_git(root, "status", "--porcelain"))}
        if found["dirty"]:
            unknown = _git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
            files = {name: file_sha256(root / name) for name in unknown if (root / name).is_file()}
            found["diff_sha256"] = digest([_git(root, "diff", "--binary", "HEAD"), files])
    except (OSError, subprocess.CalledProcessError):
        return {"sources_sha256": digest(sources)}
    return found


def _sources(root: Path) -> list[Path]:
    """Return the files that this package is installed with: the engine and the methods."""
    return sorted(path for name in ("harness", "methods") for path in (root / name).rglob("*.py"))


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=True)
    return done.stdout.decode(errors="replace").strip()
