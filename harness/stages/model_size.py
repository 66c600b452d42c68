"""How large a cell's encoder is, read off its base model's files or settings without opening it.

A trained model is float32 whatever the base's files hold, and has the tokenizer and the other files of the base.
Weights that an adapter adds are not counted.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any

from harness.data import hub_encoders
from harness.machine.json_toml import parse_json, read_json
from harness.machine.store import Store
from harness.request.manifest import BuiltBase, LocalBase, PinnedBase
from harness.request.suite import Suite
from harness.stages.lineage import base_key
from harness.stages.stage_settings import base_positions

FLOAT32 = 4  # bytes
TOKENIZER_BYTES = 64  # per token of a tokenizer.json that is built here, merges included
# Activations that a layer keeps for the backward pass: 34 × hidden size per token in 16 bits (Korthikanti et al. 2022,
# arXiv 2205.05198, section 4.1, without the scores of attention, which fused kernels do not keep), twice that in 32.
ACTIVATIONS = 68


@dataclass(frozen=True)
class ModelSize:
    """Parameters of an encoder, bytes of its other files, and bytes of activations per token that is trained on."""

    parameters: int
    other_bytes: int
    activation_bytes: int

    @property
    def weight_bytes(self) -> int:
        """The bytes of the float32 weights."""
        return FLOAT32 * self.parameters

    @property
    def stored_bytes(self) -> int:
        """The bytes of a trained model on disk."""
        return self.weight_bytes + self.other_bytes


def model_size(suite: Suite, store: Store) -> ModelSize | None:
    """Return the size of a suite's encoder; None for a published one that is not on this machine."""
    base = suite.base_model
    if isinstance(base, BuiltBase):
        folder = store.folder("base", base_key(suite))
        return _of_folder(folder) if store.is_there("base", base_key(suite)) else _of_settings(base, suite)
    while isinstance(base, LocalBase) and base.adapts is not None:
        base = base.adapts
    found = hub_encoders.cached(base) if isinstance(base, PinnedBase) else base.path
    return None if found is None else _of_folder(found)


def _of_settings(base: BuiltBase, suite: Suite) -> ModelSize:
    """Return the size of the XLM-R that is built here: embeddings, layers and pooler with their norms and biases."""
    hidden, inner = base.hidden_size, base.intermediate_size
    embeddings = (base.vocab_size + base_positions(suite.text) + 2 + 1 + 2) * hidden
    layer = 4 * (hidden * hidden + hidden) + 2 * hidden * inner + inner + hidden + 4 * hidden
    parameters = embeddings + base.layers * layer + hidden * hidden + hidden
    return ModelSize(parameters, TOKENIZER_BYTES * base.vocab_size, ACTIVATIONS * hidden * base.layers)


@lru_cache
def _of_folder(folder: Path) -> ModelSize:
    files = [path for path in folder.rglob("*") if path.is_file()]
    weights = [path for path in files if path.suffix == ".safetensors"]
    weights = weights or [path for path in files if path.suffix == ".bin"]
    other = sum(path.stat().st_size for path in files if path.suffix not in (".safetensors", ".bin"))
    return ModelSize(sum(map(_parameters, weights)), other, _activation_bytes(folder))


def _parameters(path: Path) -> int:
    """Return the number of weights in a file; where it has no header of safetensors, as if they were float32."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if 8 + length <= path.stat().st_size:
                header: Mapping[str, Any] = parse_json(file.read(length))
                return sum(prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error):
        pass  # pickled weights, or a file that opening the model will reject
    return path.stat().st_size // FLOAT32


def _activation_bytes(folder: Path) -> int:
    """Return what config.json says of activations, 0 where it does not say it."""
    for path in sorted(folder.rglob("config.json"), key=lambda path: len(path.parts)):
        try:
            table = read_json(path)
            return ACTIVATIONS * int(table["hidden_size"]) * int(table["num_hidden_layers"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return 0
