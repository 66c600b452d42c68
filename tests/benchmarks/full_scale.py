"""Encoding, search and training at full scale: measured rates of one device, and MIRACL's sizes computed from them.

    python tests/benchmarks/full_scale.py --device cuda --price 4              on a GPU, in about ten minutes
    python tests/benchmarks/full_scale.py --device cpu --layers 2 --texts 64   reduced: says nothing of whole models

Two encoders with random weights: the sizes of multilingual-e5-small (12 layers of 384, mean pooling) and of BGE-M3 (24
layers of 1024, CLS), both with 250,002 pieces. Passages are words of mini's texts; their numbers of tokens are drawn,
with a fixed seed, from a lognormal distribution (--median, --sigma; from 8 to 512), which is assumed: MIRACL's text is
not there. They are encoded as a cell encodes them (harness.vectors.embedding.embed_blocks), tokenising included, and by
sentence-transformers' `encode` on the same opened model. Shares are of the product rate in that precision; operations
are those of the texts without padding. Search is exact, in blocks on the device, depth 100. A training step is MNRL
with one hard negative on full-length random tokens (questions 24, passages 256): float32 weights, mixed precision where
the precision is a half, fused AdamW; the large batch uses gradient caching. Its operations are three forward passes,
with gradient caching four. Peak memory is that of the GPU in a step, on CPU of the process so far. TF32 is off and
algorithms are deterministic, as in cells.

On CPU the sizes are smaller by default and the precision is float32; --precision bfloat16 asks for it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for tests/support

from harness.machine import determinism

determinism.set_environment()

from support import bge_m3_model, random_texts, scale_costs  # noqa: E402
from support.rates import product_rate  # noqa: E402
from support.scale_costs import Grid, Language, Rates  # noqa: E402
from support.scale_measurements import Shape, best_of_harness  # noqa: E402

from harness.execution import plan  # noqa: E402
from harness.request.request import DeviceName, Request  # noqa: E402

SHAPES: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "e5-small": (bge_m3_model.E5_SMALL, "mean"),
    "bge-m3": (bge_m3_model.CONFIG, "cls"),
}
DEFAULTS: Mapping[str, Mapping[str, Any]] = {  # by device
    "cuda": {
        **{"precision": "bfloat16", "texts": 65_536, "passages": 500_000},
        **{"batch": 32, "large_batch": 1024, "mini_batch": 32},
    },
    "cpu": {
        **{"precision": "float32", "texts": 64, "passages": 20_000},
        **{"batch": 2, "large_batch": 8, "mini_batch": 4},
    },
}
MEASUREMENTS = 16  # per shape: nine are made, and a first step, a pilot and the making of the model take as long
EXPERTS = 2
ASSUMED = """\
Every trained entry is taken to train on rows of the measured form, in the epochs of mnrl in the suite miracl. A pass of
an entry with experts costs as much more as it has operations. The base's pass serves its entry and mining. On several
GPUs cells run side by side. Reading, preparing and experts' scores are left out."""


def main() -> None:
    """Measure each shape; print its rates and what follows from them."""
    options = parsed()
    determinism.set_deterministic(0, options.device)
    products = {name: product_rate(options.device, name) for name in dict.fromkeys([options.precision, "float32"])}
    rates = ", ".join(f"{name} {rate / 1e12:.3f} TFLOP/s" for name, rate in products.items())
    print(f"{device_name(options.device)}; measured product rates: {rates}")
    for name in options.shapes.split(","):
        with tempfile.TemporaryDirectory(prefix="full-scale-") as scratch:
            report(name, options, products, Path(scratch))


def parsed() -> argparse.Namespace:
    """Return the options of the command line; those that are not given are the device's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--shapes", default=",".join(SHAPES), help="comma-separated")
    parser.add_argument("--minutes", type=float, default=10.0, help="about, at most")
    parser.add_argument("--price", type=float, help="of a GPU hour; without it no cost is printed")
    parser.add_argument("--precision", choices=["float32", "bfloat16", "float16"])
    parser.add_argument("--layers", type=int, default=24, help="at most; fewer than the shape has reduce it")
    parser.add_argument("--vocabulary", type=int, default=bge_m3_model.VOCABULARY)
    parser.add_argument("--median", type=float, default=110.0, help="tokens of a passage")
    parser.add_argument("--sigma", type=float, default=0.7, help="of the logarithm of the tokens")
    parser.add_argument("--texts", type=int, help="passages to encode, at most")
    parser.add_argument("--passages", type=int, help="passages to search")
    parser.add_argument("--queries", type=int, default=632, help="of the search")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--large-batch", type=int)
    parser.add_argument("--mini-batch", type=int, help="rows embedded at a time in the large batch")
    options = parser.parse_args()
    for name, value in DEFAULTS[options.device].items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    options.seconds = options.minutes * 60 / (len(options.shapes.split(",")) * MEASUREMENTS)
    return options


def report(name: str, options: argparse.Namespace, products: Mapping[str, float], scratch: Path) -> None:
    """Print the measured rates of a shape, and the table computed from them."""
    config, pooling = SHAPES[name]
    layers = min(options.layers, config["num_hidden_layers"])
    size = {"layers": layers, "vocabulary": options.vocabulary}
    folder = bge_m3_model.build(scratch / "base", random_texts.words(), **size, config=config, pooling=pooling)
    whole = layers == config["num_hidden_layers"] and options.vocabulary == bge_m3_model.VOCABULARY
    title = f"{name}, {layers} of {config['num_hidden_layers']} layers, {options.vocabulary:,} pieces"
    print(f"\n### {title}{'' if whole else ' (REDUCED: says nothing of the whole model)'}\n")
    shape = Shape(folder, config, layers, options, products)
    rates = Rates(encoding(shape), row=0.0, pair=search(shape))
    rates = Rates(rates.passages, training(shape), rates.pair)
    languages, grid = miracl(config)
    print(f"\n{ASSUMED}\n")
    print("\n".join(scale_costs.table(rates, languages, grid, options.price)), flush=True)


def encoding(shape: Shape) -> float:
    """Print a row per way to encode; return the passages per second of the harness."""
    print("| measured: encoding | precision | passages/s | tokens/s | share |\n" + "|---" * 5 + "|", flush=True)
    rows = []
    for row in shape.encoding():
        way, precision, passages, tokens, share = row
        shown = f"{share:.1%}" if share else "-"
        print(f"| {way} | {precision} | {passages:,.1f} | {tokens:,.0f} | {shown} |", flush=True)
        rows.append(row)
    return best_of_harness(rows, shape.options.precision)


def search(shape: Shape) -> float:
    """Print the time of a search; return the seconds per query and passage."""
    queries, passages = shape.options.queries, shape.options.passages
    seconds = shape.search()
    rate = 2.0 * queries * passages * shape.config["hidden_size"] / seconds
    share = rate / shape.products["float32"]
    print(f"\nmeasured: search of {passages:,} passages for {queries} queries, depth 100: {seconds:.3f} s,", end=" ")
    print(f"{share:.1%} of the float32 product rate", flush=True)
    return seconds / (queries * passages)


def training(shape: Shape) -> float:
    """Print a row per batch size; return the seconds per row of the smaller one."""
    print("\n| measured: training step | mini-batch | seconds | peak GiB | share |\n" + "|---" * 5 + "|", flush=True)
    per_row = []
    for rows, mini_batch, seconds, memory, share in shape.training():
        print(f"| {rows} rows | {mini_batch or '-'} | {seconds:.3f} | {memory / 2**30:.2f} | {share:.1%} |", flush=True)
        per_row.append(seconds / rows)
    return per_row[0]


def miracl(config: Mapping[str, Any]) -> tuple[list[Language], Grid]:
    """Return MIRACL's languages, and the trained cells of each in a plan of all entries and three seeds."""
    in_float32 = ("train.precision=float32",)  # a plan on CPU has no float16; nothing is run
    request = Request(suite="miracl", methods=("all",), seeds=(0, 1, 2), settings=in_float32, device=DeviceName.cpu)
    planned = plan.make(request, Path(tempfile.gettempdir()))
    cells = [cell for cell in planned.cells if cell.method is not None and "@" not in cell.entry.name]
    epochs = next(cell.training.epochs for cell in cells if cell.entry.name == "mnrl")
    languages = []
    for name in dict.fromkeys(cell.language for cell in cells):
        counts = planned.suite.languages[name].counts
        assert counts.passages is not None
        assert counts.train_positives is not None
        languages.append(Language(name, counts.passages, counts.dev_queries, counts.train_positives * epochs))
    of_one = [cell for cell in cells if cell.language == languages[0].name]
    passes = sum(cost_of_experts(config) if "moe" in cell.entry.adapters else 1.0 for cell in of_one)
    return languages, Grid(len(of_one), passes)


def cost_of_experts(config: Mapping[str, Any]) -> float:
    """Return the operations of a layer with EXPERTS intermediate layers, all computed, over those of a plain layer."""
    hidden, inner = int(config["hidden_size"]), int(config["intermediate_size"])
    attention = 4 * hidden * hidden
    return (attention + (EXPERTS + 1) * hidden * inner) / (attention + 2 * hidden * inner)


def device_name(device: str) -> str:
    """Return the name of the GPU, or of the processor with its threads."""
    import torch

    from harness.machine.hardware import environment

    cpu = f"{environment()['cpu']}, {torch.get_num_threads()} thread(s)"
    return cpu if device == "cpu" else torch.cuda.get_device_name()


if __name__ == "__main__":
    main()
