"""Tiny sentence-transformers folders of the kinds that people bring, each made from one built encoder."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.request.manifest import BuiltBase
from harness.stages.built_base import build

TEXTS = tuple(" ".join(f"word{(i * step) % 17}" for step in range(1, 4 + i)) for i in (5, 0, 9, 3, 19, 1, 7, 2))
PROMPTS = {"query": "word3, word4: ", "document": "word9 "}
DIMENSION = 32


def built(folder: Path, seed: int = 0, positions: int = 32) -> Path:
    """Build an encoder of hidden size 32 with mean pooling, cosine and no prompts, for texts of `positions` tokens."""
    settings = BuiltBase(
        vocab_size=120,
        hidden_size=DIMENSION,
        intermediate_size=64,
        layers=1,
        attention_heads=2,
        initialisation_seed=seed,
    )
    build(list(TEXTS), settings, positions, folder)
    return folder


def make_kinds(root: Path) -> Mapping[str, Path]:
    """Return kind → folder."""
    plain, other = built(root / "mean"), built(root / "other", seed=1)
    folders = {"mean": plain}
    for name, save in _kinds(other).items():
        folders[name] = root / name
        save(plain, folders[name])
    return folders


def declare(folder: Path, **values: Any) -> Path:
    """Change what a model declares of itself."""
    path = folder / "config_sentence_transformers.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    return folder


def _kinds(other: Path) -> dict[str, Callable[[Path, Path], None]]:
    return {
        "cls": lambda base, folder: _with_modules(base, folder, pooling="cls"),
        "prompts": lambda base, folder: _declared(base, folder, prompts=PROMPTS),
        "prompt-left-out": lambda base, folder: _with_modules(base, folder, prompts=PROMPTS, include_prompt=False),
        "default-prompt": lambda base, folder: _declared(
            base, folder, prompts={"task": "word5 "}, default_prompt_name="task"
        ),
        "router": lambda base, folder: router(base, other, folder),
        "static-router": lambda base, folder: _static_router(base, folder),
        "dense": lambda base, folder: _with_modules(base, folder, dense=16),
        "normalize": lambda base, folder: _with_modules(base, folder, normalize=True),
        "dot": lambda base, folder: _declared(base, folder, similarity_fn_name="dot"),
        "dot-of-unit-vectors": lambda base, folder: _with_modules(
            base, folder, normalize=True, similarity_fn_name="dot"
        ),
        "truncated": lambda base, folder: _declared(base, folder, truncate_dim=12),
        "bfloat16": lambda base, folder: _with_modules(base, folder, dense=16, dtype="bfloat16"),
        "float16": lambda base, folder: _with_modules(base, folder, dtype="float16"),
    }


def _declared(base: Path, folder: Path, **values: Any) -> None:
    shutil.copytree(base, folder)
    declare(folder, **values)


def _with_modules(
    base: Path,
    folder: Path,
    *,
    pooling: str = "mean",
    include_prompt: bool = True,
    dense: int = 0,
    normalize: bool = False,
    dtype: str = "float32",
    **declared: Any,
) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling

    torch.manual_seed(0)
    first = SentenceTransformer(str(base), device="cpu")[0]
    first.model.to(getattr(torch, dtype))
    modules: list[Any] = [first, Pooling(DIMENSION, pooling, include_prompt=include_prompt)]
    projection = Dense(DIMENSION, dense or DIMENSION)
    modules += [copy.deepcopy(projection)] if dense else []
    modules += [Normalize()] if normalize else []
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder), create_model_card=False)
    if dense:  # saved apart: the class rounds it to the dtype of the first module
        projection.save(str(next(folder.glob("2_*"))))
    declare(folder, **declared)


def router(documents: Path, queries: Path, folder: Path) -> Path:
    """Save a model that reads passages as one model does and queries as another, with PROMPTS."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Router

    routes = [list(SentenceTransformer(str(path), device="cpu").children()) for path in (queries, documents)]
    module = Router.for_query_document(*routes)
    SentenceTransformer(modules=[module], device="cpu").save_pretrained(str(folder), create_model_card=False)
    return declare(folder, prompts=PROMPTS)


def _static_router(base: Path, folder: Path) -> None:
    """Save a model whose queries are means of token vectors, and whose passages are read by a network."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Router, StaticEmbedding

    torch.manual_seed(0)
    network = SentenceTransformer(str(base), device="cpu")
    queries = StaticEmbedding(network.tokenizer.backend_tokenizer, embedding_dim=DIMENSION)
    router = Router.for_query_document([queries], list(network.children()))
    SentenceTransformer(modules=[router], device="cpu").save_pretrained(str(folder), create_model_card=False)
    declare(folder, prompts=PROMPTS)
