"""The parts of one training step: forward, backward, clipping, optimiser; and what padding is in real batches.

    python tests/benchmarks/training_step.py --model FOLDER --data-dir DIR

FOLDER is an encoder in sentence-transformers' format; without it a random one is built, with the sizes of
multilingual-e5-small and two layers. One thread, float32, MNRL on questions and passages full of random tokens. CPU
seconds of each part, the best of three rounds; steps with dropout 0.1 and without, and the optimiser as a plain loop
and fused, are interleaved in each round. Peak memory is that of the process.

DIR holds the files of the suite `wikiqa`: the share of padding in the batches of its Hindi rows is counted too, in the
trainer's own order, and for rows sorted by length. Grouping rows by length can save no more tokens than that.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for tests/support

from harness.machine import determinism

determinism.set_environment()

from support import bge_m3_model, random_texts  # noqa: E402
from support.training_steps import features, loss_of  # noqa: E402

from harness.execution import plan  # noqa: E402
from harness.machine.device import peak_memory  # noqa: E402
from harness.machine.store import Store  # noqa: E402
from harness.request.cell import Cell  # noqa: E402
from harness.request.request import DeviceName, Request  # noqa: E402
from harness.stages.objective import batches, declared, examples, together  # noqa: E402
from harness.stages.prepare import prepare  # noqa: E402
from harness.stages.text_columns import collator  # noqa: E402
from harness.stages.train import adapted  # noqa: E402
from harness.stages.training_arguments import step_count, training_arguments  # noqa: E402
from harness.stages.training_rows import training_rows  # noqa: E402
from harness.vectors.encoder import open_model  # noqa: E402

DROPOUTS = (0.1, 0.0)
OPTIMISERS = {
    "optimiser, plain loop": {"foreach": False, "fused": False},
    "optimiser, fused": {"foreach": False, "fused": True},
}
PARTS = ("forward", "backward", "clipping", *OPTIMISERS, "rest")


def main() -> None:
    """Print the parts of a step, and the padding of real batches."""
    options = parsed()
    determinism.set_deterministic(0, "cpu")
    with tempfile.TemporaryDirectory(prefix="training-step-") as scratch:
        folder = options.model or random_model(Path(scratch) / "model", options.vocabulary)
        if options.rounds:
            profile(folder, options)
        if options.data_dir:
            padding(folder, options, Path(scratch) / "cache")


def parsed() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--query", type=int, default=24, help="tokens")
    parser.add_argument("--passage", type=int, default=128, help="tokens")
    parser.add_argument("--rounds", type=int, default=3, help="0 counts padding alone")
    parser.add_argument("--max-train", type=int, default=600, help="queries whose batches are counted")
    parser.add_argument("--vocabulary", type=int, default=bge_m3_model.VOCABULARY, help="of the random model")
    return parser.parse_args()


def random_model(folder: Path, vocabulary: int) -> Path:
    """Write an encoder with random weights and return its folder."""
    config = bge_m3_model.E5_SMALL
    words = random_texts.words()
    return bge_m3_model.build(folder, words, layers=2, vocabulary=vocabulary, config=config, pooling="mean")


def profile(folder: Path, options: argparse.Namespace) -> None:
    """Print the seconds of each part, and the share of the whole step."""
    import torch

    model = open_model(folder, "cpu").train()
    columns = features(model, options.batch, (options.query, options.passage))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5)
    rounds: dict[float, list[dict[str, float]]] = {dropout: [] for dropout in DROPOUTS}
    parts_of_step(model, columns, optimiser)  # makes gradients and the optimiser's state
    for _ in range(options.rounds):
        for dropout in DROPOUTS:
            for module in model.modules():
                if isinstance(module, torch.nn.Dropout):
                    module.p = dropout
            rounds[dropout].append(parts_of_step(model, columns, optimiser))
    parameters = sum(parameter.numel() for parameter in model.parameters())
    size = f"{options.batch} rows, questions of {options.query} tokens, passages of {options.passage}"
    memory = peak_memory("cpu") / 2**30
    print(f"{size}; one thread; {parameters / 1e6:.0f} M parameters; peak memory {memory:.2f} GiB")
    print("| CPU seconds | " + " | ".join(f"dropout {dropout}" for dropout in DROPOUTS) + " |\n|---|---|---|")
    for part in PARTS:
        best = (min(parts[part] for parts in rounds[dropout]) for dropout in DROPOUTS)
        print(f"| {part} | " + " | ".join(f"{seconds:.3f}" for seconds in best) + " |", flush=True)


def parts_of_step(model: Any, columns: Sequence[dict[str, Any]], optimiser: Any) -> dict[str, float]:
    """Return the CPU seconds of each part of a step; the optimiser takes it in either way, on one state."""
    import torch

    loss: list[Any] = []
    objective = loss_of(model)
    work: dict[str, Callable[[], Any]] = {
        "forward": lambda: loss.append(objective([dict(column) for column in columns])),
        "backward": lambda: loss[0].backward(),
        "clipping": lambda: torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0),
        **{name: partial(stepped, optimiser, how) for name, how in OPTIMISERS.items()},
        "rest": lambda: (loss[0].item(), model.zero_grad()),
    }
    seconds = {}
    for part, call in work.items():
        started = time.process_time()
        call()
        seconds[part] = time.process_time() - started
    return seconds


def stepped(optimiser: Any, how: Mapping[str, bool]) -> None:
    """Take a step in one of the ways of OPTIMISERS."""
    optimiser.param_groups[0].update(how)
    optimiser.step()


def padding(folder: Path, options: argparse.Namespace, cache: Path) -> None:
    """Print the share of padding per column: in the trainer's batches, and in batches of rows sorted by length."""
    columns = tokens_by_column(folder, options, cache)
    print(f"\npadding in batches of {options.batch}, wikiqa, hi, {len(next(iter(columns.values())))} rows")
    print("| texts | tokens without padding | the trainer's order | sorted by length of passages |\n|---|---|---|---|")
    by_passage = sorted(range(len(columns["passage"])), key=columns["passage"].__getitem__)
    orders = {"trainer": None, "sorted": by_passage}
    padded = dict.fromkeys(orders, 0)
    for name, lengths in columns.items():
        shares = []
        for order, places in orders.items():
            ordered = lengths if places is None else [lengths[place] for place in places]
            total = padded_tokens(ordered, options.batch)
            padded[order] += total
            shares.append(f"{1 - sum(lengths) / total:.1%}")
        print(f"| {name} | {sum(lengths):,} | {shares[0]} | {shares[1]} |")
    real = sum(map(sum, columns.values()))
    most, reached = (1 - least / padded["trainer"] for least in (real, padded["sorted"]))
    print(f"grouping by length can save at most {most:.1%} of a step's tokens; sorting by passages saves {reached:.1%}")


def padded_tokens(lengths: Sequence[int], size: int) -> int:
    """Return the tokens of batches of consecutive texts, each padded to the longest of its batch."""
    batches_of = (lengths[start : start + size] for start in range(0, len(lengths), size))
    return sum(len(batch) * max(batch) for batch in batches_of)


def tokens_by_column(folder: Path, options: argparse.Namespace, cache: Path) -> dict[str, list[int]]:
    """Return the tokens of each text in the order in which the trainer takes the rows of an epoch."""
    from sentence_transformers import SentenceTransformerTrainer

    cell = cell_of(folder, options, cache)
    store = Store(cache)
    model = adapted(cell, folder)
    rows = examples(cell, training_rows(cell, prepare(cell.suite, "hi", cell.place, store), store))
    trainer = SentenceTransformerTrainer(
        model=model,
        args=training_arguments(cell, cache / "trainer", step_count(batches(rows, options.batch), cell.training)),
        train_dataset=together(rows),
        loss=next(iter(cell.objectives.values())).loss(model),
        data_collator=collator(model, rows, cell.suite.text, declared(cell), cell.training.max_length),
    )
    lengths: dict[str, list[int]] = {"question": [], "passage": []}
    for batch in trainer.get_train_dataloader():
        masks = [value for name, value in batch.items() if name.endswith("attention_mask")]
        for column, mask in zip(lengths, masks, strict=True):
            lengths[column] += mask.sum(dim=1).tolist()
    return lengths


def cell_of(folder: Path, options: argparse.Namespace, cache: Path) -> Cell:
    """Return the cell of MNRL on wikiqa, hi, under seed 0."""
    request = Request(
        suite="wikiqa",
        methods=("mnrl",),
        languages=("hi",),
        seeds=(0,),
        base_model=str(folder),
        device=DeviceName.cpu,
        data_dir=options.data_dir,
        max_train=options.max_train,
        settings=(f"train.batch_size={options.batch}", f"text.passage_max_length={options.passage}"),
    )
    return plan.make(request, cache).cells[0]


if __name__ == "__main__":
    main()
