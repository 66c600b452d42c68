"""How often the intervals of pooled studies hold what they are for (harness.stats.meta_analysis), on simulated studies.

    python tests/benchmarks/synthesis.py [--sets 2000]

k studies with sampling variances that are equal or spread geometrically up to 20-fold, true effects with variance τ²
between them, both normal; every sampling variance is an estimate with 200 degrees of freedom. `τ²/v` is τ² over the
mean sampling variance. Shares of simulated sets, in %:

    mean        the interval holds the true mean
      HK        the same for Hartung and Knapp's interval alone, and
      HK, q ≥ 1 for theirs with the factor q raised to at least 1
    prediction  the interval holds the true effect of a further study
      HTS k−2, k−1   the same for that of Higgins, Thompson and Spiegelhalter with t[k − 2] and t[k − 1]
    widths      median width of the prediction interval and of HTS k−2, in widths of the interval with τ² and v known

Shares outside 93 to 97 are bold. Exit status 1 where the mean's is below 93, or the prediction's below 92.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from harness.stats.align import Floats
from harness.stats.heterogeneity import weighted
from harness.stats.meta_analysis import Synthesis, pooled
from harness.stats.rules import LEVEL

STUDIES, HETEROGENEITY, RATIOS = (2, 3, 4, 6, 10, 20), (0.0, 0.25, 1.0, 4.0), (1, 20)
FREEDOM = 200  # of a sampling variance: our suites have some 200 queries and more
WANTED = (0.93, 0.97)
LEAST_MEAN, LEAST_PREDICTION = 0.93, 0.92
TAIL = (1 - LEVEL) / 2


@dataclass(frozen=True)
class Cell:
    """k studies, the ratio of their largest to their smallest sampling variance, and τ² over the mean of these."""

    k: int
    ratio: int
    tau2: float

    @property
    def variances(self) -> Floats:
        """The true sampling variances, of mean 1."""
        spread = np.geomspace(1, self.ratio, self.k)
        return np.asarray(spread / spread.mean())


def alternatives(result: Synthesis, effects: Floats, variances: Floats) -> tuple[float, ...]:
    """Return the half-widths of the other forms: HK, HK with q ≥ 1, HTS k−2, HTS k−1."""
    studies = weighted(effects, variances, result.tau2)
    known, q = math.sqrt(studies.variance[0]), studies.q[0] / (result.k - 1)
    t, t_less = -stdtrit(result.k - 1, TAIL), -stdtrit(max(result.k - 2, 1), TAIL)
    total = math.sqrt(result.tau2 + studies.variance[0])
    return t * known * math.sqrt(q), t * known * math.sqrt(max(q, 1)), t_less * total, t * total


def simulated(cell: Cell, sets: int) -> tuple[list[float], list[float]]:
    """Return the shares of the six intervals in the order of the columns, and the two widths."""
    generator = np.random.Generator(np.random.PCG64([cell.k, cell.ratio, int(100 * cell.tau2)]))
    held, widths = [], []
    for _ in range(sets):
        truth, *true_effects = generator.standard_normal(cell.k + 1) * math.sqrt(cell.tau2)
        effects = true_effects + generator.standard_normal(cell.k) * np.sqrt(cell.variances)
        variances = cell.variances * generator.chisquare(FREEDOM, cell.k) / FREEDOM
        result = pooled(effects, variances)
        hk, hk_raised, hts, hts_one_more = alternatives(result, effects, variances)
        off, off_truth = abs(result.estimate), abs(result.estimate - truth)
        low, high = result.prediction_low or math.nan, result.prediction_high or math.nan
        mean = (result.low <= 0 <= result.high, off <= hk, off <= hk_raised)
        held.append((*mean, low <= truth <= high, off_truth <= hts, off_truth <= hts_one_more))
        widths.append(((high - low) / 2, hts))
    ideal = -ndtri(TAIL) * math.sqrt(cell.tau2 + 1 / (1 / (cell.variances + cell.tau2)).sum())
    return np.mean(held, axis=0).tolist(), (np.median(widths, axis=0) / ideal).tolist()


def shown(share: float) -> str:
    """Return a share in %, bold outside what is wanted."""
    text = f"{share:.1%}".removesuffix("%")
    return text if WANTED[0] <= share <= WANTED[1] else f"**{text}**"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=2_000)
    sets = parser.parse_args().sets
    columns = ("mean", "HK", "HK, q ≥ 1", "prediction", "HTS k−2", "HTS k−1", "width", "width of HTS k−2")
    print("| k | variances | τ²/v |", " | ".join(columns), "|")
    print("|--:|:--|--:|", "--:|" * len(columns), sep="")
    failed = False
    for cell in [Cell(k, ratio, tau2) for k in STUDIES for ratio in RATIOS for tau2 in HETEROGENEITY]:
        shares, widths = simulated(cell, sets)
        values = [*map(shown, shares), *(f"{width:.2f}" for width in widths)]
        if cell.k == 2:  # no prediction
            values[3:] = ["–"] * 5
        variances = "equal" if cell.ratio == 1 else f"1 to {cell.ratio}"
        print(f"| {cell.k} | {variances} | {cell.tau2:g} |", " | ".join(values), "|", flush=True)
        failed |= cell.k > 2 and (shares[0] < LEAST_MEAN or shares[3] < LEAST_PREDICTION)
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
