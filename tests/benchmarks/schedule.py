"""A thousand cells on 64 GPUs, simulated from the stage times of committed records, by the order of the cells.

    python tests/benchmarks/schedule.py [--cells 1000] [--devices 64]

Nothing is trained. The times are those of CPU runs; what matters here is how they relate to each other. Languages are
simulated with 1/4 to 4 times the measured times, and seeds with those of measured ones (tests/support/
simulated_schedule.py); in a second row the stages that read passages take 40 times longer. Printed is how long the last
cell takes to end, over the lower bound: the larger of all work (shared outputs once) over the devices and the longest
chain of one cell. Exit status 1 where the order that a run has when its kinds of cells are known is above LIMIT.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for tests/support

from support.simulated_schedule import (
    Measured,
    grid,
    in_turns,
    longest,
    lower_bound,
    makespan,
    measured,
)

RESULTS = Path(__file__).resolve().parents[2] / "results"
LIMIT = 1.10
SEEDS = range(5)
FOLDERS = (("mini", "mini", None, 15), ("wikiqa", "wikiqa", 600, 15), ("wikiqa-e5", "wikiqa@e5", 600, 30))
"""Folder, suite, training queries per language, simulated languages: a few entries need more to make 1,000 cells."""
ORDERS = ("entry by entry", "longest first, by declared counts", "longest first, by known seconds")
CORPORA = (1.0, 40.0)  # times the measured passages: 40 × 13,601 are MIRACL's Hindi


def ratios(times: Measured, languages: int, corpus: float, seed: int, cells: int, devices: int) -> tuple[float, ...]:
    """Return makespan over the lower bound for each order."""
    jobs = grid(times, cells, languages, corpus, seed)
    least = lower_bound(jobs, devices)
    orders = in_turns(jobs), longest(jobs, known=False), longest(jobs, known=True)
    return tuple(makespan(order, devices) / least for order in orders)


def main() -> None:
    """Print a Markdown table; exit status 1 above LIMIT."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--devices", type=int, default=64)
    options = parser.parse_args()
    print(f"| times of | corpus | {' | '.join(ORDERS)} |")
    print("|---|---|---|---|---|")
    worst = 0.0
    for folder, suite, max_train, languages in FOLDERS:
        times = measured(RESULTS / folder, suite, max_train)
        for corpus in CORPORA:
            rows = [ratios(times, languages, corpus, seed, options.cells, options.devices) for seed in SEEDS]
            ranges = [f"{min(column):.3f} to {max(column):.3f}" for column in zip(*rows, strict=True)]
            print(f"| {folder} | × {corpus:g} | {' | '.join(ranges)} |")
            worst = max(worst, *(row[-1] for row in rows))
    sys.exit(1 if worst > LIMIT else 0)


if __name__ == "__main__":
    main()
