"""Where a number comes from: code, packages, machine, data, model and every setting."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness.cell import Cell
from harness.keys import folder_sha256
from harness.stages import train, write
from harness.types import Data

PACKAGES = (
    "harness-embeddings",
    "torch",
    "transformers",
    "sentence-transformers",
    "tokenizers",
    "datasets",
    "numpy",
    "ir-measures",
    "pytrec-eval-terrier",
    "bm25s",
    "scikit-learn",
    "beir",
    "mteb",
    "pandas",
)


def provenance(cell: Cell, data: Data, model: Path | None, ties: int) -> dict[str, Any]:
    """Return everything that decided this cell's numbers."""
    return {
        "entry": {**cell.entry.model_dump(mode="json"), "plugins": cell.plugin_versions()},
        "base_model": cell.suite.base_model.model_dump(mode="json"),
        "model": _model(model),
        "training": _training(cell, model),
        "text": cell.suite.text.model_dump(),
        "evaluation": cell.suite.evaluation.model_dump(),
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
        "environment": {**environment(), "device": cell.place.device, **_torch_state()},
        "code": code(),
    }


def _model(folder: Path | None) -> dict[str, Any] | None:
    if folder is None:
        return None
    weights = sorted(folder.rglob("*.safetensors"))
    return {"sha256": folder_sha256(folder), "weights": {path.name: _sha(path) for path in weights}}


def _sha(path: Path) -> str:
    from harness.keys import file_sha256

    return file_sha256(path)


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
def environment() -> dict[str, Any]:
    """Return interpreter, packages, operating system and processor."""
    return {
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "os": platform.platform(),
        "cpu": _cpu(),
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _torch_state() -> dict[str, Any]:
    import torch

    return {
        "instruction_set": torch.backends.cpu.get_cpu_capability(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "attention": _attention_kernels(),
        "cuda": torch.version.cuda if torch.cuda.is_available() else None,
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def _attention_kernels() -> list[str]:
    """Return the kernels that torch may choose from on a GPU; the network's own choice is in its config.json."""
    import torch

    kernels: Any = torch.backends.cuda
    enabled = {
        "flash": kernels.flash_sdp_enabled(),
        "memory-efficient": kernels.mem_efficient_sdp_enabled(),
        "cudnn": kernels.cudnn_sdp_enabled(),
        "math": kernels.math_sdp_enabled(),
    }
    return [name for name, on in enabled.items() if on]


@cache
def code() -> dict[str, Any]:
    """Return the git revision of the checkout and whether it was changed; empty outside one."""
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return {}
    try:
        revision = _git(root, "rev-parse", "HEAD")
        return {"revision": revision, "dirty": bool(_git(root, "status", "--porcelain"))}
    except (OSError, subprocess.CalledProcessError):
        return {}


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()
