"""Gradient caching (Gao et al. 2021, arXiv 2101.06983): the gradient of a large batch in the memory of a small one.

    1. embed the batch, one mini-batch after the other, and keep no activations
    2. the loss of all embeddings, and its gradient with respect to each of them
    3. embed each mini-batch again, with activations, and backpropagate its part of that gradient

Steps 1 and 3 draw the same dropout masks and compute in the same precision. The loss itself is called once, on the
whole batch, with an encoder that returns the embeddings. So any loss can be cached that reads nothing of the encoder
but `sentence_embedding`; others are refused. A mini-batch keeps the width that its rows have in the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from harness.errors import CellError, RequestError
from harness.request.cell import Cell
from harness.stages.mini_batches import in_mini_batches, reads

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import nn


def applies(cell: Cell) -> bool:
    """Return whether a cell's batches are larger than its mini-batches."""
    size = cell.training.mini_batch_size if cell.method is not None else None
    return size is not None and size < cell.training.batch_size


def cached(cell: Cell, name: str, loss: nn.Module, model: SentenceTransformer) -> nn.Module:
    """Return a cell's loss, cached where its batches are larger than its mini-batches.

    Raises CellError for a loss that cannot be; `name` is that of its method.
    """
    size = cell.training.mini_batch_size
    if size is None or not applies(cell):
        return loss
    if reason := problem(loss, model):
        raise CellError(_refusal(cell, name, reason))
    return in_mini_batches(loss, model, size)


def check(cells: Sequence[Cell], opened: Callable[[], SentenceTransformer]) -> None:
    """Raise RequestError for an entry whose loss cannot be cached though its settings ask for it."""
    for cell in {cell.entry.name: cell for cell in cells if applies(cell)}.values():
        model = opened()
        assert cell.method is not None
        for name, method in cell.objectives.items():
            if reason := problem(method.loss(model), model):
                raise RequestError(_refusal(cell, name, reason))


def _refusal(cell: Cell, name: str, reason: str) -> str:
    return (
        f"{cell.entry.name}: train.mini_batch_size needs a loss that reads sentence embeddings alone, "
        f"and that of {name} {reason}; leave the setting out, "
        f"or set it to train.batch_size ({cell.training.batch_size}) or more"
    )


def problem(loss: nn.Module, model: SentenceTransformer) -> str:
    """Return why a loss cannot be cached, after "the loss …"; "" if nothing is known against it."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.losses import AdaptiveLayerLoss
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from transformers import PreTrainedModel

    if any(isinstance(module, StaticEmbedding) for module in model.modules()):
        return "is computed from static embeddings, whose inputs cannot be split"
    encoder = set(model.modules())
    others = [module for module in loss.modules() if module not in encoder]
    if any(getattr(module, "uses_gradient_cache", type(module).__name__.startswith("Cached")) for module in others):
        return "caches gradients by itself"
    if any(isinstance(module, AdaptiveLayerLoss) for module in others):
        return "reads the encoder's layers"
    if any(isinstance(module, SentenceTransformer | PreTrainedModel) for module in others):
        return "has a model of its own"
    return reads(loss, model)
