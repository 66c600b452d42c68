"""The encoder that every method starts from."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from harness.errors import RequestError
from harness.keys import folder_sha256
from harness.machine.store import Store
from harness.request.cell import Place
from harness.request.manifest import BuiltBase, LocalBase, PinnedBase
from harness.request.suite import Suite
from harness.stages import base_model
from harness.stages.lineage import base_key
from harness.vectors.embedding import open_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

SHAPE = {"hidden_size": 32, "intermediate_size": 64, "layers": 1, "attention_heads": 2, "initialisation_seed": 0}
TEXTS = [
    "오래된 찻집 마당 감나무 그늘",
    "बरसात नदी नाव मछुआरे जाल",
    "کویر شتر کاروان ستاره شب",
    "glacier valley moraine boulder meltwater",
]
REVISION = "0123456789" * 4

BUILD = """
import json, sys
from pathlib import Path
from harness.stages.base_model import build
from harness.request.manifest import BuiltBase
texts, settings, folder = json.loads(sys.argv[1]), BuiltBase(**json.loads(sys.argv[2])), Path(sys.argv[3])
folder.mkdir()
build(texts, settings, 32, folder)
"""


def built(folder: Path, vocab_size: int = 400, **shape: int) -> Path:
    folder.mkdir()
    base_model.build(TEXTS, BuiltBase(vocab_size=vocab_size, **{**SHAPE, **shape}), 32, folder)
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


def test_the_bytes_are_the_same_in_other_processes_whatever_hash_seed_and_threads(folder: Path, tmp_path: Path) -> None:
    checkout = Path(base_model.__file__).parents[2]
    arguments = [json.dumps(TEXTS), json.dumps({"vocab_size": 400, **SHAPE})]
    running = []
    for number, threads in (("1", "1"), ("2", "2")):
        environment = {**os.environ, "PYTHONHASHSEED": number, "OMP_NUM_THREADS": threads, "RAYON_NUM_THREADS": threads}
        command = [sys.executable, "-c", BUILD, *arguments, str(tmp_path / number)]
        running.append(subprocess.Popen(command, cwd=checkout, env=environment, stderr=subprocess.PIPE, text=True))
    for process in running:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    assert folder_sha256(tmp_path / "1") == folder_sha256(tmp_path / "2") == folder_sha256(folder)


def test_building_does_not_touch_torchs_generator(tmp_path: Path) -> None:
    import torch

    before = torch.get_rng_state()
    built(tmp_path / "model")
    assert torch.equal(torch.get_rng_state(), before)


def test_another_initialisation_seed_draws_other_weights(folder: Path, tmp_path: Path) -> None:
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


def test_the_pooler_is_there(model: SentenceTransformer) -> None:
    assert any(name.endswith("pooler.dense.weight") for name in model.state_dict())


def test_the_shape_is_that_of_the_manifest(model: SentenceTransformer) -> None:
    configuration = network(model).config
    assert configuration.model_type == "xlm-roberta"
    assert (configuration.hidden_size, configuration.intermediate_size, configuration.num_hidden_layers) == (32, 64, 1)
    assert configuration.max_position_embeddings == 34  # 32 tokens, counted from the padding's number on
    assert model.max_seq_length == 32
    assert model.get_embedding_dimension() == 32


def test_the_longest_text_is_cut_and_embedded(model: SentenceTransformer) -> None:
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
    for i, one in enumerate(unit):
        assert float((one @ one.T).min()) > 0.999  # they occur in the same passages: the same direction
        for other in unit[:i]:
            assert float((one @ other.T).abs().max()) < 0.7  # two random directions in 32 dimensions: sd 0.18


def test_tokens_that_occur_have_the_length_of_the_usual_draw(model: SentenceTransformer) -> None:
    embeddings = network(model).embeddings.word_embeddings.weight.detach()
    tokens = sorted({token for text in TEXTS for token in model.tokenizer(text, add_special_tokens=False)["input_ids"]})
    np.testing.assert_allclose(embeddings[tokens].norm(dim=1).numpy(), 0.02 * 32**0.5, rtol=1e-5)


def test_the_tokenizer_marks_beginning_and_end_and_knows_every_letter_of_its_texts(model: SentenceTransformer) -> None:
    for text in TEXTS:
        numbers = model.tokenizer(text)["input_ids"]
        assert (numbers[0], numbers[-1]) == (0, 2)
        assert model.tokenizer.unk_token_id not in numbers
    assert model.tokenizer.convert_ids_to_tokens([0, 1, 2, 3, 4]) == ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def test_a_suites_base_is_built_once_from_the_passages_of_all_its_languages(small_suite: Suite, tmp_path: Path) -> None:
    store = Store(tmp_path)
    one = base_model.base_model(small_suite, Place(cache=tmp_path), store)
    assert base_model.base_model(small_suite, Place(cache=tmp_path), store) == one
    assert [run.cached for run in store.runs if run.stage == "base"] == [False, True]
    text = "비빔밥은 그릇에 밥을 담고"
    assert open_model(one, "cpu").tokenizer.unk_token_id not in open_model(one, "cpu").tokenizer(text)["input_ids"]


def test_the_base_does_not_depend_on_how_many_queries_are_trained_on(small_suite: Suite) -> None:
    fewer = small_suite.model_copy(update={"max_train": 7})
    held = small_suite.evaluation.model_copy(update={"holdout": 0.5})
    assert base_key(fewer) == base_key(small_suite)
    assert base_key(small_suite.model_copy(update={"evaluation": held})) == base_key(small_suite)


def test_the_base_depends_on_its_shape_and_its_longest_text(small_suite: Suite) -> None:
    assert isinstance(small_suite.base_model, BuiltBase)
    wider = small_suite.model_copy(update={"base_model": small_suite.base_model.model_copy(update={"hidden_size": 64})})
    text = small_suite.text.model_copy(update={"passage_max_length": 96})
    longer = small_suite.model_copy(update={"text": text})
    assert len({base_key(chosen) for chosen in (small_suite, wider, longer)}) == 3


def test_a_folder_given_as_base_model_is_used_and_known_by_its_content(
    small_suite: Suite, folder: Path, tmp_path: Path
) -> None:
    chosen = base_model.override(small_suite, str(folder))
    assert isinstance(chosen.base_model, LocalBase)
    assert base_model.base_model(chosen, Place(cache=tmp_path), Store(tmp_path / "store")) == folder
    moved = tmp_path / "moved"
    shutil.copytree(folder, moved)
    assert base_key(base_model.override(small_suite, str(moved))) == base_key(chosen)
    (moved / "README.md").write_text("changed", encoding="utf-8")
    assert base_key(base_model.override(small_suite, str(moved))) != base_key(chosen)
    assert str(folder) not in chosen.model_dump_json()


def test_a_folder_that_is_no_model_is_refused(small_suite: Suite, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"is no sentence-transformers folder: modules\.json is missing"):
        base_model.override(small_suite, str(tmp_path))


def test_a_damaged_model_folder_is_refused_in_one_line(small_suite: Suite, base_folder: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(base_folder, damaged)
    (damaged / "model.safetensors").write_bytes(b"no weights")
    chosen = base_model.override(small_suite, str(damaged))
    with pytest.raises(RequestError, match="damaged does not load: ") as refused:
        base_model.check_opens(chosen, Place(cache=tmp_path), Store(tmp_path / "store"))
    assert "\n" not in str(refused.value)
    base_model.check_opens(
        base_model.override(small_suite, str(base_folder)), Place(cache=tmp_path), Store(tmp_path / "store")
    )


def test_a_hub_model_is_named_with_its_revision(small_suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = base_model.override(small_suite, f"someone/model@{REVISION}")
    assert chosen.base_model == PinnedBase(id="someone/model", revision=REVISION)

    class Info:
        def __init__(self, digit: str) -> None:
            self.sha = digit * 40

    digits = {"main": "1", "v2": "2"}
    monkeypatch.setattr("huggingface_hub.model_info", lambda name, revision: Info(digits[revision]))
    assert base_model.override(small_suite, "someone/model").base_model == PinnedBase(
        id="someone/model", revision="1" * 40
    )
    assert base_model.override(small_suite, "someone/model@v2").base_model == PinnedBase(
        id="someone/model", revision="2" * 40
    )


def test_a_hub_model_that_is_not_to_be_had_is_refused_in_one_line(
    small_suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str, **_: Any) -> None:
        raise OSError("no\nnetwork")

    monkeypatch.setattr("huggingface_hub.model_info", fail)
    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    with pytest.raises(RequestError, match=r"base model 'someone/model' is neither a folder nor .* \(no\); name a"):
        base_model.override(small_suite, "someone/model")
    pinned = base_model.override(small_suite, f"someone/model@{REVISION}")
    with pytest.raises(
        RequestError, match=f"base model 'someone/model' at {REVISION} does not load: no network; run `harness data"
    ):
        base_model.base_model(pinned, Place(cache=tmp_path), Store(tmp_path / "store"))


def test_a_base_model_with_fewer_positions_than_the_suite_asks_for_is_refused_with_the_setting_that_helps(
    small_suite: Suite, base_folder: Path, tmp_path: Path
) -> None:
    suite = base_model.override(small_suite, str(base_folder))
    store = Store(tmp_path)
    most = base_model.positions(base_model.check_opens(suite, Place(cache=tmp_path), store))
    assert most == small_suite.text.passage_max_length
    longer = suite.model_copy(update={"text": suite.text.model_copy(update={"passage_max_length": most + 1})})
    with pytest.raises(RequestError, match=rf"at most {most} tokens.*--set text.passage_max_length={most}"):
        base_model.check_opens(longer, Place(cache=tmp_path), store)
