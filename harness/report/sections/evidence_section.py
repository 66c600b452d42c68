"""The statistics behind the leaderboard's intervals and p-values: evidence.csv, and tables of the primary measure.

Numbers are in units of the measure and defined in harness.stats.entry_statistics.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.evidence.leaderboard import Leaderboard
from harness.report import spreadsheet
from harness.report.numbers import or_none
from harness.stats.entry_scores import AVERAGE
from harness.stats.entry_statistics import EntryStatistics
from harness.stats.rules import MARGIN

CSV = "evidence.csv"
NAMED = ("suite", "entry", "language", "measure", "baseline")
LEVEL = ("interval_over", "queries_ci_low", "queries_ci_high", "seeds_ci_low", "seeds_ci_high")
GAIN = ("p", "p_adjusted", "d_z", "wins", "ties", "losses", "minimum_detectable", "equivalence_margin", "equivalence_p")
RANK = ("rank_best", "rank_worst", "tie_group")
COLUMNS = (*NAMED, *LEVEL, *GAIN, *RANK)


@dataclass(frozen=True)
class Line:
    """One entry in one language or on average, by the primary measure; None where it has no difference."""

    entry: str
    delta: float | None
    low: float | None
    high: float | None
    p: float | None
    wins: str  # wins, ties, losses
    detectable: float | None
    equivalent: float | None
    ranks: str
    group: int


@dataclass(frozen=True)
class Table:
    """One language, or the average, with entries in the order of the page."""

    language: str
    lines: tuple[Line, ...]


def evidence_tables(board: Leaderboard, entries: Sequence[str]) -> list[Table]:
    """Return the evidence on the primary measure: a table of the average first, then one table per language."""
    tables = []
    for language in (AVERAGE, *board.languages):
        by_entry = {evidence.entry: evidence for evidence in board.evidence if evidence.language == language}
        lines = tuple(_line(by_entry[entry]) for entry in entries if entry in by_entry)
        if lines:
            tables.append(Table(language, lines))
    return tables


def csv(board: Leaderboard) -> str:
    """Return the evidence on every entry, language and measure as CSV, unrounded, missing numbers as empty fields."""
    return spreadsheet.to_csv(COLUMNS, rows(board))


def rows(board: Leaderboard) -> Iterator[list[object]]:
    """Yield the evidence in the order of COLUMNS and of the leaderboard's rows, "" for a missing number."""
    for evidence in sorted(board.evidence, key=lambda evidence: evidence.entry):  # stable: languages keep their order
        for i, measure in enumerate(board.measures):
            interval_over = "queries and seeds" if evidence.n_seeds > 1 else "queries"
            names = (board.suite, evidence.entry, evidence.language, measure, board.baseline, interval_over)
            yield [*names, *("" if number != number else number for number in _numbers(evidence, i))]


def _numbers(evidence: EntryStatistics, i: int) -> Iterator[object]:
    """Yield the numbers of the measure at place `i` in the order of COLUMNS; NaN where there is none."""
    yield from (evidence.queries_low[i], evidence.queries_high[i], evidence.seeds_low[i], evidence.seeds_high[i])
    yield from (evidence.p[i], evidence.p_adjusted[i], evidence.standardised[i])
    yield from (_count(values[i]) for values in (evidence.wins, evidence.ties, evidence.losses))
    margin = "" if math.isnan(evidence.p[i]) else MARGIN
    yield from (evidence.detectable[i], margin, evidence.p_equivalence[i])
    yield from (evidence.rank_best[i], evidence.rank_worst[i], evidence.group[i])


def _line(evidence: EntryStatistics) -> Line:
    compared = not math.isnan(evidence.delta[0])
    counts = [_count(values[0]) for values in (evidence.wins, evidence.ties, evidence.losses)] if compared else []
    best, worst = evidence.rank_best[0], evidence.rank_worst[0]
    return Line(
        entry=evidence.entry,
        delta=or_none(evidence.delta[0]),
        low=or_none(evidence.delta_low[0]),
        high=or_none(evidence.delta_high[0]),
        p=or_none(evidence.p_adjusted[0]),
        wins=", ".join(map(str, counts)),
        detectable=or_none(evidence.detectable[0]),
        equivalent=or_none(evidence.p_equivalence[0]),
        ranks=str(best) if best == worst else f"{best}-{worst}",
        group=int(evidence.group[0]),
    )


def _count(value: float) -> int | str:
    return "" if math.isnan(value) else int(value)
