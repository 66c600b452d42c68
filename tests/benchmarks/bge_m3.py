"""CLPL-MoE on BGE-M3's architecture with random weights: step time, passages/s, peak memory, share of the matmul rate.

    python tests/benchmarks/bge_m3.py                   2 layers in float32, on CPU
    python tests/benchmarks/bge_m3.py --device cuda --layers 24 --rows 64 --batch 8 --encode-batch 64

On a GPU the published recipe uses float16, the corrected one bfloat16, and evaluation bfloat16.

Both recipes run through the stages of the harness: train, save, reload, encode. Every query has 128 tokens and every
passage 512. The matmul rate is measured in the same run with a large bfloat16 product. The operations of a step are
counted from the shapes (see `flops`), without optimiser, norms and softmax. On a GPU the published recipe is trained
twice, and the weights are compared bit for bit.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for tests/support

from harness.machine import determinism

determinism.set_environment()

from support import bge_m3_model  # noqa: E402
from support.bge_m3_model import CONFIG  # noqa: E402

from harness.execution import plan  # noqa: E402
from harness.keys import file_sha256  # noqa: E402
from harness.machine.device import peak_memory  # noqa: E402
from harness.machine.store import Store  # noqa: E402
from harness.request.cell import Cell  # noqa: E402
from harness.request.request import DeviceName, Request  # noqa: E402
from harness.stages.prepare import prepare  # noqa: E402
from harness.stages.train import train  # noqa: E402
from harness.stages.training_rows import training_rows  # noqa: E402
from harness.vectors.embedding import embed, open_encoder  # noqa: E402

QUERY, PASSAGE = 128, 512  # tokens, arXiv 2412.17364
NEGATIVES, EXPERTS = 4, 2
WEIGHTS = "model.safetensors"
JOINED = 10  # texts of mini per text: queries above 128 tokens, passages above 512
SETTINGS = """
[evaluation]
measures = ["nDCG@10"]
primary = "nDCG@10"
depth = 10
encode_batch_size = {encode_batch}
precision = "{precision}"
[mining]
depth = 10
[training.ranking]
epochs = 2
batch_size = {batch}
learning_rate = 1e-5
warmup = 0.0
precision = "{precision}"
[published.training]
ranking = {{ batch_size = 1, gradient_accumulation = 4, precision = "{published}" }}
"""


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    label: str
    precision: str
    seconds: float  # per step, or for all passages
    rate: float  # steps or passages per second
    bytes: int
    flops: float


def main() -> None:
    """Build the model, run both recipes, print the table."""
    options = parsed()
    with tempfile.TemporaryDirectory(prefix="bge-m3-") as scratch:
        cells = planned(options, Path(scratch))
        determinism.set_deterministic(0, options.device)
        rate = matmul_rate(options.device, "bfloat16")
        rows = []
        for cell in cells:
            store = Store(cell.place.cache)
            folder, row = trained(cell, store, options)
            rows += [row, encoded(cell, folder, store, options)]
            print(f"{cell.entry.name}: reloaded, {sum(map(file_size, folder.rglob('*'))):,} bytes", flush=True)
        report(rows, rate, options)
        if options.device != "cpu":
            repeated, _ = trained(cells[-1], Store(Path(scratch) / "repeated"), options)
            equal = file_sha256(repeated / WEIGHTS) == file_sha256(folder / WEIGHTS)
            print(f"{cells[-1].entry.name} trained twice: {'equal bits' if equal else 'DIFFERENT BITS'}")


def parsed() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument(
        "--rows", type=int, default=4, help="training rows, each a query, a positive, 4 negatives, 4 queries"
    )
    parser.add_argument("--batch", type=int, default=1, help="rows per batch of the corrected recipe")
    parser.add_argument("--encode-batch", type=int, default=8)
    return parser.parse_args()


def planned(options: argparse.Namespace, root: Path) -> list[Cell]:
    """Write suite and base model; return the cells of both recipes, the published one last."""
    half_precision = options.device != "cpu"
    settings = SETTINGS.format(
        encode_batch=options.encode_batch,
        batch=options.batch,
        precision="bfloat16" if half_precision else "float32",
        published="float16" if half_precision else "float32",
    )
    part = bge_m3_model.mini_part(passages=max(16, options.rows), train=options.rows, dev=4, joined=JOINED)
    manifest = bge_m3_model.suite_of(root / "suite", part, (QUERY, PASSAGE), settings)
    corpus = (root / "suite/corpus.jsonl").read_text(encoding="utf-8").splitlines()
    base = bge_m3_model.build(root / "base", [json.loads(row)["text"] for row in corpus], layers=options.layers)
    entries = ["clpl-moe", "clpl-moe@published"]
    request = Request(
        suite=str(manifest),
        methods=tuple(entries),
        languages=("en",),
        seeds=(0,),
        base_model=str(base),
        device=DeviceName(options.device),
        data_dir=root / "suite",
    )
    return plan.make(request, root / "cache").cells


def trained(cell: Cell, store: Store, options: argparse.Namespace) -> tuple[Path, Row]:
    """Train one cell through its stages; the first step is a warm-up and not timed."""
    times: list[float] = []
    determinism.set_deterministic(cell.seed, options.device)
    data = prepare(cell.suite, cell.language, cell.place, store)
    training = training_rows(cell, data, store)
    if options.device != "cpu":
        reset_peak()
    store.progress = lambda stage, done, total: times.append(clock(options.device)) if stage == "train" else None
    folder = train(cell, training, store)
    store.progress = lambda stage, done, total: None
    step = statistics.median(after - before for before, after in pairwise(times))
    rows = cell.training.batch_size * cell.training.gradient_accumulation
    peak = peak_memory(options.device)
    counted = rows * flops(options.layers, training=True)
    return folder, Row(
        f"{cell.entry.name}: a step of {rows} rows", cell.training.precision, step, 1 / step, peak, counted
    )


def encoded(cell: Cell, folder: Path, store: Store, options: argparse.Namespace) -> Row:
    """Reload the trained model and encode passages of 512 tokens; the first batch is a warm-up and not timed."""
    passages = prepare(cell.suite, cell.language, cell.place, store).passages
    repeats = 1 if options.device == "cpu" else 16  # long enough to be timed on a GPU
    texts = {f"{number:05d}": text for number, text in enumerate(list(passages.values()) * repeats)}
    for adapter in cell.adapters:
        adapter.register()
    model = open_encoder(folder, cell)
    embed(model, dict(list(texts.items())[: options.encode_batch]), "passage", cell, store)
    if options.device != "cpu":
        reset_peak()
    started = clock(options.device)
    embed(model, texts, "passage", cell, store)
    seconds = clock(options.device) - started
    counted = len(texts) * PASSAGE * forward_flops(options.layers, PASSAGE)
    peak = peak_memory(options.device)
    label = f"{cell.entry.name}: {len(texts)} passages encoded"
    return Row(label, cell.suite.evaluation.precision, seconds, len(texts) / seconds, peak, counted)


def flops(layers: int, *, training: bool) -> float:
    """Return the operations for one training row: 1 + 4 queries of 128 tokens, 1 + 4 passages of 512.

    In training: the forward pass, as much for the gradient of the activations, and the gradient of the experts'
    weights, the only trained ones.
    """
    texts = {QUERY: 1 + NEGATIVES, PASSAGE: 1 + NEGATIVES}
    weights = layers * EXPERTS * 2 * int(str(CONFIG["hidden_size"])) * int(str(CONFIG["intermediate_size"]))
    return sum(
        count * length * (2 * forward_flops(layers, length) + weights if training else forward_flops(layers, length))
        for length, count in texts.items()
    )


def forward_flops(layers: int, length: int) -> float:
    """Return the operations of a forward pass per token; every expert is computed."""
    hidden, intermediate = int(str(CONFIG["hidden_size"])), int(str(CONFIG["intermediate_size"]))
    projections = 4 * 2 * hidden * hidden
    attention = 2 * 2 * length * hidden
    feed_forward = (EXPERTS + 1) * 2 * hidden * intermediate
    return float(layers * (projections + attention + feed_forward))


def matmul_rate(device: str, precision: str) -> float:
    """Return the operations per second of a large square product, the best of six runs."""
    import torch

    size = 1024 if device == "cpu" else 8192
    left, right = (torch.randn(size, size, device=device).to(getattr(torch, precision)) for _ in range(2))
    best = float("inf")
    for _ in range(6):
        started = clock(device)
        for _ in range(1 if device == "cpu" else 20):
            left @ right
        best = min(best, clock(device) - started)
    return 2 * size**3 * (1 if device == "cpu" else 20) / best


def report(rows: list[Row], rate: float, options: argparse.Namespace) -> None:
    """Print the table."""
    import torch

    name = torch.cuda.get_device_name() if options.device != "cpu" else "CPU, one thread"
    print(f"{name}; {options.layers} of 24 layers; bfloat16 product: {rate / 1e12:.3f} TFLOP/s")
    print("| | precision | seconds | per second | peak GiB | TFLOP/s | of the bfloat16 rate |\n" + "|---" * 7 + "|")
    for row in rows:
        achieved = row.flops / row.seconds
        print(
            f"| {row.label} | {row.precision} | {row.seconds:.3f} | {row.rate:.2f} | {row.bytes / 2**30:.2f} "
            f"| {achieved / 1e12:.3f} | {achieved / rate:.0%} |"
        )


def clock(device: str) -> float:
    """Return the time after all work of the device is finished."""
    import torch

    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter()


def reset_peak() -> None:
    """Reset the peak memory of the GPU."""
    import torch

    torch.cuda.reset_peak_memory_stats()


def file_size(path: Path) -> int:
    """Return the bytes of a file, 0 for a folder."""
    return path.stat().st_size if path.is_file() else 0


if __name__ == "__main__":
    main()
