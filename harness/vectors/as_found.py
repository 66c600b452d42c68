"""What a loaded model computes with, read off the model itself, not off the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def dtypes(model: SentenceTransformer) -> str:
    """Return the dtype of the parameters, such as float32; of several, all of them joined with "+"."""
    return "+".join(sorted({str(parameter.dtype).removeprefix("torch.") for parameter in model.parameters()}))


def attention(model: SentenceTransformer) -> str | None:
    """Return what transformers computes attention with; None where no module is a network of transformers."""
    for module in model.modules():
        implementation: Any = getattr(getattr(module, "config", None), "_attn_implementation", None)
        if implementation is not None:
            return str(implementation)
    return None
