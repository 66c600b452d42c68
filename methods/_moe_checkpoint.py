"""Checkpoints of the published code of arXiv 2412.17364, read as mixtures of this package.

The code saves an XLM-R network whose `intermediate.dense` are mixtures under the base's model type, with the settings
`num_experts` and `num_experts_per_tok` in its configuration. Opened under that type, the experts would be ignored and
the dense layers random (docs/traps.md, T19). The names of its weights are those of `Mixture`:
`encoder.layer.N.intermediate.dense.experts.E.{weight,bias}` and `encoder.layer.N.intermediate.dense.gate.weight`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from methods._moe_model import TYPES

EXPERT = re.compile(r"encoder\.layer\.\d+\.intermediate\.dense\.experts\.(\d+)\.weight")
TRAINING_ONLY = ("moe", "only_train", "num_experts", "num_experts_per_tok", "model_type", "architectures")


def published_mixture(folder: Path, router: str) -> Any:
    """Return the network of a checkpoint as a mixture, on CPU in float32.

    `router` is the place of the softmax, which the checkpoint does not name. Raises ValueError for a folder without a
    network, for a network without a mixture, and for weights that are not those of its configuration.
    """
    settings = _settings(folder)
    weights = _weights(folder)
    experts = {int(match[1]) for name in weights if (match := EXPERT.fullmatch(name))}
    if not experts:
        raise ValueError(f"a checkpoint without a mixture: none of its {len(weights)} weights is an expert's")
    if max(experts) + 1 != settings.get("num_experts"):
        raise ValueError(f"it has weights of {max(experts) + 1} experts, and num_experts {settings.get('num_experts')}")
    config_type, mixture_type = TYPES[settings["model_type"]]
    kept = {name: value for name, value in settings.items() if name not in TRAINING_ONLY}
    config = config_type(
        **kept,
        moe_experts=settings["num_experts"],
        moe_top_k=settings.get("num_experts_per_tok", 1),
        moe_router=router,
    )
    mixture = mixture_type(config, add_pooling_layer="pooler.dense.weight" in weights)
    try:
        mixture.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        problem = "; ".join(line.strip() for line in str(error).splitlines()[1:3])
        raise ValueError(f"its weights are not those of its configuration: {problem[:200]}") from error
    return mixture


def _settings(folder: Path) -> dict[str, Any]:
    try:
        settings: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"config.json is missing or not JSON ({type(error).__name__})") from error
    if (model_type := settings.get("model_type")) not in TYPES:
        raise ValueError(f"no mixture for model type '{model_type}'; supported: {', '.join(TYPES)}")
    return settings


def _weights(folder: Path) -> dict[str, Tensor]:
    """Return the weights of all files of a folder by name, in float32; position ids, which are no weights, left out."""
    weights = {name: tensor for path in _files(folder) for name, tensor in _read(path).items()}
    return {name: tensor.float() for name, tensor in weights.items() if not name.endswith("position_ids")}


def _files(folder: Path) -> Iterator[Path]:
    for pattern in ("model*.safetensors", "pytorch_model*.bin"):
        if paths := sorted(folder.glob(pattern)):
            yield from paths
            return
    raise ValueError("neither model.safetensors nor pytorch_model.bin is there")


def _read(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        return dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # a damaged file raises several kinds
        raise ValueError(f"{path.name} cannot be read ({type(error).__name__})") from error
