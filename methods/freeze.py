"""Freezing: the token embeddings and the lowest layers keep the weights of the base; the layers above are trained.

It leaves `requires_grad` on for all other parameters, so it comes after adapters that choose what is trained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


@dataclass(frozen=True)
class Freeze:
    """Freezes the embeddings if `embeddings`, and as many of the lowest `layers`; at least one layer is trained."""

    embeddings: bool = True
    layers: int = 0

    def __post_init__(self) -> None:
        if self.layers < 0:
            raise ValueError(f"layers {self.layers} must be at least 0")
        if not self.embeddings and self.layers == 0:
            raise ValueError("it freezes nothing; set embeddings to true, or layers to at least 1")

    def register(self) -> None:
        """Do nothing: the network keeps its type."""

    def problem(self, model: SentenceTransformer) -> str:
        """Return why as many layers cannot be frozen; "" if they can."""
        network = getattr(model[0], "auto_model", None)
        layers = _layers(network) if network is not None else []
        if not layers:
            return "the network's layers could not be found"
        if self.layers >= len(layers):
            return f"the network has {len(layers)} layers, so at most {len(layers) - 1} can be frozen"
        return ""

    def apply(self, model: SentenceTransformer) -> None:
        """Turn `requires_grad` off for what is frozen; raises ValueError for more layers than the network can spare."""
        if reason := self.problem(model):
            raise ValueError(reason)
        transformer: Any = model[0]
        network = transformer.auto_model
        frozen = list(_layers(network)[: self.layers])
        if self.embeddings:
            frozen.append(getattr(network, "embeddings", None) or network.get_input_embeddings())
        for module in frozen:
            module.requires_grad_(False)


def _layers(network: Any) -> list[Any]:
    """Return the network's layers, lowest first: the first list of as many modules as its configuration has layers."""
    from torch import nn

    count = getattr(network.config, "num_hidden_layers", None)
    lists = (module for module in network.modules() if isinstance(module, nn.ModuleList))
    return next((list(modules) for modules in lists if len(modules) == count), [])


PLUGIN = Freeze
