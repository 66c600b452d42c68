"""The base model that is built here, from the suite's own passages.

XLM-R's architecture, a BPE tokenizer over all languages of the suite, mean pooling, and XLM-R's initialisation (normal,
sd 0.02) with two departures:

* Token embeddings by random indexing (Kanerva et al. 2000; Sahlgren 2005): every passage gets a fixed random vector,
  and a token the sum of the vectors of the passages that it occurs in, scaled to the norm that the usual draw would
  have. Tokens of one subject start near each other, as they do in a pretrained encoder. The passages' vectors are
  centred, so that a token which occurs everywhere points nowhere.
* The token-type embedding, a constant added to every token, starts at zero: with the usual draw all cosines start near
  0.99, and a loss on cosines spends its steps on that constant.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.keys import derive
from harness.request.manifest import BuiltBase

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedTokenizerFast

INITIAL_SD = 0.02  # XLM-R's initializer_range
SPECIAL_TOKENS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]  # XLM-R's, in XLM-R's order


def build(texts: Sequence[str], settings: BuiltBase, max_length: int, folder: Path) -> None:
    """Write a sentence-transformers model made from `texts`; equal arguments give equal bytes."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import XLMRobertaConfig, XLMRobertaModel

    tokenizer = _tokenizer(texts, settings.vocab_size, max_length)
    configuration = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=settings.hidden_size,
        num_hidden_layers=settings.layers,
        num_attention_heads=settings.attention_heads,
        intermediate_size=settings.intermediate_size,
        max_position_embeddings=max_length + 2,  # XLM-R counts positions from pad_token_id + 1
        type_vocab_size=1,
        initializer_range=INITIAL_SD,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.initialisation_seed)
        network = XLMRobertaModel(configuration, add_pooling_layer=True)  # without it, loading would draw one
    torch.nn.init.zeros_(network.embeddings.token_type_embeddings.weight)
    _index_tokens(network.embeddings.word_embeddings, tokenizer, texts, settings.initialisation_seed)
    network.save_pretrained(folder / "network")
    tokenizer.save_pretrained(folder / "network")
    transformer = Transformer(str(folder / "network"), max_seq_length=max_length)
    pooling = Pooling(settings.hidden_size, pooling_mode="mean")
    SentenceTransformer(modules=[transformer, pooling], device="cpu").save_pretrained(
        str(folder), create_model_card=False
    )
    for path in (folder / "network").iterdir():
        path.unlink()
    (folder / "network").rmdir()


def _tokenizer(texts: Sequence[str], vocab_size: int, max_length: int) -> PreTrainedTokenizerFast:
    """Return a byte-pair tokenizer with XLM-R's special tokens, NFKC and word-boundary marks."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer: Any = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, special_tokens=SPECIAL_TOKENS, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    make: Any = PreTrainedTokenizerFast
    fast: PreTrainedTokenizerFast = make(
        tokenizer_object=tokenizer,
        model_max_length=max_length,
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        mask_token="<mask>",
    )
    return fast


def _index_tokens(
    embeddings: nn.Embedding, tokenizer: PreTrainedTokenizerFast, texts: Sequence[str], seed: int
) -> None:
    """Set the vector of every token that occurs in `texts` by random indexing; the others keep their draw."""
    import numpy as np
    import torch

    generator = np.random.Generator(np.random.PCG64(derive(seed, "random-indexing")))
    sums = np.zeros(tuple(embeddings.weight.shape))  # [V, hidden], float64: the sum is the same on every processor
    vectors = generator.standard_normal((len(texts), sums.shape[1]))
    for text, vector in zip(texts, vectors - vectors.mean(axis=0), strict=True):
        sums[sorted(set(tokenizer(text, add_special_tokens=False)["input_ids"]))] += vector
    norms = np.sqrt((sums**2).sum(axis=1))
    seen = norms > 0
    length = INITIAL_SD * math.sqrt(sums.shape[1])
    scaled = (sums[seen] / norms[seen, None] * length).astype(np.float32)
    with torch.no_grad():
        embeddings.weight[torch.from_numpy(seen)] = torch.from_numpy(scaled)
