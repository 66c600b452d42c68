"""An encoder with the exact architecture of BGE-M3 and random weights; the complete configuration is given here.

The configuration is that of BAAI/bge-m3 @ 5617a9f61b028005a4858fdac845db406aefb181 (config.json: XLMRobertaModel), the
modules are those of its modules.json: transformer, CLS pooling, normalisation. The tokenizer is like XLM-R's: a Unigram
model in XLMRobertaTokenizer with XLM-R's special tokens at XLM-R's ids; its pieces are learnt from a given text.

`E5_SMALL` has the sizes of multilingual-e5-small. Also a suite from a part of mini's Korean text, with texts of any
length.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from support.commands import MANIFEST, tiny_suite

from harness.machine.bundled import manifests

VOCABULARY = 250002
CONFIG = {
    "architectures": ["XLMRobertaModel"],
    "attention_probs_dropout_prob": 0.1,
    "bos_token_id": 0,
    "classifier_dropout": None,
    "eos_token_id": 2,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "hidden_size": 1024,
    "initializer_range": 0.02,
    "intermediate_size": 4096,
    "layer_norm_eps": 1e-05,
    "max_position_embeddings": 8194,
    "model_type": "xlm-roberta",
    "num_attention_heads": 16,
    "num_hidden_layers": 24,
    "output_past": True,
    "pad_token_id": 1,
    "position_embedding_type": "absolute",
    "torch_dtype": "float32",
    "type_vocab_size": 1,
    "use_cache": True,
    "vocab_size": VOCABULARY,
}
MAX_LENGTH = 8192
E5_SMALL = {
    **CONFIG,
    "hidden_size": 384,
    "intermediate_size": 1536,
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "max_position_embeddings": 514,
}
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
PIECES = 4000  # learnt from the text; the others of the vocabulary occur in no text


def build(
    folder: Path,
    texts: Sequence[str],
    *,
    layers: int,
    vocabulary: int = VOCABULARY,
    config: Mapping[str, Any] = CONFIG,
    pooling: str = "cls",
) -> Path:
    """Write the model as a sentence-transformers folder and return it; equal arguments give equal bytes."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import XLMRobertaConfig, XLMRobertaModel

    settings: dict[str, Any] = {**config, "num_hidden_layers": layers, "vocab_size": vocabulary}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = XLMRobertaModel(XLMRobertaConfig(**settings), add_pooling_layer=True)
    network.save_pretrained(folder / "network")
    tokenizer_of(texts, vocabulary).save_pretrained(folder / "network")
    length = min(MAX_LENGTH, settings["max_position_embeddings"] - 2)
    transformer = Transformer(str(folder / "network"), max_seq_length=length)
    modules = [transformer, Pooling(int(settings["hidden_size"]), pooling_mode=pooling), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(str(folder), create_model_card=False)
    for path in (folder / "network").iterdir():
        path.unlink()
    (folder / "network").rmdir()
    return folder


def tokenizer_of(texts: Sequence[str], vocabulary: int = VOCABULARY) -> Any:
    """Return XLM-R's tokenizer with `vocabulary` pieces: those learnt from `texts`, others of no text."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import XLMRobertaTokenizer

    learner: Any = Tokenizer(models.Unigram())
    learner.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=PIECES, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False
    )
    learner.train_from_iterator(texts, trainer)
    make: Any = XLMRobertaTokenizer
    return make(vocab=list(_vocabulary(learner, vocabulary)), model_max_length=MAX_LENGTH)


def _vocabulary(learner: Any, size: int) -> Iterator[tuple[str, float]]:
    """Yield (piece, log probability) in the order of their ids, with XLM-R's special tokens first and last."""
    learnt = json.loads(learner.to_str())["model"]["vocab"]
    pieces = [(piece, score) for piece, score in learnt if piece not in SPECIAL]
    lowest = min(score for _, score in pieces)
    yield from ((name, 0.0) for name in ("<s>", "<pad>", "</s>", "<unk>"))
    yield from pieces
    for number in range(4 + len(pieces), size - 1):
        yield f"\U000f0000{number}", lowest - 1  # starts with a private-use character
    yield "<mask>", 0.0


def mini_part(passages: int, train: int, dev: int, joined: int = 1) -> tuple[dict[str, bytes], dict[str, int]]:
    """Return files with the first passages of mini and some of their queries, and the counts of both.

    The first `train` judged queries of training are training queries, the next `passages` of them extra queries.
    Each text is joined from `joined` consecutive texts of mini.
    """
    folder = manifests() / "mini/ko"
    files = {}
    for name, limit in (("corpus", passages), ("queries", None)):
        rows = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
        texts = [row["text"] for row in rows] * 2
        long = [{**row, "text": " ".join(texts[i : i + joined])} for i, row in enumerate(rows)]
        files[f"{name}.jsonl"] = [json.dumps(row, ensure_ascii=False) for row in long[:limit]]
    known = {json.loads(line)["_id"] for line in files["corpus.jsonl"]}
    for name, limit in (("train", train), ("dev", dev)):
        head, *judged = (folder / f"qrels/{name}.tsv").read_text(encoding="utf-8").splitlines()
        inside = [row for row in judged if row.split("\t")[1] in known]
        files[f"{name}.tsv"] = [head, *inside[:limit]]
        if name == "train":
            files["extra.tsv"] = [head, *inside[limit : limit + passages]]
    counts = {"passages": passages, "train_queries": train, "dev_queries": dev}
    return {name: ("\n".join(lines) + "\n").encode() for name, lines in files.items()}, counts


def suite_of(folder: Path, part: tuple[dict[str, bytes], dict[str, int]], lengths: tuple[int, int], tail: str) -> Path:
    """Write a suite from the files and counts of `mini_part` and return its manifest.

    `lengths` are the maximum lengths of queries and passages; `tail` has the tables of training and evaluation. The
    data files are in `folder`; the language is en.
    """
    files, counts = part
    path = tiny_suite(folder, files)
    head, tables = path.read_text(encoding="utf-8").split("[evaluation]\n")
    languages = tables[tables.index("[languages.en") :]
    for name, number in counts.items():
        old = next(line for line in MANIFEST.splitlines() if line.startswith(f"{name} = "))
        languages = languages.replace(old, f"{name} = {number}")
    head = head.replace("[text]", 'negative_queries = "data"\n[text]')
    for role, length in zip(("query", "passage"), lengths, strict=True):
        head = head.replace(f"{role}_max_length = 16", f"{role}_max_length = {length}")
    path.write_text(f"{head}{tail}{languages}", encoding="utf-8")
    return path
