"""Texts tokenised once and put into batches by their tokens: little padding, and products of the size a machine likes.

All texts of a call are sorted by their number of tokens, longest first. A batch takes the next texts as long as, padded
to the first of them, they have at most `Budget.tokens` tokens; it has at least one text. The library's `encode` sorts
by characters and counts texts: a batch of 32 passages of 512 tokens does not fit the caches of a processor, and a batch
of 32 short questions does not fill an accelerator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.request.manifest import Evaluation, Text
from harness.vectors.device_feed import tokenizer_threads
from harness.vectors.lengths import cut_at
from harness.vectors.routes import first_module

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

TOKENISED = 1024  # texts per call of the tokenizer; only its output is kept, as int32 without padding
UNPADDED = {"common": {"return_tensors": None}, "text": {"padding": False}}
ON_CPU = (
    1024  # tokens; 12 layers of 384 on one core with AVX2: within 5 % of the best of 128 to 4096 at 20 to 400 tokens
)
ON_ACCELERATOR = 65_536  # tokens; hidden states of 4096 numbers are 0.5 GB in half precision, 1 GB in single


@dataclass(frozen=True)
class Budget:
    """What a batch holds at most: texts, and tokens with padding."""

    texts: int
    tokens: int


def budget(evaluation: Evaluation, text: Text, device: str) -> Budget:
    """Return the suite's budget; where it states no tokens, the device's default, or one text of the longest kind."""
    default = ON_CPU if device == "cpu" else ON_ACCELERATOR
    longest = max(text.query_max_length, text.passage_max_length)
    return Budget(evaluation.encode_batch_size, evaluation.encode_tokens or max(default, longest))


@dataclass(frozen=True)
class Tokenised:
    """Texts as token ids: by name of a tensor one row of each text, and what is the same for all of them."""

    rows: Mapping[str, Sequence[NDArray[np.int32]]]
    constant: Mapping[str, Any]  # such as the length of the prompt
    padding: Mapping[str, int]  # by name of a tensor, the value of padding
    left: bool  # whether padding comes before the text

    def batches(self, most: Budget) -> Iterator[tuple[NDArray[np.int64], dict[str, Any]]]:
        """Yield the places of a batch's texts and its features, as the library's `preprocess` returns them."""
        lengths = np.array([len(row) for row in next(iter(self.rows.values()))], dtype=np.int64)
        order = np.argsort(-lengths, kind="stable")
        start = 0
        while start < len(order):
            fitting = min(most.texts, most.tokens // max(1, int(lengths[order[start]])))
            places = order[start : start + max(1, fitting)]
            yield places, self._features(places)
            start += len(places)

    def _features(self, places: NDArray[np.int64]) -> dict[str, Any]:
        import torch

        features: dict[str, Any] = dict(self.constant)
        for name, rows in self.rows.items():
            batch = [rows[place] for place in places]
            padded = np.full((len(batch), len(batch[0])), self.padding[name], dtype=np.int64)
            for line, row in zip(padded, batch, strict=True):
                line[slice(len(line) - len(row), None) if self.left else slice(len(row))] = row
            features[name] = torch.from_numpy(padded)
        return features


def tokenised(
    model: SentenceTransformer, texts: Sequence[str], prompt: str, task: str | None, length: int
) -> Tokenised | None:
    """Return the texts as the model's `preprocess` makes them, cut at `length`; None where rows cannot be padded here.

    That is so for token vectors without a network, for texts that the library packs without padding (flash attention),
    and for chat templates.
    """
    network = _network(model, task)
    if network is None or not texts:
        return None
    rows: dict[str, list[NDArray[np.int32]]] = {}
    constant: dict[str, Any] = {}
    options = {} if task is None else {"task": task}
    with cut_at(model, length), tokenizer_threads(model.device.type):
        for start in range(0, len(texts), TOKENISED):
            chunk = list(texts[start : start + TOKENISED])
            features = model.preprocess(chunk, prompt=prompt, processing_kwargs=UNPADDED, **options)
            for name, value in features.items():
                if isinstance(value, list) and isinstance(value[0], list):
                    rows.setdefault(name, []).extend(np.array(row, dtype=np.int32) for row in value)
                else:
                    constant[name] = value
    tokenizer = network.tokenizer
    values = {"input_ids": tokenizer.pad_token_id, "token_type_ids": tokenizer.pad_token_type_id}
    return Tokenised(rows, constant, {name: values.get(name, 0) for name in rows}, tokenizer.padding_side == "left")


def _network(model: SentenceTransformer, task: str | None) -> Any:
    """Return the module that reads a task's texts, if it is a network whose rows can be padded apart; else None."""
    from sentence_transformers.base.modules import Transformer

    first = first_module(model, task)
    if not isinstance(first, Transformer) or getattr(model[0], "route_mappings", None):
        return None
    packs, chats = first.can_flatten_inputs, "message" in first.modality_config
    expands = getattr(first, "query_expansion", None) is not None
    padded = getattr(first.tokenizer, "pad_token_id", None) is not None
    return first if padded and not (packs or chats or expands) else None
