"""Texts are tokenised once, batches are filled by tokens, and vectors are those of the library."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny_models import PROMPTS, TEXTS, make_kinds

from harness.request import suite
from harness.request.manifest import Text
from harness.vectors.encoder import Encoder, open_model
from harness.vectors.token_batches import ON_ACCELERATOR, ON_CPU, Budget, Tokenised, budget, tokenised

WIDE = Budget(texts=10**6, tokens=10**6)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return make_kinds(tmp_path_factory.mktemp("kinds"))


def rows_of(lengths: list[int], left: bool = False) -> Tokenised:
    ids = [np.arange(1, length + 1, dtype=np.int32) for length in lengths]
    masks = [np.ones(length, dtype=np.int32) for length in lengths]
    return Tokenised(
        {"input_ids": ids, "attention_mask": masks}, {"modality": "text"}, {"input_ids": 9, "attention_mask": 0}, left
    )


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=60),
    st.integers(1, 20),
    st.integers(1, 100),
    st.booleans(),
)
def test_every_text_is_in_one_batch_that_the_budget_holds(
    lengths: list[int], texts: int, tokens: int, left: bool
) -> None:
    seen: list[int] = []
    longest: list[int] = []
    for places, features in rows_of(lengths, left).batches(Budget(texts, tokens)):
        ids, mask = features["input_ids"].numpy(), features["attention_mask"].numpy()
        assert ids.shape == (len(places), max(lengths[place] for place in places))  # no padding beyond the batch
        assert len(places) == 1 or (len(places) <= texts and ids.size <= tokens)
        for place, row, ones in zip(places, ids, mask, strict=True):
            inside = slice(len(row) - lengths[place], None) if left else slice(lengths[place])
            assert row[inside].tolist() == list(range(1, lengths[place] + 1))
            assert ones.sum() == lengths[place] == ones[inside].sum()
            assert (row[ones == 0] == 9).all()
        seen += places.tolist()
        longest.append(ids.shape[1])
    assert sorted(seen) == list(range(len(lengths)))
    assert longest == sorted(longest, reverse=True)  # memory runs out at the first batch or never


def test_texts_are_as_the_librarys_own_call_makes_them(kinds: Mapping[str, Path]) -> None:
    model = open_model(kinds["prompt-left-out"], "cpu")
    model.max_seq_length = 20
    expected = model.preprocess(list(TEXTS), prompt=PROMPTS["query"], task="query")
    made = tokenised(model, TEXTS, PROMPTS["query"], "query", 20)
    assert made is not None
    (batch,) = made.batches(WIDE)
    places, features = batch
    assert features.keys() == expected.keys()
    for name, value in expected.items():
        assert np.array_equal(features[name], value[places] if hasattr(value, "shape") else value)


@pytest.mark.parametrize("kind", ["mean", "prompts", "prompt-left-out", "router", "dense", "dot", "truncated"])
@pytest.mark.parametrize("most", [Budget(1, 1), Budget(3, 30), WIDE])
def test_vectors_do_not_depend_on_the_budget(kind: str, most: Budget, kinds: Mapping[str, Path]) -> None:
    text = Text(query_max_length=12, passage_max_length=20, title_join=" ", query_prompt="word3 ")
    encoder = Encoder(open_model(kinds[kind], "cpu"), text)
    for role in ("query", "passage"):
        by_library = encoder._by_library(encoder.prepared(TEXTS, role, Budget(32, 10**6)))  # type: ignore[arg-type]
        assert np.abs(encoder.encode(TEXTS, role, most) - by_library).max() < 1e-6  # type: ignore[arg-type]


def test_each_text_is_tokenised_once(kinds: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    model, read = open_model(kinds["mean"], "cpu"), []
    preprocess = model.preprocess

    def spy(texts: list[str], **options: Any) -> Any:
        read.extend(texts)
        return preprocess(texts, **options)

    monkeypatch.setattr(model, "preprocess", spy)
    text = Text(query_max_length=12, passage_max_length=20, title_join=" ")
    Encoder(model, text).encode(TEXTS, "passage", Budget(2, 20))
    assert read == list(TEXTS)


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_is_on_the_side_of_the_tokenizer(side: str, kinds: Mapping[str, Path]) -> None:
    model = open_model(kinds["mean"], "cpu")
    model.tokenizer.padding_side = side
    made = tokenised(model, TEXTS, "", "query", 20)
    assert made is not None
    (batch,) = made.batches(WIDE)
    padding = batch[1]["input_ids"][batch[1]["attention_mask"] == 0]
    assert len(padding)
    assert (padding == model.tokenizer.pad_token_id).all()
    first = batch[1]["attention_mask"][:, 0]
    assert bool((first == 0).any()) == (side == "left")


def test_what_has_no_network_is_left_to_the_library(kinds: Mapping[str, Path]) -> None:
    model = open_model(kinds["static-router"], "cpu")
    assert tokenised(model, TEXTS, "", "query", 20) is None


def test_flattened_and_unpaddable_texts_are_left_to_the_library(
    kinds: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = open_model(kinds["mean"], "cpu")
    read = partial(tokenised, model, TEXTS, "", "query", 20)
    assert read() is not None
    network: Any = model[0]
    monkeypatch.setattr(network, "can_flatten_inputs", True)
    assert read() is None
    monkeypatch.setattr(network, "can_flatten_inputs", False)
    network.tokenizer.pad_token = None
    assert read() is None


def test_the_budget_is_the_suites_or_that_of_the_device() -> None:
    mini = suite.load("mini")
    evaluation, text = mini.evaluation, mini.text
    assert budget(evaluation, text, "cpu") == Budget(64, ON_CPU)
    assert budget(evaluation, text, "cuda") == Budget(64, ON_ACCELERATOR)
    stated = evaluation.model_copy(update={"encode_tokens": 300})
    assert budget(stated, text, "cuda") == Budget(64, 300)
    long = text.model_copy(update={"passage_max_length": 8192})
    assert budget(evaluation, long, "cpu").tokens == 8192  # one text, not none
