"""Additional measurements of an entry: cross-validation over training queries, labelled pairs, truncated embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.evidence.leaderboard import Leaderboard
from harness.report import spreadsheet
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


PAIRS_CSV = "pairs.csv"
PAIRS_COLUMNS = ("suite", "entry", "language", "seed", "AUPRC", "queries", "relevant", "sampled", "measure", "value")


@dataclass(frozen=True)
class PairsColumn:
    """The labelled pairs of one language, and the share of relevant ones: the expected AUPRC of random scores."""

    language: str
    queries: int
    relevant: int
    sampled: int

    @property
    def chance(self) -> float:
        return self.relevant / (self.relevant + self.sampled)


@dataclass(frozen=True)
class PairsRow:
    """AUPRC of one entry, one mean over seeds per language; no averages where a language is missing."""

    entry: str
    means: tuple[float | None, ...]
    average: float | None
    dev: float | None  # the average of the primary measure over the same languages

    @property
    def shown_means(self) -> tuple[float | None, ...]:
        """The columns of a table: the languages, the average of several, and dev."""
        return (*_with_average(self.means, self.average), self.dev)


@dataclass(frozen=True)
class PairsTable:
    """AUPRC over labelled pairs of held-out training queries, beside the score of retrieval."""

    languages: tuple[PairsColumn, ...]
    rows: tuple[PairsRow, ...]


@dataclass(frozen=True)
class Truncation:
    """One entry's embeddings truncated to `dimension`: means over seeds; no average if a language is missing."""

    entry: str
    dimension: int
    means: tuple[float | None, ...]  # one per language
    average: float | None

    @property
    def shown_means(self) -> tuple[float | None, ...]:
        """The columns of a table: the languages, and the average of several."""
        return _with_average(self.means, self.average)


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


def pairs_table(board: Leaderboard, entries: Sequence[str]) -> PairsTable | None:
    """Return AUPRC beside the primary measure, entries in the order of the page; None where no record has it."""
    scored = {pair: [record for record in records if record.pairs] for pair, records in board.records_by_pair.items()}
    numbers = {language: records[0].pairs for (_, language), records in scored.items() if records}
    languages = [language for language in board.languages if language in numbers]
    rows = []
    for entry in entries:
        cells = [scored.get((entry, language), []) for language in languages]
        if any(cells):
            means = [_mean([record.pairs["AUPRC"] for record in records]) if records else None for records in cells]
            dev = [_mean([record.measures[board.primary] for record in records]) for records in cells if records]
            measured = [mean for mean in means if mean is not None]
            whole = len(measured) == len(means)
            rows.append(
                PairsRow(entry, tuple(means), _mean(measured) if whole else None, _mean(dev) if whole else None)
            )
    columns = [
        PairsColumn(language, *(numbers[language][name] for name in ("queries", "relevant", "sampled")))
        for language in languages
    ]
    return PairsTable(tuple(columns), tuple(rows)) if rows else None


def pairs_csv(board: Leaderboard) -> str:
    """Return one row per record with labelled pairs as CSV, unrounded, beside its score of the primary measure."""
    return spreadsheet.to_csv(PAIRS_COLUMNS, _pairs_rows(board))


def _pairs_rows(board: Leaderboard) -> Iterator[list[object]]:
    for record in board.records:
        if record.pairs:
            cell = (board.suite, record.entry, record.language, record.seed)
            values = (record.pairs[name] for name in ("AUPRC", "queries", "relevant", "sampled"))
            yield [*cell, *values, board.primary, record.measures[board.primary]]


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


def _with_average(means: tuple[float | None, ...], average: float | None) -> tuple[float | None, ...]:
    return (*means, average) if len(means) > 1 else means


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
