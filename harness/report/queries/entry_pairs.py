"""Two entries query by query, on the primary measure averaged over seeds: wins, losses and their largest differences.

Numbers are in units of the measure. A difference is the first entry's score minus the second's.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.evidence.leaderboard import Leaderboard
from harness.machine import plain_files
from harness.report.queries.contrast_pairs import ContrastPair, contrast_pairs
from harness.report.table_view import Table
from harness.results.record import PER_QUERY, Record
from harness.stats.align import Floats
from harness.stats.effect import TIE

MOST = 10  # queries with the largest gains, and with the largest losses, that are kept per pair
EVERY = 20  # up to this many entries every pair is considered; of more, those with the baseline and of contrasts
DIGITS = 6  # of a mean in the page's data
UNIT = 1e-4  # of scores in the page's data: a hundredth of a point, the last digit that the page prints

Pair = tuple[int, int]  # indices in `EntryScores.entries`
PairScope = Literal["every", "baseline", "first"]  # all, those with the baseline and of contrasts, the one shown first


@dataclass(frozen=True)
class EntryScores:
    """The scores of one language; entries in the page's order, queries by id."""

    language: str
    entries: tuple[str, ...]
    queries: tuple[str, ...]
    values: Floats  # [entries, queries], averaged over seeds
    by_seed: tuple[Floats, ...]  # of each entry [seeds, queries]
    first: int  # `first` and `second`: the pair shown first, of the first contrast, else the best and the baseline
    second: int
    baseline: int
    contrasts: tuple[ContrastPair, ...]

    @property
    def units(self) -> NDArray[np.int64]:
        """The scores as integers of UNIT, whose differences are exact."""
        return np.rint(self.values / UNIT).astype(np.int64)


@dataclass(frozen=True)
class Balance:
    """The parts of the difference of two means.

    The last four are sums over queries divided by the number of queries: `gained` over all won queries, `most_gained`
    over the MOST won by the largest difference; `conceded` and `most_conceded` likewise over lost ones.
    """

    won: int
    tied: int
    lost: int
    gained: float
    conceded: float
    most_gained: float
    most_conceded: float


def language_scores(folder: Path, board: Leaderboard, language: str, table: Table) -> EntryScores | None:
    """Return the scores of a language, None where nothing was measured; `table` is that of the primary measure."""
    entries = tuple(row.entry for row in table.rows if (row.entry, language) in board.scored)
    if not entries:
        return None
    best, baseline = _best_pair(entries, {record.entry for record in board.records if record.trained}, board)
    contrasts = contrast_pairs(board, language, entries)
    scored = [board.scored[entry, language] for entry in entries]
    return EntryScores(
        language=language,
        entries=entries,
        queries=query_ids(folder, next(record for record in board.records if record.language == language)),
        values=np.stack([scores.over_seeds[:, 0] for scores in scored]),
        by_seed=tuple(scores.values[:, :, 0] for scores in scored),
        first=contrasts[0].entry if contrasts else best,
        second=contrasts[0].control if contrasts else baseline,
        baseline=baseline,
        contrasts=contrasts,
    )


def query_ids(folder: Path, record: Record) -> tuple[str, ...]:
    """Return the ids of the queries that a record scores, sorted, as the leaderboard orders them."""
    import pyarrow.parquet as pq

    content = io.BytesIO(plain_files.read(folder, record.file(PER_QUERY)))
    return tuple(sorted(set(pq.read_table(content, columns=["query_id"])["query_id"].to_pylist())))


def _best_pair(entries: Sequence[str], trained: Collection[str], board: Leaderboard) -> Pair:
    """Return the best trained entry, else the best entry, and its baseline, else the last entry."""
    best = next((entry for entry in entries if entry in trained and entry not in board.baselines), entries[0])
    baseline = board.baseline_of(best)
    second = entries.index(baseline) if baseline in entries else len(entries) - 1
    others = [i for i in range(len(entries)) if i != second]
    candidates = [i for i in others if entries[i] in trained] or others or [second]
    return candidates[0], second


def pairs(scores: EntryScores, scope: PairScope) -> list[Pair]:
    """Return pairs of indices, the lower one first."""
    if scope == "first":
        return [(min(scores.first, scores.second), max(scores.first, scores.second))]
    of_contrasts = {tuple(sorted((pair.entry, pair.control))) for pair in scores.contrasts}
    every = combinations(range(len(scores.entries)), 2)
    return [pair for pair in every if scope == "every" or scores.baseline in pair or pair in of_contrasts]


def summarised_pairs(scores: EntryScores) -> list[Pair]:
    """Return the pairs of which the page holds numbers over all queries."""
    return pairs(scores, "every" if len(scores.entries) <= EVERY else "baseline")


def largest_differences(differences: NDArray[np.int64], count: int) -> tuple[list[int], list[int]]:
    """Return the indices of the `count` largest gains and of the `count` largest losses, largest first, ties by id."""
    won = [int(i) for i in np.argsort(-differences, kind="stable")[:count] if differences[i] > 0]
    lost = [int(i) for i in np.argsort(differences, kind="stable")[:count] if differences[i] < 0]
    return won, lost


def kept_queries(units: NDArray[np.int64], selected: Iterable[Pair], count: int) -> list[int]:
    """Return the indices, ascending, of the `count` largest gains and losses of every selected pair."""
    queries: set[int] = set()
    for i, j in selected:
        won, lost = largest_differences(units[i] - units[j], count)
        queries.update(won, lost)
    return sorted(queries)


def balance(differences: Floats) -> Balance:
    """Return the parts of the mean of differences [queries]; a tie is that of harness.stats.effect."""
    ordered = np.sort(differences)
    won, lost = ordered[ordered > TIE], ordered[ordered < -TIE]

    def share(part: Floats) -> float:
        return float(part.sum()) / len(ordered)

    return Balance(
        won=len(won),
        tied=len(ordered) - len(won) - len(lost),
        lost=len(lost),
        gained=share(won),
        conceded=share(lost),
        most_gained=share(won[-MOST:]),
        most_conceded=share(lost[:MOST]),
    )
