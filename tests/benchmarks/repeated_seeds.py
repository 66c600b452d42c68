"""How often seeds are wrongly called one training, or wrongly counted as several (harness.results.repeated_seeds).

    python tests/benchmarks/repeated_seeds.py [--seeds 5] [--jobs 2]

different  pairs of seeds of every trained entry of the committed results: each is two trainings, so none may be called
           one. Beside them, over the pairs, the smallest of the largest relative difference of a step's loss: what the
           rule calls rounding is far below it.
equal      pairs of seeds of every trained entry of `all` on Korean of `mini` with 16 training queries in one batch and
           without dropout: nothing is drawn but the order of the rows (and, for some entries, the negatives), so the
           pairs that no draw tells apart should be called one.

Exit status 1 where different seeds are called one training.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

from harness.cli import main as command_line
from harness.machine.bundled import results
from harness.results.folder import ResultFolder, read_result_folder
from harness.results.record import Record
from harness.results.repeated_seeds import repeated

FOLDERS = ("mini", "wikiqa", "wikiqa-experts", "wikiqa-penalty")
ONE_BATCH = (
    *("--suite", "mini", "--langs", "ko", "--methods", "all", "--max-train", "16", "--device", "cpu"),
    *("--set", "train.dropout=0", "--set", "train.batch_size=256"),
)


def trained_pairs(folder: ResultFolder) -> Iterator[tuple[Record, Record]]:
    """Yield each two seeds of one trained entry and language."""
    for records in folder.records_by_pair.values():
        yield from combinations([record for record in records if record.trained], 2)


def largest_difference(first: Record, other: Record) -> float:
    """Return the largest relative difference of the losses of two trainings, step by step."""
    losses = zip(first.value("training", "losses"), other.value("training", "losses"), strict=False)
    return max(abs(a - b) / max(abs(a), abs(b), 1e-9) for a, b in losses)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    print("different seeds       pairs  called one  smallest loss difference")
    wrong = 0
    for name in FOLDERS:
        folder = read_result_folder(results() / name)
        pairs = list(trained_pairs(folder))
        called = sum(bool(repeated(pair, folder.scores)) for pair in pairs)
        wrong += called
        print(f"{name:20} {len(pairs):6} {called:11}  {min(largest_difference(*pair) for pair in pairs):.2%}")
    with tempfile.TemporaryDirectory() as out:
        seeds = ",".join(map(str, range(options.seeds)))
        arguments = ["run", *ONE_BATCH, "--seeds", seeds, "--jobs", str(options.jobs), "--out", out]
        with contextlib.redirect_stdout(io.StringIO()):
            status = command_line.main(arguments)
        if status:
            raise SystemExit("the run of one batch failed")
        folder = read_result_folder(Path(out))
        rows: dict[str, list[tuple[Record, Record]]] = {}
        for pair in trained_pairs(folder):
            rows.setdefault(pair[0].entry, []).append(pair)
        print("\none batch             pairs  called one  largest loss difference")
        for entry, pairs in rows.items():
            called = sum(bool(repeated(pair, folder.scores)) for pair in pairs)
            print(f"{entry:20} {len(pairs):6} {called:11}  {max(largest_difference(*pair) for pair in pairs):.1e}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
