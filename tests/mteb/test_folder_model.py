"""mteb reads a model's folder as the stages do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.tiny_models import TEXTS, make_kinds

from harness.request import suite
from harness.request.manifest import Text
from harness.stages.base_override import with_base_model
from harness.stages.model_prompts import with_model_prompts
from harness.vectors.encoder import Encoder, Role, open_model
from harness.vectors.token_batches import Budget

pytestmark = pytest.mark.xdist_group("mteb")
LENGTHS = {"query_max_length": 12, "passage_max_length": 20}

BATCH = Budget(texts=4, tokens=64)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return make_kinds(tmp_path_factory.mktemp("kinds"))


@pytest.mark.parametrize("kind", ["prompt-left-out", "default-prompt", "router", "dot", "truncated", "bfloat16"])
def test_vectors_and_similarities_are_those_of_the_search(kinds: Mapping[str, Path], kind: str) -> None:
    from mteb.types import PromptType

    from harness.mteb.folder_model import LengthAwareEncoder

    stated = suite.load("mini").model_copy(update={"text": Text.model_validate({"title_join": " ", **LENGTHS})})
    text = with_model_prompts(with_base_model(stated, str(kinds[kind])), given=True).text
    ours, mteb = (
        Encoder(open_model(kinds[kind], "cpu"), text),
        LengthAwareEncoder(str(kinds[kind]), "cpu", text, "float32", BATCH),
    )
    roles: dict[Role | None, Any] = {"query": PromptType.query, "passage": PromptType.document, None: None}
    vectors = {}
    for role, prompt_type in roles.items():
        batches = [{"text": list(TEXTS[:5])}, {"text": list(TEXTS[5:])}]
        vectors[role] = mteb.encode(batches, prompt_type=prompt_type, batch_size=4)
        assert np.array_equal(vectors[role], ours.encode(TEXTS, role, BATCH))
    similarities = np.asarray(mteb.similarity(vectors["query"], vectors["passage"]))
    assert np.abs(similarities - vectors["query"] @ vectors["passage"].T).max() < 1e-6
