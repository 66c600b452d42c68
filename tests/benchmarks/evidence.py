"""The statistics, measured: how fast they are, how often intervals cover, and how often the gate is wrong.

python tests/benchmarks/evidence.py [speed] [coverage] [gate] [--folder DIR]

Without names: all three. `gate` takes simulated scores, and those of DIR beside them: a folder that `harness run` wrote
with at least ten seeds of some entries (nDCG@10 is read).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "stats"))
from simulated import Spread, additive, ranked

from harness.stats.bootstrap import DRAWS, percentiles, resample_counts
from harness.stats.crossed import crossed_means, stretched
from harness.stats.evidence import evidence
from harness.stats.intervals import Estimate, difference, over_both
from harness.stats.study import Pool, false_alarms, power, scattered, shifted
from harness.stats.summary import Scored

QUERIES = {"ko": 213, "hi": 350, "fa": 632}  # MIRACL's dev sets
SEEDS, ENTRIES, MEASURES, SETS = 5, 14, 5, 2_000
LIMIT = 20.0  # seconds, on two cores
COVERED = (0.93, 0.97)
MEASURE = "nDCG@10"


def speed() -> bool:
    """Print the seconds of all evidence on 14 entries x 3 languages x 5 measures x 5 seeds."""
    generator = np.random.Generator(np.random.PCG64(1))
    scored = {}
    for language, n in QUERIES.items():
        names = ["base", *(f"entry-{i}" for i in range(1, ENTRIES))]
        for entry, values in ranked(generator, names, SEEDS, n, 0.01).items():
            measures = np.stack([values ** (1 + i / 2) for i in range(MEASURES)], axis=2)
            scored[entry, language] = Scored({seed: measures[seed] for seed in range(SEEDS)})
    started = time.perf_counter()
    lines = evidence(scored, list(QUERIES))
    seconds = time.perf_counter() - started
    print(f"speed: {len(lines)} lines of {MEASURES} measures, {SEEDS} seeds: {seconds:.1f} s (at most {LIMIT:.0f})")
    return seconds <= LIMIT


def coverage() -> bool:
    """Print the share of 2,000 data sets of 213 queries and 5 seeds that each interval covers."""
    print(f"\ncoverage of {SETS} data sets, {QUERIES['ko']} queries, {SEEDS} seeds, level 95 %, {DRAWS} resamples")
    print("query sd  seed sd  interaction  skewed   percentile  corrected  Student  Student of differences")
    queries, seeds = resample_counts(QUERIES["ko"], DRAWS, 1), resample_counts(SEEDS, DRAWS, 2)
    fine = True
    for query, interaction in ((0.3, 0.1), (0.1, 0.1), (0.05, 0.05)):  # of means, and of paired differences
        for seed in (0.0, 0.002, 0.005, 0.01, 0.02):
            for skewed in (False, True):
                spread = Spread(query, seed, interaction, skewed)
                plain, corrected, student, paired = _covered(spread, queries, seeds)
                fine &= all(COVERED[0] <= share <= COVERED[1] for share in (corrected, student, paired))
                row = f"{query:<9} {seed:<8} {interaction:<12} {skewed!s:<8}"
                print(f"{row} {plain:<11.3f} {corrected:<10.3f} {student:<8.3f} {paired:.3f}")
    return fine


def _covered(spread: Spread, queries: np.ndarray, seeds: np.ndarray) -> tuple[float, ...]:
    generator = np.random.Generator(np.random.PCG64(20))
    parts = []
    for _ in range(SETS // 500):  # 500 at once: 10,000 resamples of them are 40 MB
        values = additive(generator, (500, 2 * SEEDS, QUERIES["ko"]), spread).transpose(1, 2, 0)
        own, other = values[:SEEDS], values[SEEDS:]
        estimate = over_both(own)
        assert estimate is not None
        means = crossed_means(own, queries, seeds)
        apart = spread.query * generator.standard_normal(own.shape[1:])  # the entries differ from query to query
        bounds = (
            percentiles(means),
            percentiles(stretched(means, estimate)),
            estimate.interval(),
            _interval(difference(own + apart, other)),
        )
        parts.append([float(((low <= 0) & (high >= 0)).mean()) for low, high in bounds])
    return tuple(np.mean(parts, axis=0))


def _interval(estimate: Estimate) -> tuple[np.ndarray, np.ndarray]:
    return estimate.interval()


def gate(folder: Path | None) -> bool:
    """Print false alarms over 400 null folders and power over 200 draws, for the gate and two common rules."""
    generator = np.random.Generator(np.random.PCG64(4))
    pools: dict[str, Pool] = {}
    for seed_sd in (0.002, 0.01, 0.02):
        pool: dict[str, np.ndarray] = {}
        for language, n in QUERIES.items():
            pool |= ranked(generator, [f"e{i}/{language}" for i in range(ENTRIES - 2)], 2 * SEEDS + 2, n, seed_sd)
        pools[f"simulated, seed sd {seed_sd}"] = pool
    if folder is not None:
        pools[str(folder)] = read(folder)
    fine = True
    for title, pool in pools.items():
        print(f"\n{title}: {len(pool)} comparisons a folder")
        alarms = false_alarms(pool, SEEDS, draws=400, seed=1)
        print("false alarms of 400: " + ", ".join(f"{rule} {share:.1%}" for rule, share in alarms.items()))
        fine &= alarms["gate"] <= 0.05
        few = dict(list(pool.items())[:: max(1, len(pool) // 4)])
        for inject in (shifted, scattered):
            for name, found in power(few, SEEDS, draws=200, seed=2, queries=QUERIES["ko"], inject=inject).items():
                rules = ", ".join(f"{rule} {share:.0%}" for rule, share in found.caught.items())
                print(f"power, 213 queries, {inject.__name__} loss of {100 * found.loss:.1f} points of {name}: {rules}")
                fine &= found.caught["gate"] >= 0.8
    return fine


def read(folder: Path) -> Pool:
    """Return the per-query scores of a folder's entries and languages with enough seeds.  name → [seeds, queries]"""
    import pandas

    from harness.stats.align import aligned

    pool = {}
    for cell in sorted((folder / "records").glob("*/*")):
        paths = sorted(cell.glob("*.per_query.parquet"))
        if len(paths) < 2 * SEEDS:
            continue
        tables = {path.name: pandas.read_parquet(path).query("measure == @MEASURE") for path in paths}
        rows = {name: dict(zip(table["query_id"], table["value"], strict=True)) for name, table in tables.items()}
        pool[f"{cell.parent.name}/{cell.name}"] = aligned(rows)[1]
    if not pool:
        sys.exit(f"{folder} has no entry with {2 * SEEDS} seeds; run with --seeds 0,1,...,{2 * SEEDS - 1}")
    return pool


def main() -> None:
    """Print what was asked for; exit status 1 where a figure is outside its bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=["speed", "coverage", "gate", []], default=[])
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    parts = arguments.parts or ["speed", "coverage", "gate"]
    calls = {"speed": speed, "coverage": coverage, "gate": lambda: gate(arguments.folder)}
    fine = [calls[part]() for part in parts]
    sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()
