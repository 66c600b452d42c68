"""Two result folders side by side: scores of one entry and language in one order, and what is selected from them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.errors import DataError, RequestError, unknown
from harness.results.folder import ResultFolder
from harness.results.record import Pair
from harness.stats.align import Floats, aligned


def paired_scores(new: ResultFolder, old: ResultFolder, pair: Pair, measure: str) -> tuple[Floats, Floats]:
    """Return the scores of one entry and language in both folders, each [seeds, queries], queries in one order.

    Seeds that are one training count as one (harness.results.repeated_seeds).

    Raises DataError where they do not answer the same queries.
    """
    new_scores = {f"{new.path}: {name}": scores for name, scores in _by_record(new, pair, measure).items()}
    old_scores = {f"baseline {old.path}: {name}": scores for name, scores in _by_record(old, pair, measure).items()}
    values = aligned({**new_scores, **old_scores})[1]
    if values.shape[1] < 2:
        raise DataError(
            f"{'/'.join(pair)} has one query, which gives a difference no standard error; compare on more queries"
        )
    return values[: len(new_scores)], values[len(new_scores) :]


def _by_record(folder: ResultFolder, pair: Pair, measure: str) -> dict[str, dict[str, float]]:
    return {record.name: folder.scores_by_query(record, measure) for record in folder.independent[pair]}


def select(names: Sequence[str], known: Sequence[str], kind: str, where: str) -> tuple[str, ...]:
    """Return the requested names, all known ones if none is requested; raises RequestError for an unknown one."""
    for name in names:
        if name not in known:
            raise unknown(kind, name, {*known}, where)
    return tuple(dict.fromkeys(names)) or tuple(known)


def check_margin(margin: float) -> None:
    """Raise RequestError for a margin that is negative or not a number."""
    if not (math.isfinite(margin) and margin >= 0):
        raise RequestError(f"--margin {margin} must be at least 0, in units of the measure, such as 0.01")
