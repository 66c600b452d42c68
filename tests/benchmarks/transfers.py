"""Error rates and power of the transfer verdicts, on trainings of result folders and on simulated ones.

    python tests/benchmarks/transfers.py [--families 400] [DIR …]

What is counted: tests/support/transfer_study.py. Every split of the seeds of every trained entry of the folders (by
default results/mini and results/wikiqa), then scores drawn from harness.stats.intervals' model. Each cell has two
shares in %: of a contrast alone, and of a family of twelve, whose p are Holm's (an error of any of the twelve counts).
Errors are bold; `reversed` where there is a gain is an error too and has no column, as it is printed below the table.

Exit status 1 where a wrong share is above 5 % (by more than two standard errors of that share).
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from null_calibration import splits
from support.simulated_scores import Spread
from support.transfer_study import Families, recorded, shares, simulated

from harness.machine.bundled import results
from harness.results.folder import ResultFolder, read_result_folder

COLUMNS = {
    "shown": "0: shown",
    "margin": "1 point: equivalent",
    "beyond": "1.5 points: equivalent",
    "found": "detectable: same direction",
    "found_twice": "twice: same direction",
    "equivalent": "0: equivalent",
}
REVERSED = ("against", "against_twice")
WRONG = ("shown", "margin", "beyond", *REVERSED)
LIMIT = 0.05
SPREADS = {  # two entries that share most of their noise, as a penalty's gain over its control, and two that do not
    "alike, seed sd 0.2": (Spread(0.3, 0.002, 0.03, skewed=True), 0.03),
    "seed sd 0.5": (Spread(0.3, 0.005, 0.1, skewed=True), 0.1),
    "seed sd 2": (Spread(0.3, 0.02, 0.1, skewed=True), 0.1),
}


@dataclass
class Table:
    """The rows printed so far: whether every error rate was within the limit, and the worst share of `reversed`."""

    passed: bool = True
    reversed: float = 0.0

    def row(self, title: str, seeds: str, groups: Sequence[Families]) -> None:
        """Print one row, errors bold."""
        alone, together, count = shares(groups)
        cells = []
        for name in COLUMNS:
            cell = f"{100 * alone[name]:.1f} / {100 * together[name]:.1f}"
            cells.append(f"**{cell}**" if name in WRONG else cell)
        print(f"| {title} | {seeds} | {count:,} | {' | '.join(cells)} |", flush=True)
        limit = LIMIT + 2 * math.sqrt(LIMIT * (1 - LIMIT) / count)
        self.passed &= all(found[name] <= limit for found in (alone, together) for name in WRONG)
        self.reversed = max(self.reversed, *(found[name] for found in (alone, together) for name in REVERSED))

    def folder(self, folder: ResultFolder) -> None:
        """Print one row per shape of the splits, such as "2 v 3"."""
        count = min(len(scores.values) for (entry, _), scores in folder.scored.items() if folder.trains(entry))
        for size, group in groupby(splits(count), key=lambda split: split[0]):
            self.row(folder.path.name, f"{size} v {count - size}", list(recorded(folder, [each for _, each in group])))


def main() -> int:
    """Print the table, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--families", type=int, default=400)
    options = parser.parse_args()
    print(f"| scores | seeds | families | {' | '.join(COLUMNS.values())} |\n|:--|:--|--:|{'--:|' * len(COLUMNS)}")
    table = Table()
    for folder in options.folders or [results() / name for name in ("mini", "wikiqa")]:
        table.folder(read_result_folder(folder))
    for title, (spread, apart) in SPREADS.items():
        for seeds in (2, 3, 5):
            families = simulated(spread, seeds, apart, options.families)
            table.row(f"simulated, {title}", f"{seeds} v {seeds}", [families])
    print(f"a gain is called reversed in at most {table.reversed:.1%} of a row")
    print("within 5 %" if table.passed else "an error rate is above 5 %")
    return 0 if table.passed else 1


if __name__ == "__main__":
    sys.exit(main())
