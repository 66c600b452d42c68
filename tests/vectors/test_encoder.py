"""A model is read as it declares itself: prompts, route, pooling, similarity, dimensions and dtype."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.tiny_models import PROMPTS, TEXTS, declare, make_kinds

from harness.errors import RequestError
from harness.request import suite
from harness.request.manifest import Text
from harness.request.suite import Suite
from harness.stages.base_override import with_base_model
from harness.stages.model_prompts import with_model_prompts
from harness.vectors.encoder import Encoder, Role, open_model
from harness.vectors.token_batches import Budget

KINDS = (
    *("mean", "cls", "prompts", "prompt-left-out", "default-prompt", "router", "dense", "normalize", "dot"),
    *("dot-of-unit-vectors", "truncated", "bfloat16", "float16"),
)
BATCH = Budget(texts=8, tokens=64)
LENGTHS = {"query_max_length": 12, "passage_max_length": 20}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return make_kinds(tmp_path_factory.mktemp("kinds"))


def on(folder: Path, **text: Any) -> Suite:
    """Return the suite with a model given on the command line, and the text settings that it states."""
    mini = suite.load("mini")
    stated = Text.model_validate({"title_join": " ", **LENGTHS, **text})
    given = with_base_model(mini.model_copy(update={"text": stated}), str(folder))
    return with_model_prompts(given, given=True)


opened = cache(open_model)


def encoder(folder: Path, **text: Any) -> Encoder:
    return Encoder(opened(folder, "cpu"), on(folder, **text).text)


def library(folder: Path) -> Any:
    import torch
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})


@pytest.mark.parametrize("kind", KINDS)
def test_similarities_are_those_of_the_librarys_own_calls(kind: str, kinds: Mapping[str, Path]) -> None:
    reference, ours = library(kinds[kind]), encoder(kinds[kind])
    reference.max_seq_length = LENGTHS["query_max_length"]
    queries = reference.encode_query(list(TEXTS))
    reference.max_seq_length = LENGTHS["passage_max_length"]
    passages = reference.encode_document(list(TEXTS))
    expected = reference.similarity(queries, passages).numpy()
    similarities = ours.encode(TEXTS, "query", BATCH) @ ours.encode(TEXTS, "passage", BATCH).T
    assert np.abs(similarities - expected).max() < 1e-6
    assert np.abs(queries - passages).max() > 1e-4  # two lengths, two prompts or two routes


def test_a_route_of_token_vectors_alone_is_read_and_cut_too(kinds: Mapping[str, Path]) -> None:
    folder, short = kinds["static-router"], [text for text in TEXTS if len(text.split()) < 5]
    reference, ours = library(folder), encoder(folder)
    expected = reference.similarity(reference.encode_query(short), reference.encode_document(short)).numpy()
    similarities = ours.encode(short, "query", BATCH) @ ours.encode(short, "passage", BATCH).T
    assert np.abs(similarities - expected).max() < 1e-6
    long = "word1 " * 50
    cut, longer = ours.encode([f"{long}word2 word3"], "query", BATCH), ours.encode([long], "query", BATCH)
    assert np.array_equal(cut, longer)
    assert np.array_equal(ours.encode(short, "query", BATCH), ours.encode(short, "query", BATCH))


def test_the_library_would_tell_the_kinds_apart(kinds: Mapping[str, Path]) -> None:
    vectors = {kind: encoder(folder).encode(TEXTS, "query", BATCH) for kind, folder in kinds.items()}
    plain = vectors["mean"]
    for kind in ("cls", "prompts", "prompt-left-out", "router", "dense", "dot", "truncated", "bfloat16", "float16"):
        assert vectors[kind].shape != plain.shape or np.abs(vectors[kind] - plain).max() > 1e-5, kind
    assert np.abs(vectors["prompts"] - vectors["prompt-left-out"]).max() > 1e-3
    assert vectors["truncated"].shape == (8, 12)


@pytest.mark.parametrize("role", ["query", "passage"])
def test_a_plain_model_has_the_bits_of_a_prompt_written_before_its_texts(role: Role, kinds: Mapping[str, Path]) -> None:
    stated = encoder(kinds["mean"], query_prompt="word3 word4 ", passage_prompt="word9 ")
    by_hand = library(kinds["mean"])
    by_hand.max_seq_length = stated.length(role)
    prompt = stated.prompt(role)
    expected = by_hand.encode([prompt + text for text in TEXTS], prompt="", normalize_embeddings=True)
    one_batch = Budget(len(TEXTS), 10**6)
    assert np.abs(stated.encode(TEXTS, role, one_batch) - expected).max() < 1e-7
    plain = encoder(kinds["mean"]).encode([prompt + text for text in TEXTS], role, one_batch)
    assert np.array_equal(stated.encode(TEXTS, role, one_batch), plain)


def test_dot_product_models_keep_the_length_of_their_vectors(kinds: Mapping[str, Path]) -> None:
    norms = np.linalg.norm(encoder(kinds["dot"]).encode(TEXTS, "passage", BATCH), axis=1)
    assert not encoder(kinds["dot"]).normalized
    assert norms.min() > 1.5
    assert norms.std() > 1e-3


@pytest.mark.parametrize("kind", ["bfloat16", "float16"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_weights_have_the_declared_precision_whatever_the_files_hold(
    kind: str, precision: Any, kinds: Mapping[str, Path]
) -> None:
    model = open_model(kinds[kind], "cpu", precision)
    assert Encoder(model, on(kinds[kind]).text).found()["dtype"] == precision


def test_modules_after_a_half_precision_network_are_not_rounded(kinds: Mapping[str, Path]) -> None:
    weight = open_model(kinds["bfloat16"], "cpu")[2].linear.weight
    assert (weight - weight.bfloat16().float()).abs().max() > 0


def test_half_precision_vectors_are_float32_of_unit_length(kinds: Mapping[str, Path]) -> None:
    half = Encoder(open_model(kinds["mean"], "cpu", "bfloat16"), on(kinds["mean"]).text)
    vectors = half.encode(TEXTS, "passage", BATCH)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_what_is_found_in_the_model_is_said(kinds: Mapping[str, Path]) -> None:
    assert encoder(kinds["prompt-left-out"]).found() == {
        "dtype": "float32",
        "attention_implementation": "sdpa",
        "similarity": "cosine",
        "normalized": True,
        "truncate_dim": None,
        "pooling": ["mean without prompt"],
        "prompts": {"query": PROMPTS["query"], "passage": PROMPTS["document"]},
    }
    routes, dot = encoder(kinds["router"]).found(), encoder(kinds["dot"]).found()
    assert routes["pooling"] == ["mean", "mean"]
    assert (dot["similarity"], dot["normalized"]) == ("dot", False)
    assert encoder(kinds["truncated"]).found()["truncate_dim"] == 12


@pytest.mark.parametrize("similarity", ["euclidean", "manhattan"])
def test_other_similarities_are_refused_in_one_line(similarity: str, kinds: Mapping[str, Path], tmp_path: Path) -> None:
    folder = shutil.copytree(kinds["mean"], tmp_path / "model")
    declare(folder, similarity_fn_name=similarity)
    with pytest.raises(RequestError, match=f"compares vectors by '{similarity}', and the harness by cosine or dot"):
        on(folder)
    with pytest.raises(RequestError, match=f"compares vectors by '{similarity}'"):
        open_model(folder, "cpu")
    declare(folder, similarity_fn_name="cosine")  # as the message says
    assert encoder(folder).normalized


def test_a_text_without_a_role_has_the_default_prompt_of_a_model_whose_prompts_are_used(
    kinds: Mapping[str, Path],
) -> None:
    folder = kinds["default-prompt"]
    own, stated = encoder(folder), encoder(folder, query_prompt="word3 ")
    assert (own.prompt(None), own.prompt("query"), stated.prompt(None)) == ("word5 ", "", "")
    reference = library(folder)
    reference.max_seq_length = 20
    expected = reference.encode(list(TEXTS), normalize_embeddings=True)
    assert np.abs(own.encode(TEXTS, None, BATCH) - expected).max() < 1e-6


def test_the_length_of_a_model_is_as_before_after_its_texts_are_read(kinds: Mapping[str, Path]) -> None:
    ours = encoder(kinds["router"])
    before = ours.model.max_seq_length
    ours.encode(TEXTS, "query", BATCH)
    assert ours.model.max_seq_length == before


def test_no_texts_give_no_vectors(kinds: Mapping[str, Path]) -> None:
    assert len(encoder(kinds["mean"]).encode([], "query", BATCH)) == 0
    assert json.loads((kinds["mean"] / "config_sentence_transformers.json").read_text())["prompts"]["query"] == ""
