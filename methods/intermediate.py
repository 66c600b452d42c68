"""Only-intermediate training: everything is frozen but `encoder.layer.*.intermediate.dense` (arXiv 2412.17364).

The published code matches names; a match on `output` would hit `attention.output` too, so the modules are walked here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

VERSION = 1
MISSING = "its layers have no intermediate.dense, as BERT's, RoBERTa's and XLM-R's have"


@dataclass(frozen=True)
class OnlyIntermediate:
    """Trains the intermediate layers alone; after `moe`, that is experts and gates."""

    def register(self) -> None:
        """Nothing to do: the network keeps its type."""

    def problem(self, model: SentenceTransformer) -> str:
        """Return why nothing of this model would be trained; "" where there is something."""
        network = getattr(model[0], "auto_model", None)
        layers = getattr(getattr(network, "encoder", None), "layer", ())
        return "" if layers and all(hasattr(layer, "intermediate") for layer in layers) else MISSING

    def apply(self, model: SentenceTransformer) -> None:
        """Leave `requires_grad` on the parameters of every layer's `intermediate.dense` and on no other."""
        model.requires_grad_(False)
        transformer: Any = model[0]
        for layer in transformer.auto_model.encoder.layer:
            layer.intermediate.dense.requires_grad_(True)


PLUGIN = OnlyIntermediate
