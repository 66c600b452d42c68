"""The network type that a mixture is saved and opened as.

A mixture saved under the base's model type would reload silently with randomly drawn dense layers (trap T19). So each
architecture gets a type of its own (`xlm-roberta-moe`, …), which transformers knows once this module is imported, and
which it refuses, loudly, before.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModel,
    BertConfig,
    BertModel,
    RobertaConfig,
    RobertaModel,
    XLMRobertaConfig,
    XLMRobertaModel,
)


class Mixture(nn.Module):
    """E linear layers and a gate over them: [..., in] → [..., out].

    The kept experts' outputs f_e are combined as `m f_1 + Σ_{e>1} w_e (f_e - f_1)`, f_1 the best of them and m the sum
    of the weights (1 in value): equal to `Σ w_e f_e`, and, while all experts are copies, equal to f_1 bit for bit.
    Every expert is computed for every token, so that the shape of no product depends on the routing.
    """

    def __init__(self, dense: nn.Linear, experts: int, top_k: int, router: str) -> None:
        super().__init__()
        self.experts = nn.ModuleList(copy.deepcopy(dense) for _ in range(experts))
        self.gate = nn.Linear(dense.in_features, experts, bias=False)
        self.top_k = top_k
        self.router = router

    def weights(self, logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the kept experts [..., k], their weights [..., k] and the weights' sum [..., 1]."""
        kept, chosen = logits.topk(self.top_k, dim=-1)
        if self.router == "topk":
            weights = kept.softmax(dim=-1)
            return chosen, weights, torch.ones_like(weights[..., :1])
        mass = logits.softmax(dim=-1).gather(-1, chosen)
        total = mass.sum(dim=-1, keepdim=True)
        return chosen, mass / total.detach(), total / total.detach()

    def forward(self, hidden: Tensor) -> Tensor:
        chosen, weights, total = self.weights(self.gate(hidden))
        outputs = torch.stack([expert(hidden) for expert in self.experts], dim=-2)  # [..., E, out]
        picked = outputs.gather(-2, chosen.unsqueeze(-1).expand(*chosen.shape, outputs.shape[-1]))  # [..., k, out]
        best, others = picked[..., 0, :], picked[..., 1:, :]
        mixed = total * best
        if self.top_k > 1:
            mixed = mixed + (weights[..., 1:, None] * (others - best.unsqueeze(-2))).sum(dim=-2)
        return mixed


def _register(config_type: type[Any], model_type: type[Any]) -> tuple[type[Any], type[Any]]:
    """Return configuration and model classes of the mixture over one architecture, known to transformers."""

    class MixtureConfig(config_type):  # type: ignore[misc]
        """The architecture's configuration with the mixture's three settings."""

        model_type = f"{config_type.model_type}-moe"
        moe_experts: int = 2
        moe_top_k: int = 1
        moe_router: str = "switch"

    class MixtureModel(model_type):  # type: ignore[misc]
        """The architecture with a mixture in every layer's `intermediate.dense`."""

        config_class = MixtureConfig

        def __init__(self, config: Any, **options: Any) -> None:
            super().__init__(config, **options)
            for layer in self.encoder.layer:
                dense = layer.intermediate.dense
                layer.intermediate.dense = Mixture(dense, config.moe_experts, config.moe_top_k, config.moe_router)

    MixtureConfig.__name__ = f"{config_type.__name__}Moe"
    MixtureModel.__name__ = f"{model_type.__name__}Moe"
    AutoConfig.register(MixtureConfig.model_type, MixtureConfig)
    AutoModel.register(MixtureConfig, MixtureModel)
    return MixtureConfig, MixtureModel


TYPES = {
    config_type.model_type: _register(config_type, model_type)
    for config_type, model_type in (
        (BertConfig, BertModel),
        (RobertaConfig, RobertaModel),
        (XLMRobertaConfig, XLMRobertaModel),
    )
}


def problem(network: Any) -> str:
    """Return why there is no mixture of a network; "" where there is one."""
    found = getattr(getattr(network, "config", None), "model_type", type(network).__name__)
    return "" if found in TYPES else f"no mixture for model type '{found}'; there is one for {', '.join(TYPES)}"


def mixture_of(network: Any, experts: int, top_k: int, router: str) -> Any:
    """Return the mixture whose experts are copies of `network`'s layers; the gates are drawn, sd 0.02 as its layers.

    Raises ValueError for an architecture without `encoder.layer.*.intermediate.dense`.
    """
    if why := problem(network):
        raise ValueError(why)
    model_type = network.config.model_type
    config_type, mixture_type = TYPES[model_type]
    settings = {**network.config.to_dict(), "moe_experts": experts, "moe_top_k": top_k, "moe_router": router}
    settings.pop("model_type")
    mixture = mixture_type(config_type(**settings), add_pooling_layer=network.pooler is not None)
    weights = network.state_dict()
    for name in [name for name in weights if ".intermediate.dense." in name]:
        layer, part = name.split(".dense.")
        tensor = weights.pop(name)
        weights |= {f"{layer}.dense.experts.{expert}.{part}": tensor.clone() for expert in range(experts)}
    missing, unexpected = mixture.load_state_dict(weights, strict=False)
    if unexpected or any(not name.endswith("dense.gate.weight") for name in missing):
        raise ValueError(f"no mixture for this {model_type}: missing {missing}, unexpected {unexpected}")
    for name in missing:
        nn.init.normal_(mixture.get_parameter(name), std=network.config.initializer_range)
    return mixture.to(network.device)
