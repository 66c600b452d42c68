"""Base: the encoder that every method of a suite starts from.

Either a published one at a pinned revision, or a small one built here from the suite's own passages: XLM-R's
architecture, a BPE tokenizer over all languages of the suite, mean pooling, and XLM-R's initialisation (normal,
sd 0.02) with two departures:

* Token embeddings by random indexing (Kanerva et al. 2000; Sahlgren 2005): every passage gets a fixed random vector,
  and a token the sum of the vectors of the passages that it occurs in, scaled to the norm that the usual draw would
  have. Tokens of one subject so start near each other, as they do in a pretrained encoder. The passages' vectors are
  centred, so that a token which occurs everywhere points nowhere.
* The token-type embedding, a constant added to every token, starts at zero: with the usual draw all cosines start near
  0.99, and a loss on cosines spends its steps on that constant.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data import hub_encoders
from harness.data.corpus import blocks
from harness.errors import RequestError
from harness.keys import derive, folder_sha256, key
from harness.machine.store import Store
from harness.request.cell import Place
from harness.request.manifest import BuiltBase, LocalBase, PinnedBase, Text
from harness.request.suite import Suite
from harness.stages.prepare import key_of as prepare_key
from harness.stages.prepare import prepare
from harness.vectors.embedding import BLOCK

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import nn
    from transformers import PreTrainedTokenizerFast

VERSION = 1
INITIAL_SD = 0.02  # XLM-R's initializer_range
SPECIAL_TOKENS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]  # XLM-R's, in XLM-R's order


def key_of(suite: Suite) -> str:
    """Return the key of the base model: its revision or content, or the text and settings it is built from."""
    base = suite.base_model
    if isinstance(base, BuiltBase):
        all_rows = whole(suite)
        corpora = [prepare_key(all_rows, language) for language in sorted(suite.languages)]
        return key("base", VERSION, corpora, [base.model_dump(), _positions(suite.text)])
    return key("base", VERSION, [], base.model_dump())


def base_model(suite: Suite, place: Place, store: Store) -> Path:
    """Return the folder of the base model; raises RequestError where a published one is not to be had."""
    base = suite.base_model
    if isinstance(base, LocalBase):
        return base.path
    if isinstance(base, PinnedBase):
        return hub_encoders.snapshot(base)
    all_rows = whole(suite)

    def write(folder: Path) -> None:
        passages = [prepare(all_rows, language, place, store).passages for language in sorted(suite.languages)]
        texts = [text for corpus in passages for _, block in blocks(corpus, BLOCK) for text in block]
        build(texts, base, _positions(suite.text), folder)

    return store.make("base", key_of(suite), write)


def whole(suite: Suite) -> Suite:
    """Return the suite without what narrows its training queries: the base is built from passages alone."""
    evaluation = suite.evaluation.model_copy(update={"holdout": 0.0})
    return suite.model_copy(update={"max_train": None, "evaluation": evaluation, "train_files": {}})


def _positions(text: Text) -> int:
    return max(text.query_max_length, text.passage_max_length)


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


def override(suite: Suite, wanted: str) -> Suite:
    """Return the suite on another base model: a folder, or `HUB_ID[@REVISION]`; a branch or tag is pinned."""
    if Path(wanted).is_dir():
        if not (Path(wanted) / "modules.json").is_file():
            raise RequestError(f"base model {wanted} is no sentence-transformers folder: modules.json is missing")
        base: LocalBase | PinnedBase = LocalBase(path=Path(wanted).resolve(), sha256=folder_sha256(Path(wanted)))
    else:
        name, _, revision = wanted.partition("@")
        pinned = re.fullmatch("[0-9a-f]{40}", revision)
        base = PinnedBase(id=name, revision=revision if pinned else _resolved(name, revision or "main"))
    return suite.model_copy(update={"base_model": base})


def _resolved(name: str, revision: str) -> str:
    """Return the 40-digit revision that the hub has for a branch or a tag."""
    import huggingface_hub

    try:
        found = huggingface_hub.model_info(name, revision=revision).sha
    except Exception as error:
        problem = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RequestError(
            f"base model '{name}' is neither a folder nor to be found on the hub at {revision} ({problem}); "
            "name a folder, or ID@REVISION (40 digits) of a model that is in the local hub cache"
        ) from error
    assert found is not None
    return found


def check_opens(suite: Suite, place: Place, store: Store) -> SentenceTransformer:
    """Return the base model, on CPU.

    Raises RequestError, in one line, where it does not load, or has fewer positions than the suite's lengths.
    """
    from harness.vectors.embedding import open_model

    folder = base_model(suite, place, store)
    try:
        model = open_model(folder, "cpu")
    except Exception as error:
        problem = " ".join(str(error).split())[:200] or type(error).__name__
        raise RequestError(f"base model {folder} does not load: {problem}") from error
    most = positions(model)
    for name in ("query_max_length", "passage_max_length"):
        asked = getattr(suite.text, name)
        if most is not None and asked > most:
            raise RequestError(
                f"base model {folder} reads at most {most} tokens, and suite {suite.name} asks for {asked}; "
                f"take another base model, or add --set text.{name}={most}"
            )
    return model


def positions(model: SentenceTransformer) -> int | None:
    """Return how many tokens the network has positions for; None where it does not say (relative positions)."""
    network: Any = getattr(model[0], "auto_model", None)
    most = getattr(getattr(network, "config", None), "max_position_embeddings", None)
    if not isinstance(most, int):
        return None
    unused = getattr(getattr(network, "embeddings", None), "padding_idx", None)  # RoBERTa's count from the padding's on
    return most if unused is None else most - unused - 1
