"""What a loaded model computes with, read off the model itself, not off the request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def arithmetic(model: SentenceTransformer) -> dict[str, Any]:
    """Return everything below, by the names of a record's `computation`."""
    return {
        "dtype": dtypes(model),
        "attention_implementation": attention(model),
        "similarity": str(model.similarity_fn_name),
        "truncate_dim": model.truncate_dim,
        "pooling": pooling(model),
    }


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


def pooling(model: SentenceTransformer) -> list[str]:
    """Return how tokens become a vector, such as "mean" or "mean without prompt"; one per route of a `Router`."""
    from sentence_transformers.sentence_transformer.modules import Pooling

    modules: list[Any] = [module for module in model.modules() if isinstance(module, Pooling)]
    return [_modes(module) + ("" if module.include_prompt else " without prompt") for module in modules]


def _modes(pooling: Any) -> str:
    modes = pooling.pooling_mode
    return modes if isinstance(modes, str) else "+".join(modes)
