"""CLPL-MoE on BGE-M3's architecture with random weights: step time, peak memory, share of the product rate.

    python tests/benchmarks/bge_m3.py                   2 layers in float32, on CPU
    python tests/benchmarks/bge_m3.py --device cuda --layers 24 --rows 64 --batch 8

On a GPU the published recipe uses float16 and the corrected one bfloat16. Both train through the stages of the harness.
Every query has 128 tokens and every passage 512. The product rate is measured in the same run. The operations of a step
are counted from the shapes (see `flops`), without optimiser, norms and softmax. On a GPU the published recipe is
trained twice, and the weights are compared bit for bit. `full_scale.py` measures encoding, search and plain training.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for tests/support

from harness.machine import determinism

determinism.set_environment()

from support import bge_m3_model  # noqa: E402
from support.bge_m3_model import CONFIG  # noqa: E402
from support.rates import clock, product_rate, reset_peak  # noqa: E402

from harness.execution import plan  # noqa: E402
from harness.keys import file_sha256  # noqa: E402
from harness.machine.device import peak_memory  # noqa: E402
from harness.machine.store import Store  # noqa: E402
from harness.request.cell import Cell  # noqa: E402
from harness.request.request import DeviceName, Request  # noqa: E402
from harness.stages.prepare import prepare  # noqa: E402
from harness.stages.train import train  # noqa: E402
from harness.stages.training_rows import training_rows  # noqa: E402

QUERY, PASSAGE = 128, 512  # tokens, arXiv 2412.17364
NEGATIVES, EXPERTS = 4, 2
WEIGHTS = "model.safetensors"
JOINED = 10  # texts of mini per text: queries above 128 tokens, passages above 512
SETTINGS = """
[evaluation]
measures = ["nDCG@10"]
primary = "nDCG@10"
depth = 10
encode_batch_size = 8
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
    seconds: float  # per step
    rate: float  # steps per second
    bytes: int
    flops: float


def main() -> None:
    """Build the model, run both recipes, print the table."""
    options = parsed()
    with tempfile.TemporaryDirectory(prefix="bge-m3-") as scratch:
        cells = planned(options, Path(scratch))
        determinism.set_deterministic(0, options.device)
        rate = product_rate(options.device, "bfloat16")
        rows = []
        for cell in cells:
            store = Store(cell.place.cache)
            folder, row = trained(cell, store, options)
            rows.append(row)
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
    return parser.parse_args()


def planned(options: argparse.Namespace, root: Path) -> list[Cell]:
    """Write suite and base model; return the cells of both recipes, the published one last."""
    half_precision = options.device != "cpu"
    settings = SETTINGS.format(
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
    reset_peak(options.device)
    store.progress = lambda stage, done, total: times.append(clock(options.device)) if stage == "train" else None
    folder = train(cell, training, store)
    store.progress = lambda stage, done, total: None
    step = statistics.median(after - before for before, after in pairwise(times))
    rows = cell.training.batch_size * cell.training.gradient_accumulation
    peak = peak_memory(options.device)
    counted = rows * flops(options.layers)
    return folder, Row(
        f"{cell.entry.name}: a step of {rows} rows", cell.training.precision, step, 1 / step, peak, counted
    )


def flops(layers: int) -> float:
    """Return the operations for one training row: 1 + 4 queries of 128 tokens, 1 + 4 passages of 512.

    They are those of the forward pass, as much for the gradient of the activations, and the gradient of the experts'
    weights, the only trained ones.
    """
    texts = {QUERY: 1 + NEGATIVES, PASSAGE: 1 + NEGATIVES}
    weights = layers * EXPERTS * 2 * int(str(CONFIG["hidden_size"])) * int(str(CONFIG["intermediate_size"]))
    return sum(count * length * (2 * forward_flops(layers, length) + weights) for length, count in texts.items())


def forward_flops(layers: int, length: int) -> float:
    """Return the operations of a forward pass per token; every expert is computed."""
    hidden, intermediate = int(str(CONFIG["hidden_size"])), int(str(CONFIG["intermediate_size"]))
    projections = 4 * 2 * hidden * hidden
    attention = 2 * 2 * length * hidden
    feed_forward = (EXPERTS + 1) * 2 * hidden * intermediate
    return float(layers * (projections + attention + feed_forward))


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


if __name__ == "__main__":
    main()
