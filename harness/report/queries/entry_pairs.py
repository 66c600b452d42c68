"""Two entries query by query, on the primary measure averaged over seeds: who wins, by how much, and where most.

Numbers are in units of the measure. A difference is that of the first entry to the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np

from harness.evidence.leaderboard import Leaderboard
from harness.report.table_view import Table
from harness.results.record import PER_QUERY, Record, beside, path_of
from harness.stats.align import Floats
from harness.stats.effect import TIE

MOST = 10  # queries won most, and lost most, that are kept of a pair
EVERY = 20  # entries of which every pair is looked at; of more, each with the baseline alone
DIGITS = 6  # of a score that a page holds

Pair = tuple[int, int]  # places in `Scores.entries`
Of = Literal["every", "second", "first"]  # every pair, those with the entry that is shown second at first, or that pair


@dataclass(frozen=True)
class Scores:
    """One language. Entries stand in the page's order, queries by id."""

    language: str
    entries: tuple[str, ...]
    queries: tuple[str, ...]
    values: Floats  # [entries, queries]
    first: int  # the pair that is shown first: the best trained entry and the baseline
    second: int

    @property
    def rounded(self) -> Floats:
        found: Floats = np.round(self.values, DIGITS)
        return found


@dataclass(frozen=True)
class Balance:
    """What the difference of two means is made of; the last four add up over queries and are divided by their number.

    `gained` is of all won queries, `most_gained` of the MOST that are won most; likewise for lost ones.
    """

    won: int
    tied: int
    lost: int
    gained: float
    given: float
    most_gained: float
    most_given: float


def of_language(folder: Path, board: Leaderboard, language: str, table: Table) -> Scores | None:
    """Return the scores of a language, None where nothing was measured; `table` is that of the primary measure."""
    entries = tuple(row.entry for row in table.rows if (row.entry, language) in board.scored)
    if not entries:
        return None
    record = next(one for one in board.records if one.language == language)
    values = np.stack([board.scored[entry, language].over_seeds[:, 0] for entry in entries])
    first, second = _default(entries, {one.entry for one in board.records if one.trained}, board.baseline)
    return Scores(language, entries, query_ids(folder, record), values, first, second)


def query_ids(folder: Path, record: Record) -> tuple[str, ...]:
    """Return the ids of the queries that a record has scores of, sorted, as the leaderboard orders them."""
    import pyarrow.parquet as pq

    path = beside(path_of(folder, record.entry, record.language, record.seed), PER_QUERY)
    return tuple(sorted(set(pq.read_table(path, columns=["query_id"])["query_id"].to_pylist())))


def _default(entries: Sequence[str], trained: Iterable[str], baseline: str) -> Pair:
    """Return the best trained entry, else the best, and the baseline, else the last."""
    second = entries.index(baseline) if baseline in entries else len(entries) - 1
    others = [place for place in range(len(entries)) if place != second]
    best = [place for place in others if entries[place] in set(trained)] or others or [second]
    return best[0], second


def pairs(scores: Scores, of: Of) -> list[Pair]:
    """Return pairs, the first place below the second."""
    if of == "first":
        return [(min(scores.first, scores.second), max(scores.first, scores.second))]
    every = combinations(range(len(scores.entries)), 2)
    return [pair for pair in every if of == "every" or scores.second in pair]


def most(differences: Floats, count: int) -> tuple[list[int], list[int]]:
    """Return the places of the queries won most and of those lost most, the largest first, ties by id."""
    won = [int(i) for i in np.argsort(-differences, kind="stable")[:count] if differences[i] > 0]
    lost = [int(i) for i in np.argsort(differences, kind="stable")[:count] if differences[i] < 0]
    return won, lost


def kept(rounded: Floats, chosen: Iterable[Pair], count: int) -> list[int]:
    """Return the places of the `count` queries won and lost most of every chosen pair, together and ascending."""
    found: set[int] = set()
    for i, j in chosen:
        won, lost = most(rounded[i] - rounded[j], count)
        found.update(won, lost)
    return sorted(found)


def balance(differences: Floats) -> Balance:
    """Return what the mean of differences [queries] is made of; a tie is that of harness.stats.effect."""
    ordered = np.sort(differences)
    won, lost = ordered[ordered > TIE], ordered[ordered < -TIE]
    parts = (won, lost, won[-MOST:], lost[:MOST])
    shares = [float(part.sum()) / len(ordered) for part in parts]
    return Balance(len(won), len(ordered) - len(won) - len(lost), len(lost), *shares)
