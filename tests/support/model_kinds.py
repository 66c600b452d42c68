"""Tiny models of every kind that a user may bring, with random weights; `base` is an encoder whose tokenizer they have.

Each function writes one folder and returns it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

HIDDEN = 16


def tokenizer(base: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(base))


def static(base: Path, folder: Path) -> Path:
    """Write a model of token vectors that are averaged, as those of model2vec."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    tokens = tokenizer(base)
    weights = torch.randn(len(tokens), HIDDEN, generator=torch.Generator().manual_seed(0))
    module = StaticEmbedding(tokens.backend_tokenizer, embedding_weights=weights.numpy())
    SentenceTransformer(modules=[module], device="cpu").save_pretrained(str(folder), create_model_card=False)
    return folder


def decoder(base: Path, folder: Path, *, pad_token: bool = True) -> Path:
    """Write a causal network with last-token pooling and left padding; without a pad token where that is asked for."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import Qwen3Config, Qwen3Model

    tokens = tokenizer(base)
    tokens.padding_side = "left"
    if not pad_token:
        tokens.pad_token = None
    torch.manual_seed(0)
    network = Qwen3Model(
        Qwen3Config(
            vocab_size=len(tokens),
            hidden_size=HIDDEN,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=8,
            max_position_embeddings=256,
        )
    )
    plain = folder.with_name(f"{folder.name}-network")
    network.save_pretrained(str(plain))
    tokens.save_pretrained(str(plain))
    modules = [Transformer(str(plain)), Pooling(HIDDEN, pooling_mode="lasttoken"), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder), create_model_card=False)
    return folder


def plain_network(base: Path, folder: Path) -> Path:
    """Write a folder of transformers, without modules.json."""
    from transformers import AutoModel

    AutoModel.from_pretrained(str(base)).save_pretrained(str(folder))
    tokenizer(base).save_pretrained(str(folder))
    return folder


def cross_encoder(base: Path, folder: Path, *, saved_by_transformers: bool = False) -> Path:
    """Write a model that scores pairs of texts and has no vectors."""
    from sentence_transformers import CrossEncoder
    from transformers import AutoModelForSequenceClassification

    network = AutoModelForSequenceClassification.from_pretrained(str(base), num_labels=1)
    plain = folder if saved_by_transformers else folder.with_name(f"{folder.name}-network")
    network.save_pretrained(str(plain))
    tokenizer(base).save_pretrained(str(plain))
    if not saved_by_transformers:
        CrossEncoder(str(plain), device="cpu").save_pretrained(str(folder), create_model_card=False)
    return folder


def sparse(base: Path, folder: Path) -> Path:
    """Write a SPLADE model."""
    from sentence_transformers import SparseEncoder
    from sentence_transformers.sparse_encoder.modules import MLMTransformer, SpladePooling
    from transformers import AutoConfig, AutoModelForMaskedLM

    plain = folder.with_name(f"{folder.name}-network")
    AutoModelForMaskedLM.from_config(AutoConfig.from_pretrained(str(base))).save_pretrained(str(plain))
    tokenizer(base).save_pretrained(str(plain))
    modules = [MLMTransformer(str(plain)), SpladePooling()]
    SparseEncoder(modules=modules, device="cpu").save_pretrained(str(folder), create_model_card=False)
    return folder


def multi_vector(base: Path, folder: Path) -> Path:
    """Write a folder as PyLate writes a ColBERT model."""
    shutil.copytree(base, folder)
    path = folder / "modules.json"
    modules = json.loads(path.read_text(encoding="utf-8"))
    modules[1] |= {"name": "1", "path": "1_Dense", "type": "pylate.models.Dense.Dense"}
    path.write_text(json.dumps(modules), encoding="utf-8")
    return folder


def bin_weights(base: Path, folder: Path) -> Path:
    """Write the base with its weights in torch's format, as older repositories have them."""
    import torch
    from safetensors.torch import load_file

    shutil.copytree(base, folder)
    torch.save(load_file(str(folder / "model.safetensors")), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    return folder


def lora(base: Path, folder: Path, *, modules: bool = True) -> Path:
    """Write adapters of peft on the base, as sentence-transformers saves them, or as peft alone does."""
    import torch
    from peft import LoraConfig, get_peft_model
    from sentence_transformers import SentenceTransformer

    settings = LoraConfig(r=4, lora_alpha=8, target_modules=["query", "value"], init_lora_weights=False)
    torch.manual_seed(0)
    model = SentenceTransformer(str(base), device="cpu")
    if modules:
        model.add_adapter(settings)
        model.save_pretrained(str(folder), create_model_card=False)
    else:
        get_peft_model(model[0].auto_model, settings).save_pretrained(str(folder))
    return folder
