"""Base: the encoder that every method of a suite starts from: a local folder, a pinned hub model, or built here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data import hub_encoders
from harness.data.corpus import blocks
from harness.errors import RequestError, short_reason
from harness.machine.store import Store
from harness.request.cell import Place
from harness.request.manifest import LocalBase, PinnedBase
from harness.request.suite import Suite
from harness.stages.built_base import build
from harness.stages.lineage import base_key
from harness.stages.merged_base import merge
from harness.stages.prepare import prepare
from harness.stages.stage_settings import all_passages, base_positions
from harness.vectors.embedding import BLOCK
from harness.vectors.encoder import open_model
from harness.vectors.model_kind import check_kind

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def base_model(suite: Suite, place: Place, store: Store) -> Path:
    """Return the folder of the base model; raises RequestError where a published one is not available."""
    base = suite.base_model
    if isinstance(base, LocalBase) and base.adapts is not None:
        adapters, adapted = base.path, _folder(base.adapts)
        return store.make("base", base_key(suite), lambda folder: merge(adapters, adapted, folder))
    if isinstance(base, LocalBase | PinnedBase):
        return _folder(base)
    unrestricted = all_passages(suite)

    def write(folder: Path) -> None:
        corpora = [prepare(unrestricted, language, place, store).passages for language in sorted(suite.languages)]
        texts = [text for corpus in corpora for _, block in blocks(corpus, BLOCK) for text in block]
        build(texts, base, base_positions(suite.text), folder)

    return store.make("base", base_key(suite), write)


def _folder(base: LocalBase | PinnedBase) -> Path:
    return base.path if isinstance(base, LocalBase) else hub_encoders.snapshot(base)


def check_opens(suite: Suite, place: Place, store: Store) -> SentenceTransformer:
    """Return the base model, on CPU.

    Raises RequestError where it does not load, or has fewer positions than the suite's lengths.
    """
    folder = base_model(suite, place, store)
    name = f"base model {name_of(suite, folder)}"
    check_kind(folder, name)
    try:
        model = open_model(folder, "cpu")
    except RequestError:
        raise
    except Exception as error:
        problem = short_reason(error)
        raise RequestError(f"{name} does not load: {problem}") from error
    most = positions(model)
    lengths = {field: getattr(suite.text, field) for field in ("query_max_length", "passage_max_length")}
    longer = [field for field, length in lengths.items() if most is not None and length > most]
    if longer:
        settings = " ".join(f"--set text.{field}={most}" for field in longer)
        raise RequestError(
            f"{name} reads at most {most} tokens, and suite {suite.name} asks for "
            f"{max(lengths.values())}; use another base model, or add {settings}"
        )
    return model


def name_of(suite: Suite, folder: Path) -> str:
    """Return what a message calls the base model: its hub id and revision, or its folder."""
    base = suite.base_model
    return f"{base.id}@{base.revision}" if isinstance(base, PinnedBase) else str(getattr(base, "path", folder))


def positions(model: SentenceTransformer) -> int | None:
    """Return how many tokens the network has positions for; None where it has no limit (relative positions)."""
    network: Any = getattr(model[0], "auto_model", None)
    most = getattr(getattr(network, "config", None), "max_position_embeddings", None)
    if not isinstance(most, int):
        return None
    unused = getattr(getattr(network, "embeddings", None), "padding_idx", None)  # RoBERTa counts from the padding's on
    return most if unused is None else most - unused - 1
