"""A loss of a whole batch with the activations of one mini-batch at a time: what harness.stages.gradient_cache is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from harness.errors import CellError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor, nn

EMBEDDING = "sentence_embedding"
Features = Mapping[str, Any]
Encode = Callable[[dict[str, Any]], Mapping[str, Any]]


class ReadError(CellError):
    """A loss read more of the encoder than its embeddings."""


class Visible(dict[str, Any]):
    """What a loss may read: the features of its rows, and of the encoder's output the embeddings."""

    def __missing__(self, name: str) -> Any:
        raise ReadError(f"reads '{name}'")


def in_mini_batches(loss: nn.Module, model: SentenceTransformer, size: int) -> nn.Module:
    """Let a loss embed at most `size` rows at a time, and keep the activations of no more.

    It returns the same value, and backward gives every parameter the same gradient, to rounding.
    """
    whole = loss.forward

    def forward(sentence_features: Iterable[Features], labels: Tensor | None = None) -> Any:
        encode: Encode = model.forward
        with forward_of(model, partial(_embed, encode, size)):
            return whole([Visible(features) for features in sentence_features], labels)

    loss.forward = forward
    return loss


def _embed(encode: Encode, size: int, features: Features) -> Visible:
    """Return the embeddings [B, dim] of one column."""
    import torch

    parts = list(mini_batches(features, size))
    if len(parts) == 1 or not torch.is_grad_enabled():
        return Visible({EMBEDDING: torch.cat([_embeddings(encode, part) for part in parts])})
    gradient_goes_through = torch.zeros((), requires_grad=True)
    return Visible({EMBEDDING: _embedded_twice().apply(encode, parts, gradient_goes_through)})


@cache
def _embedded_twice() -> Any:
    """Return the function of autograd that embeds parts without activations, and again with them in backward.

    It is not torch.utils.checkpoint, whose nodes live between the activations of all parts and fragment the memory of
    a CPU: with it, the peak grew with the number of parts.
    """
    import torch
    from sentence_transformers.sentence_transformer.losses import cached_multiple_negatives_ranking as library

    saved: Any = vars(library)["RandContext"]  # the state of torch's generators

    class EmbeddedTwice(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, encode: Encode, parts: list[Features], _: Tensor) -> Tensor:
            embeddings, draws = [], []
            for part in parts:
                draws.append(saved(*part.values()))
                embeddings.append(_embeddings(encode, part))
            context.encode, context.parts, context.draws = encode, parts, draws
            context.precision = _autocast(embeddings[0].device.type)
            return torch.cat(embeddings)

        @staticmethod
        def backward(context: Any, gradient: Tensor) -> tuple[None, None, None]:
            gradients = torch.split(gradient, [len(part["input_ids"]) for part in context.parts])
            for part, draws, gradient_of_part in zip(context.parts, context.draws, gradients, strict=True):
                with draws, torch.enable_grad(), context.precision():
                    embeddings = _embeddings(context.encode, part)
                if embeddings.requires_grad:
                    torch.autograd.backward(embeddings, gradient_of_part)
            return None, None, None

    return EmbeddedTwice


def _autocast(device: str) -> Callable[[], AbstractContextManager[None]]:
    """Return the context of the present automatic precision, to be entered later."""
    import torch

    enabled, dtype = torch.is_autocast_enabled(device), torch.get_autocast_dtype(device)
    return partial(torch.autocast, device, dtype=dtype, enabled=enabled)


def mini_batches(features: Features, size: int) -> Iterator[dict[str, Any]]:
    """Yield a column's features in parts of at most `size` rows; what does not have a row per text is in every part."""
    tokens = features.get("input_ids")
    if tokens is None or tokens.ndim != 2:
        raise CellError("train.mini_batch_size: this base model's inputs cannot be split into rows; leave it out")
    rows = len(tokens)
    for start in range(0, rows, size):
        yield {
            name: value[start : start + size] if getattr(value, "shape", ())[:1] == (rows,) else value
            for name, value in features.items()
        }


def _embeddings(encode: Encode, part: Features) -> Tensor:
    """Return a part's embeddings; its tensors are copied, because modules change features in place."""
    copied = {name: value.clone() if hasattr(value, "clone") else value for name, value in part.items()}
    embeddings: Tensor = encode(copied)[EMBEDDING]
    return embeddings


@contextmanager
def forward_of(model: nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Let a model compute with another `forward`."""
    own = vars(model).get("forward")
    model.forward = forward
    try:
        yield
    finally:
        if own is None:
            del model.forward
        else:
            model.forward = own


def reads(loss: nn.Module, model: SentenceTransformer) -> str:
    """Return what a loss reads besides embeddings, as two rows of two columns show; "" where they do not."""
    import torch

    rows = torch.ones(2, model.get_embedding_dimension() or 1, device=model.device, requires_grad=True)
    columns = [Visible(input_ids=torch.ones(2, 1), attention_mask=torch.ones(2, 1)) for _ in range(2)]
    with forward_of(model, lambda features: Visible({EMBEDDING: rows})):
        try:
            loss(columns, None)
        except ReadError as error:
            return str(error)
        except Exception:  # it needs labels or other columns, which says nothing of what it reads
            return ""
    return ""
