"""Measurements of the statistics: their speed, the coverage of intervals, and the error rates of the gate.

python tests/benchmarks/evidence.py [speed] [coverage] [gate] [--folder DIR …]

Without names: all three. `gate` uses simulated scores, or those of each DIR instead: a folder that `harness run` wrote
with at least ten seeds of some entries (by its primary measure).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.gate_study import Pool, false_alarms, power, scattered, shifted
from support.simulated_scores import Spread, additive, ranked

from harness.errors import HarnessError
from harness.results.folder import read_result_folder
from harness.stats.align import aligned
from harness.stats.entry_scores import EntryScores
from harness.stats.intervals import difference, over_both
from harness.stats.rules import ALPHA, POWER
from harness.stats.suite_statistics import suite_statistics

QUERIES = {"ko": 213, "hi": 350, "fa": 632}  # MIRACL's dev sets
SEEDS, ENTRIES, MEASURES, SETS = 5, 14, 5, 2_000
LIMIT = 20.0  # seconds, on two cores
COVERED = (0.93, 0.97)


def speed() -> bool:
    """Print the seconds of all statistics and contrasts of 14 entries x 3 languages x 5 measures x 5 seeds."""
    generator = np.random.Generator(np.random.PCG64(1))
    scores = {}
    for language, n in QUERIES.items():
        names = ["base", *(f"entry-{i}" for i in range(1, ENTRIES))]
        for entry, values in ranked(generator, names, SEEDS, n, 0.01).items():
            measures = np.stack([values ** (1 + i / 2) for i in range(MEASURES)], axis=2)
            scores[entry, language] = EntryScores({seed: measures[seed] for seed in range(SEEDS)})
    started = time.perf_counter()
    statistics = suite_statistics(scores, list(QUERIES))
    seconds = time.perf_counter() - started
    rows = len(statistics.entries)
    print(f"speed: {rows} rows of {MEASURES} measures, {SEEDS} seeds: {seconds:.1f} s", end="")
    contrasts = len(statistics.contrasts())
    total = time.perf_counter() - started
    print(f", with {contrasts} contrasts {total:.1f} s (at most {LIMIT:.0f})")
    return total <= LIMIT


def coverage() -> bool:
    """Print the share of 2,000 data sets of 213 queries and 5 seeds that each interval covers."""
    print(f"\ncoverage of {SETS} data sets, {QUERIES['ko']} queries, {SEEDS} seeds, level 95 %")
    print("query sd  seed sd  interaction  skewed   level  difference")
    passed = True
    for query, interaction in ((0.3, 0.1), (0.1, 0.1), (0.05, 0.05)):  # of means, and of paired differences
        for seed in (0.0, 0.002, 0.005, 0.01, 0.02):
            for skewed in (False, True):
                shares = _covered(Spread(query, seed, interaction, skewed))
                passed &= all(COVERED[0] <= share <= COVERED[1] for share in shares)
                print(f"{query:<9} {seed:<8} {interaction:<12} {skewed!s:<8} {shares[0]:<6.3f} {shares[1]:.3f}")
    return passed


def _covered(spread: Spread) -> tuple[float, float]:
    generator = np.random.Generator(np.random.PCG64(20))
    values = additive(generator, (SETS, 2 * SEEDS, QUERIES["ko"]), spread).transpose(1, 2, 0)
    new, old = values[:SEEDS], values[SEEDS:]
    estimate = over_both(new)
    assert estimate is not None
    gains = spread.query * generator.standard_normal(new.shape[1:])  # the entries differ from query to query
    bounds = (estimate.interval(), difference(new + gains, old).interval())
    level, paired = (float(((low <= 0) & (high >= 0)).mean()) for low, high in bounds)
    return level, paired


def gate(folders: Sequence[Path]) -> bool:
    """Print false alarms over 400 null folders and power over 200 draws, for the gate and two common rules."""
    passed = True
    for title, pool in (read(folders) if folders else simulated()).items():
        queries = min(QUERIES["ko"], *(values.shape[1] for values in pool.values()))
        print(f"\n{title}: {len(pool)} comparisons per folder, {SEEDS} seeds per side")
        alarms = false_alarms(pool, SEEDS, draws=400, seed=1)
        print("false alarms of 400: " + ", ".join(f"{rule} {share:.1%}" for rule, share in alarms.items()))
        passed &= alarms["gate"] <= ALPHA
        few = dict(list(pool.items())[:: max(1, len(pool) // 4)])
        for inject in (shifted, scattered):
            for name, result in power(few, SEEDS, draws=200, seed=2, queries=queries, inject=inject).items():
                rules = ", ".join(f"{rule} {share:.0%}" for rule, share in result.caught.items())
                loss = f"{inject.__name__} loss of {100 * result.loss:.1f} points of {name}"
                print(f"power, {queries} queries, {loss}: {rules}")
                passed &= result.caught["gate"] >= POWER
    return passed


def simulated() -> dict[str, Pool]:
    """Return pools of simulated scores: 12 entries in three languages, at each of three spreads over seeds."""
    generator = np.random.Generator(np.random.PCG64(4))
    pools = {}
    for seed_sd in (0.002, 0.01, 0.02):
        pool: dict[str, np.ndarray] = {}
        for language, n in QUERIES.items():
            pool |= ranked(generator, [f"e{i}/{language}" for i in range(ENTRIES - 2)], 2 * SEEDS + 2, n, seed_sd)
        pools[f"simulated, seed sd {seed_sd}"] = pool
    return pools


def read(folders: Sequence[Path]) -> dict[str, Pool]:
    """Return the scores of each folder's entries with enough seeds, by its primary measure."""
    pools = {}
    for folder in folders:
        try:
            results = read_result_folder(folder)
        except HarnessError as error:
            sys.exit(str(error))
        enough = [pair for pair, records in results.records_by_pair.items() if len(records) >= 2 * SEEDS]
        if not enough:
            sys.exit(f"{folder} has no entry with {2 * SEEDS} seeds; run with --seeds 0,1,...,{2 * SEEDS - 1}")
        scores = {
            "/".join(pair): aligned(
                {
                    record.name: results.scores_by_query(record, results.primary)
                    for record in results.records_by_pair[pair]
                }
            )[1]
            for pair in enough
        }
        pools[f"{folder}, {results.primary}"] = scores
    return pools


def main() -> None:
    """Print the selected measurements; exit with status 1 where one is out of bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=["speed", "coverage", "gate", []], default=[])
    parser.add_argument("--folder", type=Path, action="append", default=[])
    arguments = parser.parse_args()
    parts = arguments.parts or ["speed", "coverage", "gate"]
    calls = {"speed": speed, "coverage": coverage, "gate": lambda: gate(arguments.folder)}
    results = [calls[part]() for part in parts]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
