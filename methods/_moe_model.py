"""The model types under which a mixture of experts is saved and loaded.

Saved under the base's model type, a mixture would load without an error and with random dense layers (docs/traps.md,
T19). Each architecture therefore has a separate type (`xlm-roberta-moe`, …). transformers can load it after this module
is imported, and raises an error before.
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
    """E linear layers (experts) and a gate that weights them: [..., in] → [..., out].

    The outputs f_e of the kept experts are combined as `m f_1 + Σ_{e>1} w_e (f_e - f_1)`, where f_1 is the best
    expert's output and m the sum of the weights (its value is 1). This equals `Σ w_e f_e`, and is bit for bit f_1 while
    all experts are copies. Every expert is computed for every token, so that no shape depends on the routing.
    """

    def __init__(self, dense: nn.Linear, experts: int, top_k: int, router: str) -> None:
        super().__init__()
        self.experts = nn.ModuleList(copy.deepcopy(dense) for _ in range(experts))
        self.gate = nn.Linear(dense.in_features, experts, bias=False)
        self.top_k = top_k
        self.router = router

    def weights(self, logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the indices of the kept experts [..., k], their weights [..., k] and the weights' sum [..., 1]."""
        kept_logits, kept = logits.topk(self.top_k, dim=-1)
        if self.router == "topk":
            weights = kept_logits.softmax(dim=-1)
            return kept, weights, torch.ones_like(weights[..., :1])
        mass = logits.softmax(dim=-1).gather(-1, kept)
        total = mass.sum(dim=-1, keepdim=True)
        return kept, mass / total.detach(), total / total.detach()

    def forward(self, hidden: Tensor) -> Tensor:
        kept, weights, total = self.weights(self.gate(hidden))
        outputs = torch.stack([expert(hidden) for expert in self.experts], dim=-2)  # [..., E, out]
        kept_outputs = outputs.gather(-2, kept.unsqueeze(-1).expand(*kept.shape, outputs.shape[-1]))  # [..., k, out]
        best, others = kept_outputs[..., 0, :], kept_outputs[..., 1:, :]
        mixed = total * best
        if self.top_k > 1:
            mixed = mixed + (weights[..., 1:, None] * (others - best.unsqueeze(-2))).sum(dim=-2)
        return mixed


def _register(config_type: type[Any], model_type: type[Any]) -> tuple[type[Any], type[Any]]:
    """Create the mixture's configuration and model classes for one architecture and register them in transformers."""

    class MixtureConfig(config_type):  # type: ignore[misc]
        """The architecture's configuration with three settings of the mixture."""

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
    """Return why a network cannot become a mixture; "" if it can."""
    model_type = getattr(getattr(network, "config", None), "model_type", type(network).__name__)
    return "" if model_type in TYPES else f"no mixture for model type '{model_type}'; supported: {', '.join(TYPES)}"


def mixture_of(network: Any, experts: int, top_k: int, router: str) -> Any:
    """Return a mixture whose experts are copies of `network`'s layers and whose gates are random.

    The gates are drawn from torch's generator with the network's initializer range. Raises ValueError for an
    architecture without `encoder.layer.*.intermediate.dense`.
    """
    if reason := problem(network):
        raise ValueError(reason)
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
