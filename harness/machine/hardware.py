"""The packages, operating system and processor, which can change a result."""

from __future__ import annotations

import os
import platform
import re
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = (
    "harness-embeddings",
    "torch",
    "transformers",
    "sentence-transformers",
    "tokenizers",
    "accelerate",
    "safetensors",
    "datasets",
    "pyarrow",
    "numpy",
    "scipy",
    "ir-measures",
    "pytrec-eval-terrier",
    "bm25s",
    "scikit-learn",
    "beir",
    "mteb",
    "pandas",
)
# The processor flags that libraries choose their kernels by.
_INSTRUCTIONS = re.compile(r"sse4_[12]|avx\w*|fma|f16c|amx\w*|asimd\w*|bf16|i8mm|sve\w*")


@cache
def environment() -> dict[str, Any]:
    """Return interpreter, packages, operating system and processor."""
    return {
        "python": platform.python_version(),
        "packages": {name: installed for name in PACKAGES if (installed := installed_version(name))},
        "os": platform.platform(),
        "cpu": _cpu("model name") or platform.processor(),
        "cpu_instructions": sorted(filter(_INSTRUCTIONS.fullmatch, (_cpu("flags") or _cpu("Features")).split())),
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
    }


@cache
def installed_version(name: str) -> str | None:
    """Return the version of an installed distribution, None where there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _cpu(field: str) -> str:
    """Return a field of the first core in /proc/cpuinfo; "" on systems without it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == field), "")
