"""The number of tokens that a model cuts texts at, also where the library has no such setting: static embeddings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def set_length(model: SentenceTransformer, length: int) -> None:
    """Cut texts at `length` tokens; a model of token vectors alone has no such setting, but its tokenizer has."""
    if (tokenizer := _tokenizer_of_token_vectors(model)) is not None:
        tokenizer.enable_truncation(max_length=length)
    else:
        model.max_seq_length = length


def forget_length(model: SentenceTransformer) -> None:
    """Leave no trace of `set_length` in a tokenizer that is saved with its model."""
    if (tokenizer := _tokenizer_of_token_vectors(model)) is not None:
        tokenizer.no_truncation()


def preprocessing(model: SentenceTransformer) -> Callable[..., Any]:
    """Return the model's `preprocess`, which cuts at the `max_length` that it is given for any kind of model."""
    if _tokenizer_of_token_vectors(model) is None:
        return model.preprocess

    def preprocess(inputs: Any, *arguments: Any, max_length: int | None = None, **options: Any) -> Any:
        if max_length is not None:
            set_length(model, max_length)
        return model.preprocess(inputs, *arguments, **options)

    return preprocess


def _tokenizer_of_token_vectors(model: SentenceTransformer) -> Any:
    """Return the tokenizer of a model whose first module is a table of token vectors; None for other models."""
    first: Any = model[0]
    return getattr(first, "tokenizer", None) if type(first).__name__ == "StaticEmbedding" else None
