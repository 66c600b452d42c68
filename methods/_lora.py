"""Low-rank matrices in a network of transformers, and their sum with its weights."""

from __future__ import annotations

from typing import Any

from peft import LoraConfig
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn
from torch.nn import functional


class LoraDropout(nn.Module):
    """Dropout before the low-rank matrices: no nn.Dropout, whose share is that of the training settings."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, hidden: Tensor) -> Tensor:
        return functional.dropout(hidden, self.share, self.training)


def add(network: Any, rank: int, alpha: int, share: float, targets: list[str] | str) -> None:
    """Add the matrices to the layers named `targets`, drawn from torch's generator, and freeze everything else."""
    network.add_adapter(LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=share, target_modules=targets))
    for module in network.modules():
        if share and isinstance(module, LoraLayer):
            module.lora_dropout = nn.ModuleDict({name: LoraDropout(share) for name in module.lora_A})


def merge(network: Any) -> None:
    """Add the product of the matrices to the weights, and leave a network without them."""
    layers = [(name, module) for name, module in network.named_modules() if isinstance(module, LoraLayer)]
    for name, module in layers:
        module.merge(safe_merge=True)
        parent, _, child = name.rpartition(".")
        setattr(network.get_submodule(parent), child, module.get_base_layer())
    network._hf_peft_config_loaded = False
    del network.peft_config
