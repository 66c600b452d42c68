"""Additional measurements of an entry: cross-validation over training queries, and truncated embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.evidence.leaderboard import Leaderboard
from harness.results.record import Record


@dataclass(frozen=True)
class Validation:
    """Cross-validation of one entry in one language: means over seeds, and the range over the folds of all seeds."""

    entry: str
    language: str
    folds: int
    queries: int
    mean: float
    lowest: float
    highest: float
    dev: float


@dataclass(frozen=True)
class Truncation:
    """One entry's embeddings truncated to `dimension`: means over seeds; no average if a language is missing."""

    entry: str
    dimension: int
    means: tuple[float | None, ...]  # one per language
    average: float | None


def validations(board: Leaderboard) -> list[Validation]:
    """Return the cross-validations of the primary measure, by entry and language."""
    results = []
    for (entry, language), records in _sorted_cells(board):
        validated = [record for record in records if board.primary in record.cross_validation.get("measures", {})]
        if not validated:
            continue
        scores = [record.cross_validation["measures"][board.primary] for record in validated]
        fold_scores = [value for score in scores for value in score["per_fold"]]
        results.append(
            Validation(
                entry=entry,
                language=language,
                folds=validated[0].cross_validation["folds"],
                queries=sum(validated[0].cross_validation["queries"]),
                mean=_mean([score["mean"] for score in scores]),
                lowest=min(fold_scores),
                highest=max(fold_scores),
                dev=_mean([record.measures[board.primary] for record in validated]),
            )
        )
    return results


def truncations(board: Leaderboard) -> list[Truncation]:
    """Return the primary measure at every dimension to which embeddings were truncated, largest dimension first."""
    means_by_language: dict[tuple[str, int], dict[str, float]] = {}
    for (entry, language), records in _sorted_cells(board):
        for dimension in {int(name) for record in records for name in record.by_dimension}:
            measures: list[Mapping[str, float]] = [record.by_dimension.get(str(dimension), {}) for record in records]
            scores = [values[board.primary] for values in measures if board.primary in values]
            if scores:
                means_by_language.setdefault((entry, dimension), {})[language] = _mean(scores)
    rows = []
    for (entry, dimension), by_language in sorted(
        means_by_language.items(), key=lambda item: (item[0][0], -item[0][1])
    ):
        means = tuple(by_language.get(language) for language in board.languages)
        measured = [mean for mean in means if mean is not None]
        average = _mean(measured) if len(measured) == len(means) else None
        rows.append(Truncation(entry, dimension, means, average))
    return rows


def _sorted_cells(board: Leaderboard) -> list[tuple[tuple[str, str], Sequence[Record]]]:
    """Return the records of each entry and language, by entry and by the order of the languages."""
    return sorted(board.records_by_pair.items(), key=lambda item: (item[0][0], board.languages.index(item[0][1])))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
