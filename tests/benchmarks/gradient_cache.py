"""Memory and time of one training step: the whole batch, and with gradient caching in mini-batches.

    python tests/benchmarks/gradient_cache.py --batch 512 --mini-batch 32 --layers 6 --width 256 --length 64

Three cases, each in a separate process: a batch as small as the mini-batch, the large batch, and the large batch in
mini-batches. The loss is MNRL over two columns of full-length random tokens, and the encoder is random with a fixed
seed. Memory is the rise of the process's peak resident memory during the step, over that after the model is built and
one row has been through it. The gradients of the last two cases are compared, all parameters as one vector: the norm of
the difference as a share of the norm. So they are in float64, of `--float64-batch` rows, where a difference that is not
rounding would stay. `--base-model FOLDER` takes an encoder instead, `--device cuda` measures the memory of the GPU.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TOLERANCES = {"memory": 1.3, "float32": 1e-4, "float64": 1e-12}  # × the small batch; of the gradient's norm


def main() -> None:
    """Run every case in a child process, or run as that child."""
    options = parsed()
    if options.child:
        print(json.dumps(measured(options)))
        return
    where = options.base_model or f"{options.layers} layers of {options.width}"
    print(f"encoder: {where}; {options.length} tokens; loss: MNRL, two columns; {options.device}")
    cases = {
        "small": (options.mini_batch, 0),
        "whole": (options.batch, 0),
        "cached": (options.batch, options.mini_batch),
    }
    with tempfile.TemporaryDirectory() as folder:
        results = {name: child(Path(folder) / name, *sizes, "float32") for name, sizes in cases.items()}
        shares = {"float32": gradient_difference(Path(folder) / "whole", Path(folder) / "cached")}
        for name, mini in (("whole", 0), ("cached", options.mini_batch)):
            child(Path(folder) / name, options.float64_batch, mini, "float64")
        shares["float64"] = gradient_difference(Path(folder) / "whole", Path(folder) / "cached")
    smallest = results["small"]["bytes"]
    print("batch  mini-batch  peak memory   of the small batch  a step")
    for name, (batch, mini) in cases.items():
        result = results[name]
        memory = f"{result['bytes'] / 2**20:8.1f} MiB  {result['bytes'] / smallest:12.2f} x"
        print(f"{batch:>5}  {mini or '-':>10}  {memory}      {result['seconds']:10.2f} s")
    for dtype, batch in (("float32", options.batch), ("float64", options.float64_batch)):
        print(f"gradients of {batch} rows in mini-batches, {dtype}: they differ by {shares[dtype]:.1e} of their norm")
    ratio = results["cached"]["bytes"] / smallest
    if ratio > TOLERANCES["memory"] or any(share > TOLERANCES[dtype] for dtype, share in shares.items()):
        raise SystemExit(f"beyond the tolerances {TOLERANCES}")


def parsed() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--mini-batch", type=int, default=32)
    parser.add_argument("--float64-batch", type=int, default=128, help="rows of the comparison in float64")
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--length", type=int, default=64, help="tokens of a row")
    parser.add_argument("--base-model", default="", help="folder of an encoder, in place of a random one")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--dtype", default="float32", help=argparse.SUPPRESS)
    return parser.parse_args()


def child(gradients: Path, batch: int, mini: int, dtype: str) -> dict[str, float]:
    """Return what one case measures in a process of its own; it leaves its gradients in a file."""
    command = [sys.executable, __file__, *sys.argv[1:]]
    command += ["--child", str(gradients), "--batch", str(batch), "--mini-batch", str(mini), "--dtype", dtype]
    process = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(process.stdout.splitlines()[-1])
    return result


def measured(options: argparse.Namespace) -> dict[str, float]:
    """Return the rise of the peak memory in bytes, and the seconds of a step; write its gradients."""
    import torch

    from harness.stages.mini_batches import in_mini_batches
    from methods._loss import EmbeddingLoss
    from methods.infonce import infonce

    torch.manual_seed(0)
    model = opened(options.base_model) if options.base_model else built(options)
    model = model.train().to(options.device, getattr(torch, options.dtype))
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0  # whole and mini-batches draw other masks
    loss: Any = EmbeddingLoss(model, lambda embeddings, mask: infonce(embeddings, 0.05, True, mask))
    if options.mini_batch:
        loss = in_mini_batches(loss, model, options.mini_batch)
    step(model, loss, features(model, 1, options))  # gradients exist, buffers of libraries are made
    before = peak(options.device)
    batch = features(model, options.batch, options)
    started = time.perf_counter()
    step(model, loss, batch)
    seconds = time.perf_counter() - started
    used = peak(options.device) - before
    torch.save({name: p.grad for name, p in model.named_parameters() if p.grad is not None}, options.child)
    return {"bytes": used, "seconds": seconds}


def step(model: Any, loss: Any, batch: list[dict[str, Any]]) -> None:
    """Compute the gradients of a batch."""
    model.zero_grad(set_to_none=False)
    loss([dict(column) for column in batch]).backward()


def features(model: Any, rows: int, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return two columns of rows of random tokens."""
    import torch

    generator = torch.Generator().manual_seed(1)
    vocabulary = model[0].auto_model.config.vocab_size
    tokens = torch.randint(5, vocabulary, (2, rows, options.length), generator=generator).to(options.device)
    return [{"input_ids": column, "attention_mask": torch.ones_like(column)} for column in tokens]


def peak(device: str) -> int:
    """Return the peak bytes of this process: resident, or of its GPU."""
    if device == "cuda":
        import torch

        return torch.cuda.max_memory_allocated()
    maximum = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return maximum if sys.platform == "darwin" else maximum * 1024


def opened(folder: str) -> Any:
    """Return the encoder in a folder."""
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(folder, device="cpu").float()


def built(options: argparse.Namespace) -> Any:
    """Return a random encoder."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({"[PAD]": 0, "[UNK]": 1}, unk_token="[UNK]"))
    configuration = BertConfig(
        vocab_size=1000,
        hidden_size=options.width,
        intermediate_size=4 * options.width,
        num_hidden_layers=options.layers,
        num_attention_heads=max(1, options.width // 64),
        max_position_embeddings=options.length,
    )
    with tempfile.TemporaryDirectory() as folder:
        BertModel(configuration).save_pretrained(folder)
        PreTrainedTokenizerFast(tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(folder)
        modules = [Transformer(folder), Pooling(options.width, pooling_mode="mean")]
    return SentenceTransformer(modules=modules, device="cpu")


def gradient_difference(first: Path, second: Path) -> float:
    """Return the norm of the difference of two gradients as a share of the norm of the first."""
    import torch

    left, right = (torch.load(path) for path in (first, second))
    whole = torch.cat([left[name].flatten().double() for name in left])
    difference = torch.cat([(left[name] - right[name]).flatten().double() for name in left])
    return float(difference.norm() / whole.norm())


if __name__ == "__main__":
    main()
