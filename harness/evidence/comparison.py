"""The differences between two folders, and what may be said of each.

Of B less A, for every entry and language that both have, on one measure: the paired difference with its 95 % interval
over queries and seeds (harness.stats.intervals.difference), the p of "no difference" (Student's t of the same
estimate, Holm over all rows), and one word:

    better, worse     p ≤ α, by sign: a difference is shown, which may still be smaller than the margin
    equivalent        not so, and two one-sided tests (Holm over all rows) show |difference| < margin
    undecided         neither is shown
    not comparable    other data or other queries: no number is given, and `reason` says why

The interval is not corrected for the number of rows; the p values are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.errors import DataError, NothingMeasured, RequestError, unknown
from harness.evidence.gate import comparability
from harness.evidence.leaderboard import resolved
from harness.results.differences import Differing, differing, listed, shared
from harness.results.folder import Pair, Results, check_margin, paired
from harness.stats.align import Floats
from harness.stats.equivalence import tost
from harness.stats.intervals import Estimate
from harness.stats.multiple import holm
from harness.stats.regressions import Comparison, differences
from harness.stats.rules import MARGIN, is_equivalent, is_shown

Verdict = Literal["better", "worse", "equivalent", "undecided", "not comparable"]


@dataclass(frozen=True)
class Row:
    """One entry and language; numbers in units of the measure, None where the two are not comparable.

    `blind`: one seed of a trained entry on a side, so that its spread over seeds is not in the interval.
    """

    entry: str
    language: str
    verdict: Verdict
    a: float | None = None
    b: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_equivalence: float | None = None
    seeds: tuple[int, int] = (0, 0)
    queries: int = 0
    blind: bool = False
    reason: str = ""


@dataclass(frozen=True)
class Compared:
    """What two folders differ in. `only_a` and `only_b` are entries and languages that one of them has."""

    a: str
    b: str
    suite: str
    measure: str
    margin: float
    rows: tuple[Row, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    request: tuple[Differing, ...]
    environment: tuple[Differing, ...]
    data: tuple[Differing, ...]


def compare(a: Results, b: Results, measure: str | None = None, margin: float = MARGIN) -> Compared:
    """Return the comparison of two folders by one measure, A's primary one by default.

    Raises RequestError for folders of two suites, an unknown measure and a margin that is none, and NothingMeasured
    where they have no entry and language in common.
    """
    check_margin(margin)
    if margin == 0:
        raise RequestError("--margin 0 leaves nothing to be equivalent within; name one above 0, such as 0.01")
    if a.suite != b.suite:
        raise RequestError(
            f"{a.folder} and {b.folder} cannot be compared: suite {a.suite} against {b.suite}; name two of one suite"
        )
    measures = [name for name in a.measures if name in b.measures]
    measure = measure or a.primary
    if measure not in measures:
        raise unknown("measure", measure, measures, where=f"{a.folder} and {b.folder}")
    common = [pair for pair in a.of if pair in b.of]
    if not common:
        raise NothingMeasured(f"{a.folder} and {b.folder} have no entry and language in common; run one of them again")
    return Compared(
        a=str(a.folder),
        b=str(b.folder),
        suite=a.suite,
        measure=measure,
        margin=margin,
        rows=tuple(_rows(a, b, common, measure, margin)),
        only_a=tuple("/".join(pair) for pair in a.of if pair not in b.of),
        only_b=tuple("/".join(pair) for pair in b.of if pair not in a.of),
        request=tuple(_request(a, b, common)),
        environment=tuple(
            item
            for name in ("code", "environment")
            for item in differing(shared(a.records, name), shared(b.records, name), f"{name}.")
        ),
        data=tuple(_data(a, b)),
    )


def _request(a: Results, b: Results, common: Sequence[Pair]) -> list[Differing]:
    """Return what was asked for otherwise, by run.json: the request, the suite, and the entries that both have."""
    names = {entry for entry, _ in common}
    tables = []
    for results in (a, b):
        entries = resolved(results.run).get("entries")
        kept = {name: entries[name] for name in entries if name in names} if isinstance(entries, Mapping) else {}
        tables.append(
            {**{name: results.run[name] for name in ("request", "suite") if name in results.run}, "entry": kept}
        )
    return differing(tables[0], tables[1])


def _data(a: Results, b: Results) -> list[Differing]:
    found = differing(comparability.scoring(a), comparability.scoring(b))
    for language in dict.fromkeys(language for _, language in a.of):
        left, right = ([r for r in results.records if r.language == language] for results in (a, b))
        if left and right:
            tables = [shared(records, "data", "digests") for records in (left, right)]
            found += differing(tables[0], tables[1], f"{language}: ")
    return found


def _rows(a: Results, b: Results, common: Sequence[Pair], measure: str, margin: float) -> list[Row]:
    refused: dict[Pair, str] = {}
    scores: dict[Pair, tuple[Floats, Floats]] = {}
    for pair in common:
        reason = _not_comparable(a, b, pair)
        if not reason:
            try:
                scores[pair] = paired(b, a, pair, measure)
                continue
            except DataError as error:
                reason = str(error)
        refused[pair] = reason
    compared = _compared(a, b, scores, margin)
    return [
        compared[pair] if pair in compared else Row(*pair, "not comparable", reason=refused[pair]) for pair in common
    ]


def _not_comparable(a: Results, b: Results, pair: Pair) -> str:
    """Return why the scores of two folders are not of one thing: other passages, queries' judgments, or scoring."""
    left, right = (comparability.evaluated(results.of[pair]) for results in (a, b))
    found = [*differing(left, right), *differing(comparability.scoring(a), comparability.scoring(b))]
    return f"they differ in {listed(found)}" if found else ""


def _compared(a: Results, b: Results, scores: dict[Pair, tuple[Floats, Floats]], margin: float) -> dict[Pair, Row]:
    if not scores:
        return {}
    pairs = [
        Comparison("/".join(pair), new, old, any(r.trained for r in (*a.of[pair], *b.of[pair])))
        for pair, (new, old) in scores.items()
    ]
    estimate = differences(pairs)
    low, high = estimate.interval()
    p, p_equivalence = holm(_two_sided(estimate)), holm(tost(estimate, margin))
    rows = {}
    for i, (pair, comparison) in enumerate(zip(scores, pairs, strict=True)):
        rows[pair] = Row(
            *pair,
            _verdict(float(estimate.value[i]), float(p[i]), float(p_equivalence[i])),
            a=float(comparison.old.mean()),
            b=float(comparison.new.mean()),
            difference=float(estimate.value[i]),
            low=float(low[i]),
            high=float(high[i]),
            p=float(p[i]),
            p_equivalence=float(p_equivalence[i]),
            seeds=(len(comparison.old), len(comparison.new)),
            queries=comparison.new.shape[1],
            blind=comparison.blind,
        )
    return rows


def _two_sided(estimate: Estimate) -> Floats:
    """Return the p of "no difference"; 1 where there is none at all, 0 where one has no error."""
    from scipy import stats

    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(estimate.value) / estimate.error
    return np.asarray(np.where(np.isnan(t), 1.0, 2 * stats.t.sf(t, estimate.freedom)))


def _verdict(difference: float, p: float, p_equivalence: float) -> Verdict:
    if is_shown(p):
        return "better" if difference > 0 else "worse"
    return "equivalent" if is_equivalent(p_equivalence) else "undecided"
