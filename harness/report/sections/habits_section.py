"""What entries measured beside the dev scores: cross-validation over training queries, and shorter vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.evidence.leaderboard import Leaderboard
from harness.results.record import Record


@dataclass(frozen=True)
class Validation:
    """Cross-validation of one entry in one language; means over seeds, folds of all seeds in the range."""

    entry: str
    language: str
    folds: int
    queries: int
    mean: float
    lowest: float
    highest: float
    dev: float


@dataclass(frozen=True)
class Shorter:
    """One entry's vectors cut to `dimension` components; means over seeds, an average where no language lacks."""

    entry: str
    dimension: int
    means: tuple[float | None, ...]  # one a language
    average: float | None


def validations(board: Leaderboard) -> list[Validation]:
    """Return the cross-validations of the primary measure, by entry and language."""
    found = []
    for (entry, language), records in _grouped(board).items():
        tested = [r for r in records if board.primary in r.cross_validation.get("measures", {})]
        if not tested:
            continue
        measured = [record.cross_validation["measures"][board.primary] for record in tested]
        per_fold = [value for one in measured for value in one["per_fold"]]
        found.append(
            Validation(
                entry=entry,
                language=language,
                folds=tested[0].cross_validation["folds"],
                queries=sum(tested[0].cross_validation["queries"]),
                mean=_mean([one["mean"] for one in measured]),
                lowest=min(per_fold),
                highest=max(per_fold),
                dev=_mean([record.measures[board.primary] for record in tested]),
            )
        )
    return found


def shorter(board: Leaderboard) -> list[Shorter]:
    """Return the primary measure at every dimension that vectors were cut to, most dimensions first."""
    values: dict[tuple[str, int], dict[str, float]] = {}
    for (entry, language), records in _grouped(board).items():
        for dimension in {int(cut) for record in records for cut in record.by_dimension}:
            cuts: list[Mapping[str, float]] = [record.by_dimension.get(str(dimension), {}) for record in records]
            found = [cut[board.primary] for cut in cuts if board.primary in cut]
            if found:
                values.setdefault((entry, dimension), {})[language] = _mean(found)
    rows = []
    for (entry, dimension), means in sorted(values.items(), key=lambda item: (item[0][0], -item[0][1])):
        row = tuple(means.get(language) for language in board.languages)
        known = [mean for mean in row if mean is not None]
        rows.append(Shorter(entry, dimension, row, _mean(known) if len(known) == len(row) else None))
    return rows


def _grouped(board: Leaderboard) -> dict[tuple[str, str], list[Record]]:
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in board.records:
        groups.setdefault((record.entry, record.language), []).append(record)
    return dict(sorted(groups.items(), key=lambda item: (item[0][0], board.languages.index(item[0][1]))))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
