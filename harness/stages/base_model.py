"""Base: the encoder that every method of a suite starts from: a local folder, a pinned hub model, or built here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
from harness.stages.model_lengths import too_long
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


def check_opens(suite: Suite, place: Place, store: Store, *, trains: bool = False) -> SentenceTransformer:
    """Return the base model, on CPU.

    Raises RequestError where it does not load, or has fewer positions than the suite's lengths; `trains`: also than
    that of passages in training.
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
    if longer := too_long(model, suite.text, trains):
        limits = ", ".join(f"{most} tokens where text.{field} is {length}" for field, (length, most) in longer.items())
        settings = " ".join(f"--set text.{field}={most}" for field, (_, most) in longer.items())
        raise RequestError(
            f"{name} reads at most {limits} in suite {suite.name}; use another base model, or add {settings}"
        )
    return model


def name_of(suite: Suite, folder: Path) -> str:
    """Return what a message calls the base model: its hub id and revision, or its folder."""
    base = suite.base_model
    return f"{base.id}@{base.revision}" if isinstance(base, PinnedBase) else str(getattr(base, "path", folder))
