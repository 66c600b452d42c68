"""Simulation of the regression gate: its false alarms and its power, beside two common rules on the same draws.

A pool holds the scores of many seeds of each entry and language. A null comparison of two folders takes, for each of
them, two disjoint sets of its seeds as "new" and "old": equal entries with other seeds, so that every alarm is false.
For power a loss is injected into one of the new ones. All draws come from PCG64 of a given seed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.stats.align import Floats
from harness.stats.intervals import Estimate
from harness.stats.multiple import holm
from harness.stats.power import minimum_detectable
from harness.stats.regressions import Comparison, differences, one_sided_p
from harness.stats.rules import ALPHA, GATE_POWER, MARGIN, is_shown

TOLERANCE = 0.001  # of the fixed-tolerance rule, in units of the measure
_PILOT = 100  # null draws that the minimum detectable loss is measured on
_ROUNDS = 4  # of loss → spread of the loss → loss; two settle it to about 1 %
_Z = -1.6448536269514722  # the normal's 5 % quantile

Pool = Mapping[str, Floats]  # name → [seeds, queries]
Rule = Callable[[Sequence[Comparison]], list[str]]  # → names of the comparisons that it calls regressions
Injection = Callable[[Floats, float, np.random.Generator], Floats]


@dataclass(frozen=True)
class Power:
    """A loss, in units of the measure, and the share of draws with it that each rule caught."""

    loss: float
    caught: Mapping[str, float]


def regressions(comparisons: Sequence[Comparison], margin: float = MARGIN) -> list[str]:
    """Return the names that harness.stats.regressions.decide calls a regression, without computing its bounds."""
    adjusted = holm(one_sided_p(differences(comparisons), -margin))
    return [comparison.name for comparison, p in zip(comparisons, adjusted, strict=True) if is_shown(p)]


def fixed_tolerance(comparisons: Sequence[Comparison]) -> list[str]:
    """Return the names whose mean fell by more than TOLERANCE."""
    return [pair.name for pair in comparisons if pair.new.mean() < pair.old.mean() - TOLERANCE]


def unpaired_z(comparisons: Sequence[Comparison]) -> list[str]:
    """Return the names whose two means differ by a one-sided 5 % z test that ignores that queries are paired."""
    names = []
    for pair in comparisons:
        new, old = pair.new.mean(axis=0), pair.old.mean(axis=0)
        error = np.sqrt(new.var(ddof=1) / len(new) + old.var(ddof=1) / len(old))
        if new.mean() - old.mean() < _Z * error:
            names.append(pair.name)
    return names


RULES: Mapping[str, Rule] = {
    "gate": regressions,
    f"fixed tolerance {TOLERANCE}": fixed_tolerance,
    "unpaired z": unpaired_z,
}


def null_comparisons(pool: Pool, seeds: int, queries: int | None, generator: np.random.Generator) -> list[Comparison]:
    """Return one comparison of two folders of equal entries, `seeds` on each side, over a random subset of the queries.

    Names are "entry/language"; the queries of a language are the same for all its entries. Raises ValueError where an
    entry has fewer than 2 · seeds, or fewer than `queries`.
    """
    drawn_queries: dict[str, np.ndarray] = {}
    comparisons = []
    for name, scores in pool.items():
        total, n = scores.shape
        if total < 2 * seeds or n < (queries or 1):
            raise ValueError(f"{name} has {total} seeds and {n} queries: too few to draw 2 x {seeds} and {queries}")
        language = name.rpartition("/")[2]
        if language not in drawn_queries:
            drawn_queries[language] = np.sort(generator.permutation(n)[:queries])
        order = generator.permutation(total)
        drawn = scores[:, drawn_queries[language]]
        comparisons.append(Comparison(name, drawn[order[:seeds]], drawn[order[seeds : 2 * seeds]]))
    return comparisons


def shifted(new: Floats, loss: float, generator: np.random.Generator) -> Floats:
    """Return the scores with the same loss for every query."""
    del generator  # every query alike
    return np.asarray(new - loss)


def scattered(new: Floats, loss: float, generator: np.random.Generator) -> Floats:
    """Return the scores with randomly drawn queries set to 0, and the last one reduced, until the mean has lost `loss`.

    That is how a retriever fails: some queries are lost, and most are as before. Which ones is part of the error, so
    that a detectable loss is larger than for `shifted`; more of them are caught, since the mean lost is exact here.
    Raises ValueError for a loss above the mean.
    """
    n = new.shape[1]
    means = new.mean(axis=0)  # [queries]
    if loss > means.mean():
        raise ValueError(f"cannot take {loss} from a mean of {means.mean():.4f}")
    order = generator.permutation(n)
    before = np.cumsum(means[order]) - means[order]
    kept = np.ones(n)
    due = np.clip(loss * n - before, 0, means[order])
    np.divide(means[order] - due, means[order], out=kept, where=means[order] > 0)
    factors = np.empty(n)
    factors[order] = kept
    return np.asarray(new * factors)


def false_alarms(pool: Pool, seeds: int, draws: int, seed: int, queries: int | None = None) -> dict[str, float]:
    """Return the share of null comparisons that each rule fails; one alarm in the family is enough."""
    generator = np.random.Generator(np.random.PCG64(seed))
    alarms = dict.fromkeys(RULES, 0)
    for _ in range(draws):
        comparisons = null_comparisons(pool, seeds, queries, generator)
        for name, rule in RULES.items():
            alarms[name] += bool(rule(comparisons))
    return {name: count / draws for name, count in alarms.items()}


def power(  # the design of one experiment
    pool: Pool,
    seeds: int,
    draws: int,
    seed: int,
    queries: int | None = None,
    *,
    inject: Injection = shifted,
) -> dict[str, Power]:
    """Return, for each name of the pool, how often a minimum detectable loss of that name only is caught."""
    generator = np.random.Generator(np.random.PCG64(seed))
    powers = {}
    for i, name in enumerate(pool):
        loss = detectable(pool, i, (seeds, queries), generator, inject)
        caught = dict.fromkeys(RULES, 0)
        for _ in range(draws):
            comparisons = null_comparisons(pool, seeds, queries, generator)
            comparisons[i] = _worse(comparisons[i], loss, inject, generator)
            for rule_name, rule in RULES.items():
                caught[rule_name] += name in rule(comparisons)
        powers[name] = Power(loss, {rule_name: count / draws for rule_name, count in caught.items()})
    return powers


def detectable(
    pool: Pool,
    index: int,
    size: tuple[int, int | None],
    generator: np.random.Generator,
    inject: Injection = shifted,
) -> float:
    """Return the loss of the pool's `index`-th name that the gate catches with probability GATE_POWER.

    `size` is (seeds, queries). Measured: margin + noncentrality · error, with the error's root mean square and the
    median degrees of freedom over pilot draws that carry the loss, at Bonferroni's level for the family; repeated,
    since a loss may spread itself.
    """
    loss = 0.0
    name, scores = list(pool.items())[index]
    for _ in range(_ROUNDS):
        drawn = [null_comparisons({name: scores}, *size, generator)[0] for _ in range(_PILOT)]
        pilot = differences([_worse(pair, loss, inject, generator) for pair in drawn])
        typical = Estimate(np.zeros(1), np.sqrt([np.mean(pilot.error**2)]), np.array([np.median(pilot.freedom)]))
        loss = MARGIN + float(minimum_detectable(typical, ALPHA / len(pool), GATE_POWER, two_sided=False)[0])
    return loss


def _worse(pair: Comparison, loss: float, inject: Injection, generator: np.random.Generator) -> Comparison:
    return Comparison(pair.name, inject(pair.new, loss, generator), pair.old, pair.trained)
