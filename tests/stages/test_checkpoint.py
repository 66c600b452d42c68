"""Published weights opened in place of a training: a checkpoint in the layout of the CLP paper's code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stages.conftest import Workbench
from support.published_checkpoint import save_published

from harness.errors import RequestError
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.overrides import override
from harness.stages import checkpoint
from harness.stages.base_model import base_model
from harness.stages.base_override import with_base_model
from harness.stages.checkpoint import checkpoint_model, checkpoint_source
from harness.stages.lineage import train_key
from harness.vectors.encoder import open_model

NAME = "clpl-moe-checkpoint"


@pytest.fixture(scope="module")
def cls_base(base_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the small base as an XLM-R encoder with CLS pooling and normalisation, as BGE-M3 has them."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import AutoTokenizer, XLMRobertaConfig, XLMRobertaModel

    folder = tmp_path_factory.mktemp("cls")
    config = json.loads((base_folder / "config.json").read_text(encoding="utf-8"))
    names = ("vocab_size", "hidden_size", "intermediate_size", "num_attention_heads", "pad_token_id")
    shape = {name: config[name] for name in names}
    network = XLMRobertaModel(XLMRobertaConfig(**shape, num_hidden_layers=2, max_position_embeddings=200))
    network.save_pretrained(folder / "network")
    AutoTokenizer.from_pretrained(base_folder).save_pretrained(folder / "network")
    modules = [Transformer(str(folder / "network"), max_seq_length=128), Pooling(32, pooling_mode="cls"), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder / "model"), create_model_card=False)
    return folder / "model"


@pytest.fixture
def cell(bench: Workbench, cls_base: Path) -> Callable[..., Cell]:
    """Return a function that makes the entry's cell with a folder as its checkpoint."""

    def make(folder: Path | None, *settings: str) -> Cell:
        store = bench.store()
        suite = with_base_model(bench.suite, str(cls_base))
        given = [f"checkpoint.ko={folder}"] if folder else []
        suite, (entry,) = override([*given, *settings], suite, [bench.cell(NAME, store).entry])
        return replace(bench.cell(NAME, store), suite=suite, entry=entry)

    return make


def test_the_vectors_are_those_of_the_papers_own_network(
    cell: Callable[..., Cell], cls_base: Path, tmp_path: Path
) -> None:
    import torch

    reference = save_published(cls_base, tmp_path / "published", experts=2, seed=3)
    opened = cell(tmp_path / "published")
    store = Store(opened.place.cache)
    folder = checkpoint_model(opened, store)
    texts = ["하나 둘 셋", "네 다섯", "여섯"]
    model = open_model(folder, "cpu")
    features = model.preprocess(texts)
    with torch.no_grad():
        hidden = reference(features["input_ids"], features["attention_mask"])  # [B, length, hidden]
    expected = torch.nn.functional.normalize(hidden[:, 0], dim=-1)
    torch.testing.assert_close(torch.tensor(model.encode(texts)), expected, rtol=1e-5, atol=1e-6)
    dense = torch.tensor(open_model(cls_base, "cpu").encode(texts))
    assert (dense - expected).abs().max() > 1e-3


def test_what_was_opened_is_recorded_as_found(cell: Callable[..., Cell], cls_base: Path, tmp_path: Path) -> None:
    from harness.keys import file_sha256

    save_published(cls_base, tmp_path / "published", experts=2, seed=3)
    opened = cell(tmp_path / "published")
    folder = checkpoint_model(opened, Store(opened.place.cache))
    source = checkpoint_source(folder)
    assert source is not None
    weights = tmp_path / "published" / "model.safetensors"
    assert source["files"]["model.safetensors"] == file_sha256(weights)
    assert set(source["files"]) == {"model.safetensors", "config.json"}
    assert checkpoint_source(cls_base) is None


def test_the_key_is_that_of_the_weights_and_not_of_the_base(
    cell: Callable[..., Cell], cls_base: Path, tmp_path: Path
) -> None:
    keys = set()
    for seed in (3, 4):
        save_published(cls_base, tmp_path / f"published-{seed}", experts=2, seed=seed)
        keys.add(train_key(cell(tmp_path / f"published-{seed}")))
    base = replace(cell(tmp_path / "published-3"), entry=cell(None).entry.model_copy(update={"checkpoint": ""}))
    assert len({*keys, train_key(base)}) == 3


def rejection(cell: Cell) -> str:
    with pytest.raises(RequestError) as caught:
        checkpoint_model(cell, Store(cell.place.cache))
    assert caught.value.exit_status == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_checkpoint_without_a_mixture_is_rejected(cell: Callable[..., Cell], cls_base: Path) -> None:
    assert "a checkpoint without a mixture" in rejection(cell(cls_base))


def test_a_folder_without_a_network_is_rejected(cell: Callable[..., Cell], tmp_path: Path) -> None:
    assert "config.json is missing" in rejection(cell(tmp_path))


def test_more_experts_than_the_settings_name_are_rejected_with_the_setting_to_add(
    cell: Callable[..., Cell], cls_base: Path, tmp_path: Path
) -> None:
    save_published(cls_base, tmp_path / "published", experts=3, seed=3)
    assert "add --set moe.experts=3" in rejection(cell(tmp_path / "published"))
    checkpoint_model(opened := cell(tmp_path / "published", "moe.experts=3"), Store(opened.place.cache))


def test_a_weight_too_few_is_named(cell: Callable[..., Cell], cls_base: Path, tmp_path: Path) -> None:
    save_published(cls_base, tmp_path / "published", experts=2, seed=3, without="encoder.layer.1.output.dense.bias")
    assert "encoder.layer.1.output.dense.bias" in rejection(cell(tmp_path / "published"))


def test_damaged_weights_are_named(cell: Callable[..., Cell], cls_base: Path, tmp_path: Path) -> None:
    save_published(cls_base, tmp_path / "published", experts=2, seed=3)
    (tmp_path / "published" / "model.safetensors").write_bytes(b"not weights")
    assert "model.safetensors cannot be read" in rejection(cell(tmp_path / "published"))


def test_a_base_with_other_pooling_is_rejected(
    cell: Callable[..., Cell], bench: Workbench, cls_base: Path, tmp_path: Path
) -> None:
    save_published(cls_base, tmp_path / "published", experts=2, seed=3)
    assert "pools otherwise" in rejection(replace(cell(tmp_path / "published"), suite=bench.suite))


def test_a_checkpoint_without_a_revision_names_what_to_pin(
    cell: Callable[..., Cell], monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    class Info:
        sha = "a" * 40

    def answer(name: str, **_: Any) -> Info:
        assert name == "CreaLabs/bge-m3-ko-CLP-interMoE"
        return Info()

    def no_answer(name: str, **_: Any) -> Info:
        raise OSError("offline")

    monkeypatch.setattr(huggingface_hub, "model_info", answer)
    with pytest.raises(RequestError, match=f"add --set checkpoint.ko=CreaLabs/bge-m3-ko-CLP-interMoE@{'a' * 40}"):
        checkpoint.check(cell(None))
    monkeypatch.setattr(huggingface_hub, "model_info", no_answer)
    with pytest.raises(RequestError, match="CLP-interMoE@REVISION, or a folder"):
        checkpoint.check(cell(None))


@pytest.mark.parametrize(
    "source", ["CreaLabs/bge-m3-ko-CLP-interMoE", "CreaLabs/bge-m3-ko-CLP-interMoE@main", "/nowhere"]
)
def test_a_source_that_is_neither_a_folder_nor_pinned_is_rejected(cell: Callable[..., Cell], source: str) -> None:
    with pytest.raises(RequestError, match="neither a folder nor HUB_ID@REVISION"):
        cell(None, f"checkpoint.ko={source}")


def test_a_pinned_source_is_taken(cell: Callable[..., Cell]) -> None:
    entry = cell(None, f"checkpoint.ko=CreaLabs/bge-m3-ko-CLP-interMoE@{'b' * 40}").entry
    assert entry.checkpoints["ko"].model_dump() == {"id": "CreaLabs/bge-m3-ko-CLP-interMoE", "revision": "b" * 40}
    checkpoint.check(cell(None, f"checkpoint.ko=CreaLabs/bge-m3-ko-CLP-interMoE@{'b' * 40}"))


def test_a_checkpoint_of_an_unknown_language_or_without_an_entry_that_opens_it_is_rejected(
    cell: Callable[..., Cell], bench: Workbench, tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match="language 'xx'"):
        cell(None, f"checkpoint.xx={tmp_path}")
    with pytest.raises(RequestError, match="no requested entry opens published weights"):
        override([f"checkpoint.ko={tmp_path}"], bench.suite, [bench.cell("clpl", bench.store()).entry])


def test_all_does_not_name_it(bench: Workbench) -> None:
    from harness.request import entries

    assert NAME not in {entry.name for entry in entries.resolve(["all", "all@published"], entries.declared())}


def test_the_base_is_the_model_of_no_checkpoint(bench: Workbench) -> None:
    cell = bench.cell("base", bench.store())
    checkpoint.check(cell)
    assert checkpoint_source(base_model(cell.suite, cell.place, Store(cell.place.cache))) is None
