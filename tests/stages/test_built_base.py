"""The base model that is built from a suite's passages."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from support.commands import spawn

from harness.keys import folder_sha256
from harness.request.manifest import BuiltBase
from harness.stages import built_base
from harness.stages.built_base import build
from harness.vectors.encoder import open_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

SHAPE = {"hidden_size": 32, "intermediate_size": 64, "layers": 1, "attention_heads": 2, "initialisation_seed": 0}
TEXTS = [
    "오래된 찻집 마당 감나무 그늘",
    "बरसात नदी नाव मछुआरे जाल",
    "کویر شتر کاروان ستاره شب",
    "glacier valley moraine boulder meltwater",
]
BUILD = """
import json, sys
from pathlib import Path
from harness.stages.built_base import build
from harness.request.manifest import BuiltBase
texts, settings, folder = json.loads(sys.argv[1]), BuiltBase(**json.loads(sys.argv[2])), Path(sys.argv[3])
folder.mkdir()
build(texts, settings, 32, folder)
"""


def built(folder: Path, vocab_size: int = 400, **shape: int) -> Path:
    folder.mkdir()
    build(TEXTS, BuiltBase(vocab_size=vocab_size, **{**SHAPE, **shape}), 32, folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("base") / "model")


@pytest.fixture
def model(folder: Path) -> SentenceTransformer:
    return open_model(folder, "cpu")


def network(model: SentenceTransformer) -> Any:
    transformer: Any = model[0]
    return transformer.auto_model


def test_the_bytes_do_not_depend_on_process_hash_seed_or_threads(folder: Path, tmp_path: Path) -> None:
    import torch

    threads = str(torch.get_num_threads() + 1)
    other = "1" if os.environ.get("PYTHONHASHSEED") == "2" else "2"
    environment = {"PYTHONHASHSEED": other, "OMP_NUM_THREADS": threads, "RAYON_NUM_THREADS": threads}
    arguments = (json.dumps(TEXTS), json.dumps({"vocab_size": 400, **SHAPE}), tmp_path / "again")
    again = spawn("-c", BUILD, *arguments, cwd=Path(built_base.__file__).parents[2], **environment)
    assert again.status == 0, again.err
    assert folder_sha256(tmp_path / "again") == folder_sha256(folder)


def test_building_does_not_touch_torchs_generator(tmp_path: Path) -> None:
    import torch

    before = torch.get_rng_state()
    built(tmp_path / "model")
    assert torch.equal(torch.get_rng_state(), before)


def test_another_initialisation_seed_draws_different_weights(folder: Path, tmp_path: Path) -> None:
    other = built(tmp_path / "model", initialisation_seed=1)
    assert (other / "model.safetensors").read_bytes() != (folder / "model.safetensors").read_bytes()
    assert (other / "tokenizer.json").read_bytes() == (folder / "tokenizer.json").read_bytes()


def test_loading_draws_nothing(folder: Path) -> None:
    import torch

    states = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        states.append(open_model(folder, "cpu").state_dict())
        assert torch.equal(torch.get_rng_state(), before)
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(tensor, states[1][name]) for name, tensor in states[0].items())


def test_the_model_has_a_pooler(model: SentenceTransformer) -> None:
    assert any(name.endswith("pooler.dense.weight") for name in model.state_dict())


def test_the_model_has_the_shape_of_its_settings(model: SentenceTransformer) -> None:
    configuration = network(model).config
    assert configuration.model_type == "xlm-roberta"
    assert (configuration.hidden_size, configuration.intermediate_size, configuration.num_hidden_layers) == (32, 64, 1)
    assert configuration.max_position_embeddings == 34  # 32 tokens; positions count from pad_token_id + 1
    assert model.max_seq_length == 32
    assert model.get_embedding_dimension() == 32


def test_a_text_that_is_too_long_is_cut_and_embedded(model: SentenceTransformer) -> None:
    vector = model.encode([" ".join(TEXTS * 20)])
    assert vector.shape == (1, 32)
    assert bool(np.isfinite(vector).all())


def test_the_token_type_embedding_is_zero(model: SentenceTransformer) -> None:
    assert float(network(model).embeddings.token_type_embeddings.weight.detach().abs().max()) == 0.0


def test_vectors_are_the_mean_of_the_tokens(model: SentenceTransformer) -> None:
    tokens: Any = model.encode([TEXTS[3]], output_value="token_embeddings", convert_to_numpy=False)
    np.testing.assert_allclose(model.encode([TEXTS[3]])[0], tokens[0].mean(dim=0).numpy(), atol=1e-6)


def test_tokens_of_one_passage_are_nearer_than_tokens_of_two(model: SentenceTransformer) -> None:
    import torch

    rows = [sorted(set(model.tokenizer(text, add_special_tokens=False)["input_ids"])) for text in TEXTS]
    alone = [[token for token in row if sum(token in other for other in rows) == 1] for row in rows]
    assert all(len(tokens) >= 5 for tokens in alone)
    embeddings = network(model).embeddings.word_embeddings.weight.detach()
    unit = [torch.nn.functional.normalize(embeddings[tokens], dim=1) for tokens in alone]
    for i, tokens in enumerate(unit):
        assert float((tokens @ tokens.T).min()) > 0.999  # they occur in the same passages: the same direction
        for other in unit[:i]:
            assert float((tokens @ other.T).abs().max()) < 0.7  # two random directions in 32 dimensions: sd 0.18


def test_tokens_of_the_texts_have_the_norm_of_the_usual_draw(model: SentenceTransformer) -> None:
    embeddings = network(model).embeddings.word_embeddings.weight.detach()
    tokens = sorted({token for text in TEXTS for token in model.tokenizer(text, add_special_tokens=False)["input_ids"]})
    np.testing.assert_allclose(embeddings[tokens].norm(dim=1).numpy(), 0.02 * 32**0.5, rtol=1e-5)


def test_the_tokenizer_adds_both_marks_and_knows_every_character_of_its_texts(model: SentenceTransformer) -> None:
    for text in TEXTS:
        numbers = model.tokenizer(text)["input_ids"]
        assert (numbers[0], numbers[-1]) == (0, 2)
        assert model.tokenizer.unk_token_id not in numbers
    assert model.tokenizer.convert_ids_to_tokens([0, 1, 2, 3, 4]) == ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
