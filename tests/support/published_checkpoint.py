"""A checkpoint in the layout of the CLP paper's code, made from an XLM-R encoder, and a reference for its vectors.

The reference is written from the description of the published router (top-k of the gate's logits, then softmax over the
kept) on top of transformers' own layers; it shares no code with `methods`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


def save_published(
    base: Path, folder: Path, *, experts: int, seed: int, without: str = ""
) -> Callable[[Any, Any], Any]:
    """Write the checkpoint and return a function of token ids and mask that gives its last hidden states."""
    import torch
    from safetensors.torch import save_file
    from transformers import XLMRobertaModel

    network = XLMRobertaModel.from_pretrained(base)
    generator = torch.Generator().manual_seed(seed)
    weights = dict(network.state_dict())
    for number, layer in enumerate(network.encoder.layer):
        dense, name = layer.intermediate.dense, f"encoder.layer.{number}.intermediate.dense"
        gate = torch.randn(experts, dense.in_features, generator=generator)
        parts = [
            {
                part: tensor + 0.05 * torch.randn(tensor.shape, generator=generator)
                for part, tensor in (("weight", dense.weight.detach()), ("bias", dense.bias.detach()))
            }
            for _ in range(experts)
        ]
        for part in ("weight", "bias"):
            del weights[f"{name}.{part}"]
            weights |= {f"{name}.experts.{expert}.{part}": parts[expert][part] for expert in range(experts)}
        weights[f"{name}.gate.weight"] = gate
        layer.intermediate.dense = _reference(gate, parts)
    folder.mkdir(parents=True)
    weights.pop(without, None)
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, folder / "model.safetensors")
    added = {"num_experts": experts, "num_experts_per_tok": 1, "moe": "intermediate", "only_train": "intermediate"}
    config = {**network.config.to_dict(), **added, "model_type": "xlm-roberta", "architectures": ["XLMRobertaModel"]}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    network.eval()
    return lambda ids, mask: network(input_ids=ids, attention_mask=mask).last_hidden_state


def _reference(gate: Any, parts: list[dict[str, Any]]) -> Any:
    """Return a layer that sends each token to the expert with the largest logit; top-1's weight is 1."""
    from torch import nn, stack

    class Reference(nn.Module):
        def forward(self, hidden: Any) -> Any:
            chosen = (hidden @ gate.T).argmax(dim=-1)  # [B, length]
            outputs = stack([hidden @ part["weight"].T + part["bias"] for part in parts])  # [E, B, length, out]
            return outputs.gather(0, chosen[None, ..., None].expand(1, *chosen.shape, outputs.shape[-1]))[0]

    return Reference()
