"""The number of tokens that a model cuts texts at, also where the library has no such setting: static embeddings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from harness.vectors.routes import first_modules

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

LIMITS = ("max_seq_length", "query_length", "document_length")  # of a network's module; the last two of a role


def set_length(model: SentenceTransformer, length: int) -> None:
    """Cut texts at `length` tokens; token vectors alone have no such setting, but their tokenizer has."""
    for module in first_modules(model):
        if (tokenizer := _tokenizer_of_token_vectors(module)) is not None:
            tokenizer.enable_truncation(max_length=length)
        else:
            module.max_seq_length = length


def forget_length(model: SentenceTransformer) -> None:
    """Leave no trace of `set_length` in a tokenizer that is saved with its model."""
    for module in first_modules(model):
        if (tokenizer := _tokenizer_of_token_vectors(module)) is not None:
            tokenizer.no_truncation()


@contextmanager
def cut_at(model: SentenceTransformer, length: int) -> Iterator[None]:
    """Cut texts at `length` tokens while the block runs, on every route, whatever the model declares for a role."""
    networks = [module for module in first_modules(model) if _tokenizer_of_token_vectors(module) is None]
    before = [(module, name, getattr(module, name)) for module in networks for name in LIMITS if hasattr(module, name)]
    try:
        set_length(model, length)
        for module, name, limit in before:
            if limit is not None:
                setattr(module, name, length)
        yield
    finally:
        forget_length(model)
        for module, name, limit in before:
            setattr(module, name, limit)


def preprocessing(model: SentenceTransformer) -> Callable[..., Any]:
    """Return the model's `preprocess`, which cuts at the `max_length` that it is given for any kind of model."""
    modules = first_modules(model)
    tokenizers = [tokenizer for tokenizer in map(_tokenizer_of_token_vectors, modules) if tokenizer is not None]
    if not tokenizers:
        return model.preprocess

    def preprocess(inputs: Any, *arguments: Any, max_length: int | None = None, **options: Any) -> Any:
        if max_length is not None:
            for tokenizer in tokenizers:
                tokenizer.enable_truncation(max_length=max_length)
            options |= {"max_length": max_length} if len(tokenizers) < len(modules) else {}
        return model.preprocess(inputs, *arguments, **options)

    return preprocess


def _tokenizer_of_token_vectors(module: Any) -> Any:
    """Return the tokenizer of a module that is a table of token vectors; None for other modules."""
    return getattr(module, "tokenizer", None) if type(module).__name__ == "StaticEmbedding" else None
