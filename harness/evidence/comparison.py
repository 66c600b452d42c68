"""The differences between two folders, and the conclusion on each.

B minus A, for every entry and language that both have, on one measure: the paired difference with its 95 % interval
over queries and seeds (harness.stats.intervals.difference), the p of "no difference" (Student's t of the same
estimate, Holm over all rows), and one word:

    better, worse     p ≤ α, by sign: a difference is shown, which may still be smaller than the margin
    equivalent        otherwise, if two one-sided tests (Holm over all rows) show |difference| < margin
    undecided         neither is shown
    not comparable    other data or other queries: no number is given, and `reason` says why

The interval is not corrected for the number of rows; the p values are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.errors import DataError, NothingMeasured, RequestError, unknown
from harness.evidence.gate import comparability
from harness.evidence.pairing import check_margin, paired_scores
from harness.results.differences import Differing, differing, listed, shared
from harness.results.folder import ResultFolder
from harness.results.record import Pair
from harness.stats.align import Floats
from harness.stats.equivalence import tost
from harness.stats.intervals import two_sided_p
from harness.stats.multiple import holm
from harness.stats.regressions import Comparison, differences
from harness.stats.rules import MARGIN, is_equivalent, is_shown

Verdict = Literal["better", "worse", "equivalent", "undecided", "not comparable"]


@dataclass(frozen=True)
class Row:
    """One entry and language; numbers in units of the measure, None if the two are not comparable.

    `blind`: a side has one seed of a trained entry, so its spread over seeds is not in the interval.
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
    """The differences between two folders. `only_a` and `only_b` are entries and languages of one folder alone."""

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


def compare(a: ResultFolder, b: ResultFolder, measure: str | None = None, margin: float = MARGIN) -> Compared:
    """Return the comparison of two folders by one measure, A's primary one by default.

    Raises RequestError for folders of two suites, an unknown measure and an invalid margin, and NothingMeasured if
    they have no entry and language in common.
    """
    check_margin(margin)
    if margin == 0:
        raise RequestError("--margin 0 leaves nothing to be equivalent within; use one above 0, such as 0.01")
    if a.suite != b.suite:
        raise RequestError(
            f"{a.path} and {b.path} cannot be compared: suite {a.suite} against {b.suite}; name two of one suite"
        )
    measures = [name for name in a.measures if name in b.measures]
    measure = measure or a.primary
    if measure not in measures:
        raise unknown("measure", measure, measures, where=f"{a.path} and {b.path}")
    common = [pair for pair in a.records_by_pair if pair in b.records_by_pair]
    if not common:
        raise NothingMeasured(f"{a.path} and {b.path} have no entry and language in common; run one of them again")
    return Compared(
        a=str(a.path),
        b=str(b.path),
        suite=a.suite,
        measure=measure,
        margin=margin,
        rows=tuple(_rows(a, b, common, measure, margin)),
        only_a=_only(a, b),
        only_b=_only(b, a),
        request=tuple(_request_differences(a, b, common)),
        environment=tuple(
            item
            for name in ("code", "environment")
            for item in differing(shared(a.records, name), shared(b.records, name), f"{name}.")
        ),
        data=tuple(_data_differences(a, b, common)),
    )


def _only(folder: ResultFolder, other: ResultFolder) -> tuple[str, ...]:
    """Return the entries and languages that the other folder lacks."""
    return tuple("/".join(pair) for pair in folder.records_by_pair if pair not in other.records_by_pair)


def _request_differences(a: ResultFolder, b: ResultFolder, common: Sequence[Pair]) -> list[Differing]:
    """Return the differences between requests, by run.json: the request, the suite, and the entries in common."""
    entries = {entry for entry, _ in common}
    tables = []
    for folder in (a, b):
        content = folder.run.content
        resolved = {name: entry for name, entry in folder.run.resolved.entries.items() if name in entries}
        tables.append(
            {
                **{name: content[name] for name in ("request", "suite") if name in content},
                "entry": resolved,
                "model": {name: model.changes for name, model in folder.run.resolved.models.items()},
            }
        )
    return differing(tables[0], tables[1])


def _data_differences(a: ResultFolder, b: ResultFolder, common: Sequence[Pair]) -> list[Differing]:
    """Return the differences in scoring, and in the data of each language as the entries in common read them."""
    differences = differing(comparability.scoring(a), comparability.scoring(b))
    for language in dict.fromkeys(language for _, language in common):
        pairs = [pair for pair in common if pair[1] == language]
        tables = [
            shared((record for pair in pairs for record in folder.records_by_pair[pair]), "data", "digests")
            for folder in (a, b)
        ]
        differences += differing(tables[0], tables[1], f"{language}: ")
    return differences


def _rows(a: ResultFolder, b: ResultFolder, common: Sequence[Pair], measure: str, margin: float) -> list[Row]:
    reasons: dict[Pair, str] = {}
    scores: dict[Pair, tuple[Floats, Floats]] = {}
    for pair in common:
        reason = _not_comparable(a, b, pair)
        if not reason:
            try:
                scores[pair] = paired_scores(b, a, pair, measure)
                continue
            except DataError as error:
                reason = str(error)
        reasons[pair] = reason
    compared = _compared(a, b, scores, margin)
    return [
        compared[pair] if pair in compared else Row(*pair, "not comparable", reason=reasons[pair]) for pair in common
    ]


def _not_comparable(a: ResultFolder, b: ResultFolder, pair: Pair) -> str:
    """Return why two scores are not of the same thing: other passages, judgments or scoring; "" if they are."""
    left, right = (comparability.evaluated(folder.records_by_pair[pair]) for folder in (a, b))
    differences = [*differing(left, right), *comparability.scoring_differences(b, a)]
    return f"they differ in {listed(differences)}" if differences else ""


def _compared(
    a: ResultFolder, b: ResultFolder, scores: dict[Pair, tuple[Floats, Floats]], margin: float
) -> dict[Pair, Row]:
    if not scores:
        return {}
    comparisons = [
        Comparison("/".join(pair), new, old, a.trains_pair(pair) or b.trains_pair(pair))
        for pair, (new, old) in scores.items()
    ]
    estimate = differences(comparisons)
    low, high = estimate.interval()
    p, p_equivalence = holm(two_sided_p(estimate)), holm(tost(estimate, margin))
    rows = {}
    for i, (pair, comparison) in enumerate(zip(scores, comparisons, strict=True)):
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


def _verdict(difference: float, p: float, p_equivalence: float) -> Verdict:
    if is_shown(p):
        return "better" if difference > 0 else "worse"
    return "equivalent" if is_equivalent(p_equivalence) else "undecided"
