"""Score: per-query measures through ir_measures (on pytrec_eval-terrier; RR@k on its MS MARCO provider).

A judged query without results in the run scores 0 (docs/traps.md, T2). A document whose id equals the query's is kept
(docs/traps.md, T4). Nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.errors import CellError
from harness.types import Ranking, Scores


def score(ranking: Ranking, qrels: Mapping[str, Mapping[str, int]], measures: Sequence[str]) -> Scores:
    """Return measure → query id → value over exactly the judged queries."""
    import ir_measures

    run = {query: dict(rows) for query, rows in ranking.items()}
    judged = {query: dict(grades) for query, grades in qrels.items()}
    values: dict[str, dict[str, float]] = {name: dict.fromkeys(sorted(judged), 0.0) for name in measures}
    parsed = [ir_measures.parse_measure(name) for name in measures]
    for metric in ir_measures.iter_calc(parsed, judged, run):
        value = float(metric.value)
        if value != value:
            raise CellError(f"{metric.measure} of query {metric.query_id} is NaN")
        values[str(metric.measure)][metric.query_id] = value
    return values


def means(scores: Scores) -> dict[str, float]:
    """Return measure → mean over the judged queries."""
    return {measure: sum(values.values()) / len(values) for measure, values in scores.items()}
