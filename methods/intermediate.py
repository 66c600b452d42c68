"""Only-intermediate training: everything except `encoder.layer.*.intermediate.dense` is frozen (arXiv 2412.17364).

The published code selects parameters by name, where `output` also matches `attention.output`; here the modules are
selected by their place in the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MISSING = "its layers have no intermediate.dense; supported: bert, roberta, xlm-roberta"


@dataclass(frozen=True)
class OnlyIntermediate:
    """Trains only the intermediate layers; after `moe`, these are the experts and the gates."""

    def register(self) -> None:
        """Do nothing: the network keeps its type."""

    def problem(self, model: SentenceTransformer) -> str:
        """Return why the model has no intermediate layers to train; "" if it has."""
        network = getattr(model[0], "auto_model", None)
        layers = getattr(getattr(network, "encoder", None), "layer", ())
        return "" if layers and all(hasattr(layer, "intermediate") for layer in layers) else MISSING

    def apply(self, model: SentenceTransformer) -> None:
        """Leave `requires_grad` on only for the parameters of every layer's `intermediate.dense`."""
        model.requires_grad_(False)
        transformer: Any = model[0]
        for layer in transformer.auto_model.encoder.layer:
            layer.intermediate.dense.requires_grad_(True)


PLUGIN = OnlyIntermediate
