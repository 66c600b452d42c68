"""CLPL-MoE on BGE-M3's architecture, random weights: step time, passages/s, peak memory, share of the matmul rate.

    python tests/benchmarks/bge_m3.py                   2 layers in float32, on CPU
    python tests/benchmarks/bge_m3.py --device cuda --layers 24 --rows 64 --batch 8 --encode-batch 64

On a GPU the published recipe is in float16 and the corrected one in bfloat16, and evaluation is in bfloat16.

Both recipes go through the harness' own stages: train, save, reload, encode. Every query has 128 tokens and every
passage 512. The rate is that of a large bfloat16 product measured in the same run; the operations of a step are counted
from the shapes (see `flops`), without optimiser, norms and softmax. On a GPU the published recipe is trained twice, and
the bits are compared.
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

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests' own helpers

from harness.machine import determinism

determinism.set_environment()

from support import bge_m3_model  # noqa: E402
from support.bge_m3_model import CONFIG  # noqa: E402

from harness.execution import plan  # noqa: E402
from harness.keys import file_sha256  # noqa: E402
from harness.machine.store import Store  # noqa: E402
from harness.request.cell import Cell  # noqa: E402
from harness.request.request import DeviceName, Request  # noqa: E402
from harness.stages.consult import consult  # noqa: E402
from harness.stages.mine import mine  # noqa: E402
from harness.stages.prepare import prepare  # noqa: E402
from harness.stages.train import train  # noqa: E402
from harness.vectors.embedding import embed, open_encoder  # noqa: E402

QUERY, PASSAGE = 128, 512  # tokens, arXiv 2412.17364
NEGATIVES, EXPERTS = 4, 2
WEIGHTS = "model.safetensors"
JOINED = 10  # texts of mini in one: queries of more than 128 tokens, passages of more than 512
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
class Line:
    """One line of the table."""

    what: str
    precision: str
    seconds: float  # of a step, or of all passages
    rate: float  # steps or passages a second
    bytes: int
    flops: float


def main() -> None:
    """Build the model, run both recipes, print the table."""
    options = parsed()
    with tempfile.TemporaryDirectory(prefix="bge-m3-") as scratch:
        cells = planned(options, Path(scratch))
        determinism.deterministic(0, options.device)
        rate = matmul_rate(options.device, "bfloat16")
        lines = []
        for cell in cells:
            store = Store(cell.place.cache)
            folder, line = trained(cell, store, options)
            lines += [line, encoded(cell, folder, store, options)]
            print(f"{cell.entry.name}: reloaded, {sum(map(file_size, folder.rglob('*'))):,} bytes", flush=True)
        report(lines, rate, options)
        if options.device != "cpu":
            again, _ = trained(cells[-1], Store(Path(scratch) / "again"), options)
            same = file_sha256(again / WEIGHTS) == file_sha256(folder / WEIGHTS)
            print(f"{cells[-1].entry.name} trained twice: {'equal bits' if same else 'OTHER BITS'}")


def parsed() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument(
        "--rows", type=int, default=4, help="training rows: a query, a positive, 4 negatives, 4 queries"
    )
    parser.add_argument("--batch", type=int, default=1, help="rows a batch of the corrected recipe")
    parser.add_argument("--encode-batch", type=int, default=8)
    return parser.parse_args()


def planned(options: argparse.Namespace, root: Path) -> list[Cell]:
    """Write suite and base model, and return the cells of both recipes, the published one last."""
    halves = options.device != "cpu"
    settings = SETTINGS.format(
        encode_batch=options.encode_batch,
        batch=options.batch,
        precision="bfloat16" if halves else "float32",
        published="float16" if halves else "float32",
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


def trained(cell: Cell, store: Store, options: argparse.Namespace) -> tuple[Path, Line]:
    """Train one cell through its stages; the first step, which warms up, is not timed."""
    times: list[float] = []
    determinism.deterministic(cell.seed, options.device)
    data = prepare(cell.suite, cell.language, cell.place, store)
    training = consult(cell, mine(cell, data, store), store)
    if options.device != "cpu":
        reset_peak()
    store.progress = lambda stage, done, total: times.append(clock(options.device)) if stage == "train" else None
    folder = train(cell, training, store)
    store.progress = lambda stage, done, total: None
    step = statistics.median(after - before for before, after in pairwise(times))
    rows = cell.training.batch_size * cell.training.gradient_accumulation
    peak = determinism.peak_memory(options.device)
    counted = rows * flops(options.layers, training=True)
    return folder, Line(
        f"{cell.entry.name}: a step of {rows} rows", cell.training.precision, step, 1 / step, peak, counted
    )


def encoded(cell: Cell, folder: Path, store: Store, options: argparse.Namespace) -> Line:
    """Reopen the trained model and encode passages of 512 tokens; the first batch, which warms up, is not timed."""
    passages = prepare(cell.suite, cell.language, cell.place, store).passages
    times = 1 if options.device == "cpu" else 16  # over, for enough to be timed on a GPU
    texts = {f"{number:05d}": text for number, text in enumerate(list(passages.values()) * times)}
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
    peak = determinism.peak_memory(options.device)
    what = f"{cell.entry.name}: {len(texts)} passages encoded"
    return Line(what, cell.suite.evaluation.precision, seconds, len(texts) / seconds, peak, counted)


def flops(layers: int, *, training: bool) -> float:
    """Return the operations of one training row: 1 + 4 queries of 128 tokens, 1 + 4 passages of 512.

    Forward, the same again for the gradient of the activations, and that of the experts' weights, which alone are
    trained.
    """
    texts = {QUERY: 1 + NEGATIVES, PASSAGE: 1 + NEGATIVES}
    weights = layers * EXPERTS * 2 * int(str(CONFIG["hidden_size"])) * int(str(CONFIG["intermediate_size"]))
    return sum(
        count * length * (2 * forward_flops(layers, length) + weights if training else forward_flops(layers, length))
        for length, count in texts.items()
    )


def forward_flops(layers: int, length: int) -> float:
    """Return the operations of one token's way through the network; every expert is computed."""
    hidden, wide = int(str(CONFIG["hidden_size"])), int(str(CONFIG["intermediate_size"]))
    projections = 4 * 2 * hidden * hidden
    attention = 2 * 2 * length * hidden
    forth_and_back = (EXPERTS + 1) * 2 * hidden * wide
    return float(layers * (projections + attention + forth_and_back))


def matmul_rate(device: str, precision: str) -> float:
    """Return the operations a second of a large square product, the best of five."""
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


def report(lines: list[Line], rate: float, options: argparse.Namespace) -> None:
    """Print the table."""
    import torch

    name = torch.cuda.get_device_name() if options.device != "cpu" else "CPU, one thread"
    print(f"{name}; {options.layers} of 24 layers; bfloat16 product: {rate / 1e12:.3f} TFLOP/s")
    print("| | precision | seconds | a second | peak GiB | TFLOP/s | of the bfloat16 rate |\n" + "|---" * 7 + "|")
    for line in lines:
        done = line.flops / line.seconds
        print(
            f"| {line.what} | {line.precision} | {line.seconds:.3f} | {line.rate:.2f} | {line.bytes / 2**30:.2f} "
            f"| {done / 1e12:.3f} | {done / rate:.0%} |"
        )


def clock(device: str) -> float:
    """Return the time after everything that was asked of the device is done."""
    import torch

    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter()


def reset_peak() -> None:
    """Forget the peak of what was done before."""
    import torch

    torch.cuda.reset_peak_memory_stats()


def file_size(path: Path) -> int:
    """Return the bytes of a file, none of a folder."""
    return path.stat().st_size if path.is_file() else 0


if __name__ == "__main__":
    main()
