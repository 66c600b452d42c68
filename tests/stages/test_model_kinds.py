"""Base models of every kind that users bring: encoded and trained as the library does, or rejected in one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support import model_kinds

from harness.errors import RequestError
from harness.execution import model_trial
from harness.machine.store import Store
from harness.request.cell import Place
from harness.request.manifest import LocalBase, PinnedBase
from harness.request.suite import Suite
from harness.stages.base_model import base_model, check_opens
from harness.stages.base_override import with_base_model
from harness.vectors.embedding import embed, open_encoder
from harness.vectors.encoder import open_model
from harness.vectors.lengths import set_length
from harness.vectors.model_kind import check_kind
from tests.stages.conftest import Workbench

Make = Callable[[Path, Path], Path]
TEXTS = {"1": "비빔밥은 그릇에 밥을 담는다", "2": "바다와 산", "3": "강"}
WORK: dict[str, Make] = {
    "static": model_kinds.static,
    "decoder": model_kinds.decoder,
    "bin": model_kinds.bin_weights,
    "lora": model_kinds.lora,
    "lora-of-peft": lambda base, folder: model_kinds.lora(base, folder, modules=False),
}


@pytest.fixture(scope="module")
def folders(base_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return kind → the folder of a tiny model of that kind."""
    top = tmp_path_factory.mktemp("kinds")
    return {name: make(base_folder, top / name) for name, make in WORK.items()}


def on(bench: Workbench, folder: Path) -> Workbench:
    return Workbench(with_base_model(bench.suite, str(folder)), bench.root / folder.name)


@pytest.mark.parametrize("kind", [kind for kind in WORK if kind != "lora-of-peft"])
def test_a_kind_that_works_encodes_as_the_library_does(kind: str, bench: Workbench, folders: dict[str, Path]) -> None:
    from sentence_transformers import SentenceTransformer

    there = on(bench, folders[kind])
    store = there.store()
    cell = there.cell("base", store)
    folder = base_model(cell.suite, cell.place, store)
    vectors = embed(open_encoder(folder, cell), TEXTS, "passage", cell, store).matrix
    library = SentenceTransformer(str(folders[kind]), device="cpu")
    expected = library.encode_document(list(TEXTS.values()), normalize_embeddings=True)
    assert np.abs(vectors - expected).max() < 1e-6
    assert len({vector.tobytes() for vector in vectors}) == len(TEXTS)


@pytest.mark.parametrize("kind", ["static", "decoder", "lora"])
def test_a_kind_that_works_trains(kind: str, bench: Workbench, folders: dict[str, Path]) -> None:
    there = on(bench, folders[kind])
    store = there.store()
    cell = there.cell("mnrl", store)
    base, trained = base_model(cell.suite, cell.place, store), there.train(cell, store)
    before, after = open_model(base, "cpu").state_dict(), open_model(trained, "cpu").state_dict()
    assert before.keys() == after.keys()
    assert any(not np.array_equal(before[name].numpy(), after[name].numpy()) for name in before)
    assert not (trained / "adapter_config.json").exists()


def test_static_embeddings_are_cut_at_the_suites_lengths(folders: dict[str, Path]) -> None:
    model = open_model(folders["static"], "cpu")
    set_length(model, 3)
    ids = model.preprocess(["바다 산 강 도시 기차 학교 음악"])["input_ids"]
    assert len(ids) == 3


def test_both_layouts_of_lora_weights_give_one_model(bench: Workbench, folders: dict[str, Path]) -> None:
    vectors = []
    for kind in ("lora", "lora-of-peft"):
        there = on(bench, folders[kind])
        store = there.store()
        vectors.append(open_model(base_model(there.suite, Place(cache=store.root), store), "cpu").encode(["바다 산"]))
    assert np.abs(vectors[0] - vectors[1]).max() < 1e-6


def test_lora_weights_are_identified_with_the_model_that_they_adapt(
    small_suite: Suite, base_folder: Path, folders: dict[str, Path], tmp_path: Path
) -> None:
    base = with_base_model(small_suite, str(folders["lora"])).base_model
    assert isinstance(base, LocalBase)
    assert isinstance(base.adapts, LocalBase)
    assert base.adapts.path == base_folder.resolve()
    hub = changed(folders["lora"], tmp_path / "hub", base_model_name_or_path="someone/model", revision="1" * 40)
    other = with_base_model(small_suite, str(hub)).base_model
    assert isinstance(other, LocalBase)
    assert other.adapts == PinnedBase(id="someone/model", revision="1" * 40)


def changed(lora: Path, folder: Path, **values: str) -> Path:
    """Return a copy of LoRA weights with other values in their adapter_config.json."""
    shutil.copytree(lora, folder)
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")
    return folder


def test_lora_weights_that_cannot_be_merged_are_rejected_in_one_line(
    small_suite: Suite, folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lora = folders["lora"]
    gone = changed(lora, tmp_path / "gone", base_model_name_or_path="/no/such/model")
    with pytest.raises(
        RequestError, match=r"gone is LoRA weights on another model: base model '/no/such/model' is nei"
    ):
        with_base_model(small_suite, str(gone))
    with pytest.raises(RequestError, match="adapters of kind IA3, which are not merged here; use LoRA"):
        with_base_model(small_suite, str(changed(lora, tmp_path / "ia3", peft_type="IA3")))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(RequestError, match=r"peft is not installed; pip install 'harness-embeddings\[lora\]'$"):
        with_base_model(small_suite, str(lora))


REJECTED: dict[str, tuple[Make, str]] = {
    "cross-encoder": (model_kinds.cross_encoder, "is a cross-encoder, which scores pairs of texts"),
    "cross-encoder of transformers": (
        lambda base, folder: model_kinds.cross_encoder(base, folder, saved_by_transformers=True),
        "is a cross-encoder, which scores pairs of texts",
    ),
    "sparse": (model_kinds.sparse, "is a sparse model, which has a weight per word"),
    "multi-vector": (model_kinds.multi_vector, "is a multi-vector model, which has one vector per token"),
    "plain network": (model_kinds.plain_network, "is a network without modules.json, so that its pooling is unknown"),
}


@pytest.mark.parametrize("kind", REJECTED)
def test_another_kind_of_model_is_rejected_with_its_name(
    kind: str, small_suite: Suite, base_folder: Path, tmp_path: Path
) -> None:
    make, words = REJECTED[kind]
    folder = make(base_folder, tmp_path / "model")
    with pytest.raises(RequestError) as rejection:
        with_base_model(small_suite, str(folder))
    assert str(rejection.value).startswith(f"base model {folder} {words}")
    assert "\n" not in str(rejection.value)


@pytest.mark.parametrize(
    ("file", "key", "value", "words"),
    [
        (
            "config.json",
            "auto_map",
            {"AutoModel": "modeling.Own"},
            r"\(auto_map in config.json: modeling.Own\), which is",
        ),
        (
            "modules.json",
            1,
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "own.Pooling"},
            r"\(module own.Pooling\)",
        ),
    ],
)
def test_code_in_a_folder_is_never_run(
    file: str, key: str | int, value: object, words: str, small_suite: Suite, base_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(base_folder, folder)
    table = json.loads((folder / file).read_text(encoding="utf-8"))
    table[key] = value
    (folder / file).write_text(json.dumps(table), encoding="utf-8")
    with pytest.raises(RequestError, match=f"needs code that comes with it {words}"):
        with_base_model(small_suite, str(folder))


@pytest.mark.parametrize("path", ["../elsewhere", "/etc", "x" * 300, [{"idx": 0}] * 40])
def test_a_module_that_lies_elsewhere_is_refused_in_one_line(tmp_path: Path, path: object) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder := tmp_path / "model").mkdir()
    module = {"idx": 0, "name": "0", "path": path, "type": "sentence_transformers.models.Transformer"}
    (folder / "modules.json").write_text(json.dumps([module]), encoding="utf-8")
    with pytest.raises(RequestError, match=r"modules\.json, folder of a module: .*cannot be part of a path"):
        check_kind(folder, "the model")


def test_a_git_lfs_pointer_in_place_of_weights_is_said_to_be_one(
    small_suite: Suite, base_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(base_folder, folder)
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n"
    (folder / "model.safetensors").write_text(pointer, encoding="utf-8")
    with pytest.raises(RequestError, match=r"model\.safetensors is a Git LFS pointer, .* `git lfs pull` in "):
        with_base_model(small_suite, str(folder))
    (folder / "model.safetensors").unlink()
    with pytest.raises(RequestError, match="has no weights"):
        with_base_model(small_suite, str(folder))


def test_a_model_without_a_pad_token_works_when_the_advice_is_followed(
    bench: Workbench, base_folder: Path, tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    folder = model_kinds.decoder(base_folder, tmp_path / "decoder", pad_token=False)
    there = on(bench, folder)
    store = there.store()
    cell = there.cell("base", store)
    with pytest.raises(
        RequestError, match=r"the model has no pad token; .*tokenizer\.pad_token = tokenizer\.eos_token"
    ):
        model_trial.check_encodes(folder, cell, "the model", store)
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    tokenizer.pad_token = tokenizer.eos_token
    tokenizer.save_pretrained(str(folder))
    model_trial.check_encodes(folder, cell, "the model", store)


def test_a_plain_network_works_when_the_advice_is_followed(
    small_suite: Suite, base_folder: Path, tmp_path: Path
) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    network = Transformer(str(model_kinds.plain_network(base_folder, tmp_path / "network")))
    pooling = Pooling(network.get_embedding_dimension(), pooling_mode="cls")
    SentenceTransformer(modules=[network, pooling]).save_pretrained(str(tmp_path / "model"))
    check_kind(tmp_path / "model", "the model")
    check_opens(with_base_model(small_suite, str(tmp_path / "model")), Place(cache=tmp_path), Store(tmp_path / "store"))


def test_a_linked_folder_in_a_model_is_refused(small_suite: Suite, base_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(base_folder, folder)
    (folder / "1_Pooling").rename(tmp_path / "elsewhere")
    (folder / "1_Pooling").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RequestError, match="1_Pooling is a link to a folder; copy the folder in its place"):
        with_base_model(small_suite, str(folder))
