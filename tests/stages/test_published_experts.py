"""A published expert scores pairs as its own library does: its prompts, its similarity."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.tiny_models import PROMPTS, built, declare

from harness.errors import RequestError
from harness.execution.model_trial import check_encodes
from harness.request.manifest import Expert, PinnedBase
from harness.stages.consult import _encoder_scores, on_expert
from harness.stages.lineage import consult_key
from harness.types import TrainingData
from tests.stages.conftest import Workbench

REVISION = "c" * 40


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the snapshot of someone/expert, which declares prompts and dot product, in a cache without a network."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    model = declare(built(tmp_path / "model"), prompts=PROMPTS, similarity_fn_name="dot")
    return shutil.copytree(model, tmp_path / "hub" / "models--someone--expert" / "snapshots" / REVISION)


def test_its_scores_are_the_librarys_dot_products_with_its_own_prompts(bench: Workbench, published: Path) -> None:
    from sentence_transformers import SentenceTransformer

    store = bench.store()
    cell = bench.cell("soft-1", store)
    training: TrainingData = bench.mined(cell, store)
    pairs = [(query, docs[0]) for query, docs in sorted(training.data.train.items())][:8]
    expert = Expert(name="e", encoder=PinnedBase(id="someone/expert", revision=REVISION))
    text = cell.suite.text.model_copy(update={"query_max_length": 16, "passage_max_length": 24})
    cell = replace(cell, suite=cell.suite.model_copy(update={"text": text}))
    scores = _encoder_scores(expert, cell, training, pairs, store)
    reference = SentenceTransformer(str(published), device="cpu")
    reference.max_seq_length = 16
    queries = reference.encode_query([training.queries[query] for query, _ in pairs])
    reference.max_seq_length = 24
    passages = reference.encode_document([training.passages[doc] for _, doc in pairs])
    expected = reference.similarity_pairwise(queries, passages).numpy()
    assert np.abs(scores - expected).max() < 1e-5
    assert scores.max() > 1.5


def test_stated_prompts_of_an_expert_are_in_the_key_of_its_scores(bench: Workbench) -> None:
    cell = bench.cell("soft-1", bench.store())
    keys = set()
    for prompts in ({}, {"query_prompt": "q: "}):
        expert = Expert(name="e", encoder=PinnedBase(id="someone/expert", revision=REVISION), **prompts)
        keys.add(consult_key(replace(cell, suite=cell.suite.model_copy(update={"experts": (expert,)}))))
    assert len(keys) == 2


def test_an_expert_with_too_few_positions_works_when_the_advice_is_followed(bench: Workbench, published: Path) -> None:
    store = bench.store()
    cell = bench.cell("soft-1", store)
    expert = Expert(name="e", encoder=PinnedBase(id="someone/expert", revision=REVISION))
    with pytest.raises(
        RequestError, match=r"^expert 'e' reads at most 32 tokens, and is given 128; add max_length = 32 to"
    ):
        check_encodes(published, on_expert(cell, expert), "expert 'e'", store)
    followed = expert.model_copy(update={"max_length": 32})
    check_encodes(published, on_expert(cell, followed), "expert 'e'", store)  # raises no error
