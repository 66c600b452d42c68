"""Error rates of the verdicts: on claims made from the trainings of result folders, and on simulated ones.

python tests/benchmarks/verdicts.py [--folder DIR …]

Exit status 1 where a true claim is called not reproduced, or a false one reproduced, in more than 5 % (by more than
two standard errors of that share).
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.verdict_study import Kind, Truth, rates, recorded, simulated

from harness.results.folder import read_result_folder

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("mini", "wikiqa", "wikiqa-experts", "wikiqa-penalty")
WORDS = ("reproduced", "direction only", "inconclusive (underpowered)", "not reproduced")
WRONG: dict[Kind, str] = {
    "exact": "not reproduced",
    "level": "not reproduced",
    "opposite": "reproduced",
    "twice": "reproduced",
    "none": "reproduced",
}
LIMIT = 0.05
STUDIES = 1_000
TRUTHS = (  # a gain of 4 points among seeds that differ little and much, and a small gain
    Truth(gain=0.04, query_sd=0.15, seed_sd=0.004),
    Truth(gain=0.04, query_sd=0.15, seed_sd=0.015),
    Truth(gain=0.01, query_sd=0.15, seed_sd=0.004),
)


def table(title: str, shares: dict[Kind, dict[str, float]]) -> bool:
    """Print one row per kind of claim; return whether every error rate is within the limit."""
    within = True
    for kind, wrong in WRONG.items():
        row = shares.get(kind)
        if row is None:
            continue
        cells = [f"{100 * row.get(word, 0):.1f}" for word in WORDS]
        cells = [f"**{cell}**" if word == wrong else cell for cell, word in zip(cells, WORDS, strict=True)]
        print(f"| {title} | {kind} | {row['n']:,.0f} | {' | '.join(cells)} |", flush=True)
        within &= row.get(wrong, 0) <= LIMIT + 2 * math.sqrt(LIMIT * (1 - LIMIT) / row["n"])
    return within


def main() -> int:
    """Print the table of all folders and simulations, in Markdown; shares in %, the errors bold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, action="append")
    folders = parser.parse_args().folder or [ROOT / "results" / name for name in FOLDERS]
    print(f"| scores | claim | claims | {' | '.join(WORDS)} |\n|:--|:--|--:|{'--:|' * len(WORDS)}")
    passed = True
    for folder in folders:
        passed &= table(folder.name, rates(recorded(read_result_folder(folder))))
    for truth in TRUTHS:
        for seeds in (2, 3, 5, 10):
            title = f"gain {100 * truth.gain:g}, seed sd {100 * truth.seed_sd:g}, {seeds} seeds"
            passed &= table(title, rates(simulated(truth, seeds, STUDIES)))
    print("within 5 %" if passed else "an error rate is above 5 %")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
