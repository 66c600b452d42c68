"""What TEI serves: other modules, poolings and networks are refused, and ONNX has torch's vectors for each network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.model_runs import encoder

from harness.export import tei
from harness.export.onnx_network import write_onnx
from harness.export.tei_folder import write_copy


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoder(tmp_path_factory.mktemp("tiny") / "encoder", 0)


def opened(folder: Path) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu")


def saved(model: Any, folder: Path) -> Path:
    model.save_pretrained(str(folder), create_model_card=False)
    return folder


def with_module(model: Any, module: Any) -> Any:
    model.append(module)
    return model


def pooled(model: Any, mode: Any, include_prompt: bool = True) -> Any:
    from sentence_transformers.sentence_transformer.modules import Pooling

    model[1] = Pooling(model[1].embedding_dimension, mode, include_prompt)
    return model


def static(_: Any) -> Any:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer, models

    tokenizer = Tokenizer(models.WordLevel({"tea": 0, "[UNK]": 1}, unk_token="[UNK]"))
    return SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=4)], device="cpu")


def cut(model: Any) -> Any:
    model.truncate_dim = 8
    return model


def dense(model: Any) -> Any:
    from sentence_transformers.base.modules import Dense

    return with_module(model, Dense(16, 8))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (dense, "its module Dense is left out by TEI or one of its backends; serve it with sentence-transformers"),
        (static, "its module StaticEmbedding is left out by TEI"),
        (cut, "its vectors are cut to 8 dimensions (truncate_dim), which TEI leaves out"),
        (lambda model: pooled(model, "max"), "its pooling 'max' is not one of cls, mean, lasttoken"),
        (lambda model: pooled(model, ("cls", "mean")), "its pooling 'cls+mean' is not one of"),
        (lambda model: pooled(model, "mean", include_prompt=False), "its pooling leaves the prompt out"),
    ],
)
def test_what_tei_would_serve_with_other_vectors_is_refused(
    tiny: Path, tmp_path: Path, change: Callable[[Any], Any], reason: str
) -> None:
    folder = saved(change(opened(tiny)), tmp_path / "model")
    assert tei.problem(folder).startswith(reason)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"model_type": "xlm-roberta-moe"}, "its network 'xlm-roberta-moe' is a type of this package, which TEI does "),
        (
            {"model_type": "electra"},
            "its network 'electra' is not one of bert, camembert, roberta, xlm-roberta, mpnet, ",
        ),
        ({"position_embedding_type": "relative_key"}, "its positions are 'relative_key', and TEI has absolute ones"),
        (
            {"architectures": None, "pad_token_id": None},
            "config.json lacks architectures, pad_token_id, which TEI needs",
        ),
        ({"hidden_act": "gelu_new"}, "its activation 'gelu_new' is not one of gelu, relu; serve it with "),
    ],
)
def test_a_network_that_tei_does_not_have_is_refused(
    tiny: Path, tmp_path: Path, settings: dict[str, Any], reason: str
) -> None:
    folder = saved(opened(tiny), tmp_path / "model")
    config = folder / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text(encoding="utf-8")), **settings}), encoding="utf-8")
    assert tei.problem(folder).startswith(reason)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_folder_without_weights_or_tokenizer_is_refused(tiny: Path, tmp_path: Path, name: str) -> None:
    folder = saved(opened(tiny), tmp_path / "model")
    (folder / name).unlink()
    assert tei.problem(folder).startswith("TEI needs ")


@pytest.mark.parametrize("mode", ["cls", "mean", "lasttoken"])
def test_each_pooling_of_tei_is_kept_under_the_keys_that_it_reads(tiny: Path, tmp_path: Path, mode: str) -> None:
    import numpy as np
    from sentence_transformers.sentence_transformer.modules import Normalize

    model = with_module(pooled(opened(tiny), mode), Normalize())
    folder = saved(model, tmp_path / "model")
    assert tei.problem(folder) == ""
    write_copy(folder, tmp_path / "served", {"query": "query: ", "document": "passage: "}, 24)
    config = json.loads((tmp_path / "served/1_Pooling/config.json").read_text(encoding="utf-8"))
    assert [key for key, value in config.items() if value is True] == [tei.POOLING[mode]]
    assert tei.pooling_mode(tmp_path / "served") == mode
    served = opened(tmp_path / "served")
    assert served.max_seq_length == 24
    texts = ["tea is made from leaves", "rice"]
    np.testing.assert_array_equal(served.encode_query(texts), model.encode_query(texts, prompt="query: "))


@pytest.mark.parametrize("name", ["bert", "mpnet", "roberta"])
def test_the_onnx_network_of_each_kind_has_torchs_vectors(tiny: Path, tmp_path: Path, name: str) -> None:
    import onnxruntime
    import torch
    from transformers import AutoConfig, AutoModel, BertTokenizerFast

    model = opened(tiny)
    size = {"vocab_size": 96, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 2, "max_position_embeddings": 64}
    special = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "cls_token_id": 0, "sep_token_id": 2}
    torch.manual_seed(0)
    model[0].model = AutoModel.from_config(AutoConfig.for_model(name, **size, **heads, **special))
    if name == "bert":
        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", "tea", "rice", "text"]
        (tmp_path / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
        model[0].processor = BertTokenizerFast(str(tmp_path / "vocab.txt"), model_max_length=64)
    model.max_seq_length = 40
    folder = saved(model, tmp_path / "model")
    assert tei.problem(folder) == ""
    assert write_onnx(folder) <= 1e-5
    session = onnxruntime.InferenceSession(str(folder / "onnx/model.onnx"), providers=["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]
    assert names == ["input_ids", "attention_mask", *(["token_type_ids"] if name == "bert" else [])]
