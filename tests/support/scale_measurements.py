"""What one device does per second with an encoder of a given shape: encoding, exact search, training steps."""

from __future__ import annotations

import os
import statistics
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from support import random_texts
from support.rates import clock, forward_operations, reset_peak
from support.training_steps import Step, features

from harness.execution import plan
from harness.machine.device import peak_memory
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.request import DeviceName, Request
from harness.vectors.embedding import budget_of, embed_blocks, open_encoder
from harness.vectors.encoder import Encoder, open_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

QUERY, PASSAGE, LONGEST = 24, 256, 512  # tokens; the last of passages that are encoded
DEPTH, BLOCK = 100, 16_384
PEER_BATCHES = (32, 256)
TEXTS_OF_A_BATCH = (64, 4096)  # as the suite miracl declares, and so many that the tokens alone are the limit
PILOT = 256  # texts of a warm-up


@dataclass(frozen=True)
class Shape:
    """An encoder in a folder, what it is made of, and what the command line asks for.

    `products` has the device's product rate by precision; the first precision is the one asked for.
    """

    folder: Path
    config: Mapping[str, Any]
    layers: int
    options: Namespace
    products: Mapping[str, float]

    def encoding(self) -> Iterator[tuple[str, str, float, float, float]]:
        """Yield what encodes, its precision, passages and tokens per second, and the share of the product rate."""
        texts, tokens = self._texts()
        for precision in self.products:
            model = open_encoder(self.folder, self._cell(precision, 1))
            for name, work in self._ways(model, texts, precision):
                count, seconds = self._timed(work)
                done = tokens[:count]
                share = forward_operations(self.config, self.layers, done) / seconds / self.products[precision]
                yield name, precision, count / seconds, sum(done) / seconds, 0.0 if name in TOKENISING else share

    def _texts(self) -> tuple[list[str], list[int]]:
        """Return the passages to encode, and the tokens of each."""
        tokenizer = open_model(self.folder, "cpu").tokenizer
        wanted = random_texts.lengths(self.options.texts, self.options.median, self.options.sigma)
        texts = random_texts.texts(tokenizer, wanted)
        with on_all_cores():
            rows = tokenizer(texts, truncation=True, max_length=LONGEST)["input_ids"]
        return texts, list(map(len, rows))

    def _ways(
        self, model: SentenceTransformer, texts: list[str], precision: str
    ) -> Iterator[tuple[str, Callable[[int], None]]]:
        for most in TEXTS_OF_A_BATCH:
            yield f"harness, at most {most} texts", partial(_by_harness, model, texts, self._cell(precision, most))
        if precision == next(iter(self.products)):
            for size in PEER_BATCHES:
                yield f"sentence-transformers, batch {size}", partial(_by_library, model, texts, size)
            cell = self._cell(precision, 1)
            yield TOKENISING[0], partial(_tokenised, model, texts, cell, nullcontext)
            yield TOKENISING[1], partial(_tokenised, model, texts, cell, on_all_cores)

    def _timed(self, work: Callable[[int], None]) -> tuple[int, float]:
        """Return how many texts were encoded, as many as fit into a measurement's time, and the seconds."""
        device, most = self.options.device, self.options.texts
        pilot = max(1, min(PILOT, most // 4))
        work(pilot)
        started = clock(device)
        work(pilot)
        fitting = int(self.options.seconds * pilot / (clock(device) - started))
        count = max(pilot, min(most, fitting))
        started = clock(device)
        work(count)
        return count, clock(device) - started

    def _cell(self, precision: str, texts: int) -> Cell:
        settings = (f"evaluate.precision={precision}", f"evaluate.encode_batch_size={texts}")
        request = Request(
            methods=("base",),
            languages=("ko",),
            seeds=(0,),
            base_model=str(self.folder),
            device=DeviceName(self.options.device),
            settings=(*settings, f"text.passage_max_length={LONGEST}"),
        )
        return plan.make(request, self.folder.parent / "cache").cells[0]

    def search(self) -> float:
        """Return the seconds of an exact search on the device, the better of two: float32, in blocks."""
        import torch

        device, dimension = self.options.device, self.config["hidden_size"]
        generator = torch.Generator(device).manual_seed(0)

        def drawn(rows: int) -> torch.Tensor:
            vectors = torch.randn(rows, dimension, device=device, generator=generator)
            return torch.nn.functional.normalize(vectors, dim=1)

        queries, passages = drawn(self.options.queries), drawn(self.options.passages)
        times = []
        for _ in range(3):  # the first is a warm-up
            started = clock(device)
            top_k(queries, passages)
            times.append(clock(device) - started)
        return min(times[1:])

    def training(self) -> Iterator[tuple[int, int, float, int, float]]:
        """Yield rows, rows of a mini-batch (0: all), seconds, peak bytes and the share of the rate, of a step."""
        options = self.options
        precision = next(iter(self.products))
        for rows, mini_batch in ((options.batch, 0), (options.large_batch, options.mini_batch)):
            model = open_model(self.folder, options.device).train()
            step = Step(model, precision, mini_batch)
            columns = features(model, rows, (QUERY, PASSAGE, PASSAGE))
            step.seconds(columns)  # makes the optimiser's state
            reset_peak(options.device)
            times, end = [step.seconds(columns)], time.perf_counter() + options.seconds
            while time.perf_counter() < end:
                times.append(step.seconds(columns))
            seconds = statistics.median(times)
            forward = forward_operations(self.config, self.layers, [QUERY, PASSAGE, PASSAGE] * rows)
            passes = 4 if mini_batch else 3
            share = passes * forward / seconds / self.products[precision]
            yield rows, mini_batch, seconds, peak_memory(options.device), share


TOKENISING = ("tokenising alone, as the harness does", "tokenising alone, on all cores")


@contextmanager
def on_all_cores() -> Iterator[None]:
    """Let tokenizers use every core, which a cell does not."""
    with patch.dict(os.environ, {"TOKENIZERS_PARALLELISM": "true"}):
        yield


def _by_harness(model: SentenceTransformer, texts: list[str], cell: Cell, count: int) -> None:
    part = {f"{number:07d}": text for number, text in enumerate(texts[:count])}
    for _ in embed_blocks(model, part, "passage", cell, Store(cell.place.cache)):
        pass


def _by_library(model: SentenceTransformer, texts: list[str], size: int, count: int) -> None:
    model.max_seq_length = LONGEST
    for start in range(0, count, BLOCK):  # as many texts are sorted together as in a block of the harness
        block = texts[start : min(start + BLOCK, count)]
        model.encode_document(block, batch_size=size, normalize_embeddings=True, show_progress_bar=False)


def _tokenised(
    model: SentenceTransformer,
    texts: list[str],
    cell: Cell,
    cores: Callable[[], AbstractContextManager[None]],
    count: int,
) -> None:
    with cores():
        Encoder(model, cell.suite.text).prepared(texts[:count], "passage", budget_of(cell))


def top_k(queries: Any, passages: Any) -> Any:
    """Return the rows [Q, DEPTH] of the most similar passages."""
    import torch

    scores = torch.empty(len(queries), 0, device=queries.device)
    rows = torch.empty(len(queries), 0, device=queries.device, dtype=torch.long)
    for start in range(0, len(passages), BLOCK):
        similarities = queries @ passages[start : start + BLOCK].T  # [Q, B]
        best, columns = similarities.topk(min(DEPTH, similarities.shape[1]))
        scores, rows = torch.cat([scores, best], dim=1), torch.cat([rows, columns + start], dim=1)
        scores, kept = scores.topk(min(DEPTH, scores.shape[1]))
        rows = rows.gather(1, kept)
    return rows


def best_of_harness(rows: Sequence[tuple[str, str, float, float, float]], precision: str) -> float:
    """Return the passages per second of the harness in a precision, at the better number of texts per batch."""
    return max(row[2] for row in rows if row[0].startswith("harness") and row[1] == precision)
