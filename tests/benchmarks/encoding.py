"""Encoding by a budget of tokens against sentence-transformers' `encode` at batch 32, on one thread, in one run.

    python tests/benchmarks/encoding.py --model FOLDER --data-dir DIR

FOLDER is an encoder in sentence-transformers' format, DIR holds the files of the suite `wikiqa`. Per kind of text: CPU
and wall seconds of both, interleaved and the better of two rounds each; their ratio; the largest difference of a
component; and the share of the processor's float32 product rate, which is measured between the rounds. Operations are
2 × (4 h² + 2 h i) per token and layer, and 4 h × length for the products of attention.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from harness.machine import determinism

determinism.set_environment()

import numpy as np  # noqa: E402
import torch  # noqa: E402

from harness.machine.store import Store  # noqa: E402
from harness.request import suite  # noqa: E402
from harness.request.cell import Place  # noqa: E402
from harness.stages.prepare import prepare  # noqa: E402
from harness.vectors.encoder import Encoder, Role, open_model  # noqa: E402
from harness.vectors.token_batches import budget  # noqa: E402

PEER_BATCH = 32
CASES: tuple[tuple[str, Role, int], ...] = (
    ("hi", "passage", 512),
    ("fa", "passage", 512),
    ("hi", "passage", 128),
    ("hi", "query", 48),
)
Timed = tuple[float, float, Any]  # CPU seconds, wall seconds, result


def main() -> None:
    """Print a row per language, role and length."""
    options = parsed()
    torch.set_num_threads(1)
    place = Place(cache=options.cache, data_dir=options.data_dir)
    wikiqa, model = suite.load("wikiqa"), open_model(options.model, "cpu")
    print(f"{'texts':<22}{'ours':>14}{'peer':>14}{'ratio':>8}{'wall':>8}{'share of rate':>15}{'difference':>12}")
    for language, role, length in CASES:
        data = prepare(wikiqa, language, place, Store(place.cache))
        texts = list(data.passages.values()) if role == "passage" else [data.queries[query] for query in data.dev]
        texts = texts[:: max(1, len(texts) // options.texts)][: options.texts]
        prompts = {"query_prompt": "query: ", "passage_prompt": "passage: "}
        lengths = {"query_max_length": min(48, length), "passage_max_length": length}
        text = wikiqa.text.model_copy(update={**prompts, **lengths})
        encoder, most = Encoder(model, text), budget(wikiqa.evaluation, text, "cpu")
        works = (partial(encoder.encode, texts, role, most), partial(peer, encoder, texts, role))
        rounds, rates = [], []
        for _ in range(2):
            rates.append(product_rate())
            rounds.append([timed(work) for work in works])
        ours, theirs = (min((pair[i] for pair in rounds), key=lambda row: row[0]) for i in (0, 1))
        share = operations(encoder, texts, role) / ours[0] / max(*rates, product_rate())
        difference = np.abs(ours[2] - theirs[2]).max()
        name = f"{len(texts)} {language} {role} {length}"
        print(
            f"{name:<22}{ours[0]:>12.1f} s{theirs[0]:>12.1f} s{ours[0] / theirs[0]:>8.2f}"
            f"{ours[1] / theirs[1]:>8.2f}{share:>15.0%}{difference:>12.1e}",
            flush=True,
        )


def parsed() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(os.environ.get("TMPDIR", "/tmp")) / "encoding-benchmark")
    parser.add_argument("--texts", type=int, default=240, help="per row, evenly drawn")
    return parser.parse_args()


def timed(work: Callable[[], Any]) -> Timed:
    """Return CPU seconds, wall seconds and result."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return time.process_time() - cpu, time.perf_counter() - wall, result


def peer(encoder: Encoder, texts: list[str], role: Role) -> Any:
    """Return the vectors by the library's own call, as it batches."""
    encoder.model.max_seq_length, before = encoder.length(role), encoder.model.max_seq_length
    call = encoder.model.encode_query if role == "query" else encoder.model.encode_document
    vectors = call(texts, prompt=encoder.prompt(role), batch_size=PEER_BATCH, normalize_embeddings=True)
    encoder.model.max_seq_length = before
    return vectors


def operations(encoder: Encoder, texts: list[str], role: Role) -> float:
    """Return the multiplications and additions of the network's products for these texts, without padding."""
    configuration: Any = encoder.model[0].auto_model.config  # type: ignore[union-attr]
    hidden, inner, layers = (
        getattr(configuration, name) for name in ("hidden_size", "intermediate_size", "num_hidden_layers")
    )
    cut = {"truncation": True, "max_length": encoder.length(role)}
    ids = encoder.model.tokenizer([encoder.prompt(role) + text for text in texts], **cut)["input_ids"]
    lengths = np.array([len(row) for row in ids], dtype=float)
    per_token = 2 * (4 * hidden**2 + 2 * hidden * inner)
    return float(layers * (per_token * lengths.sum() + 4 * hidden * (lengths**2).sum()))


def product_rate(seconds: float = 1.0) -> float:
    """Return the operations per second of a float32 product of the network's shape: 1,024 tokens, 384 × 1,536."""
    left, right = torch.randn(1024, 384), torch.randn(384, 1536)
    best, end = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.process_time()
        for _ in range(20):
            left @ right
        best = max(best, 20 * 2 * 1024 * 384 * 1536 / (time.process_time() - start))
    return best


if __name__ == "__main__":
    main()
