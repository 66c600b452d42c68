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
from harness.report.table_view import difference_note
from harness.stats.entry_statistics import EntryStatistics
from harness.stats.rules import MARGIN

CSV = "evidence.csv"
NAMED = ("suite", "entry", "language", "measure", "baseline")
LEVEL = ("interval_over", "queries_ci_low", "queries_ci_high", "seeds_ci_low", "seeds_ci_high")
GAIN = ("delta_interval_over", "identical", "p", "p_adjusted", "d_z", "wins", "ties", "losses", "minimum_detectable")
EQUIVALENCE = ("equivalence_margin", "equivalence_ci_low", "equivalence_ci_high", "equivalence_p")
UNKNOWN = "seed spread unknown"  # of an interval: a side is trained and has one seed
RANK = ("rank_best", "rank_worst", "letters")
COLUMNS = (*NAMED, *LEVEL, *GAIN, *EQUIVALENCE, *RANK)


@dataclass(frozen=True)
class Line:
    """One entry in one language or on average, by the primary measure; None where it has no difference."""

    entry: str
    delta: float | None
    low: float | None
    high: float | None
    p: float | None
    note: str  # of the difference (harness.report.table_view.difference_note)
    wins: str  # wins, ties, losses
    detectable: float | None
    equivalent: float | None
    equivalence_low: float | None
    equivalence_high: float | None
    ranks: str
    letters: str


@dataclass(frozen=True)
class Table:
    """One language, or the average, with entries in the order of the page."""

    language: str
    lines: tuple[Line, ...]


def evidence_tables(board: Leaderboard, entries: Sequence[str]) -> list[Table]:
    """Return the evidence on the primary measure: a table of the average first, then one table per language."""
    tables = []
    for language in dict.fromkeys((board.overall, *board.languages)):
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
    seeds = {(evidence.entry, evidence.language): evidence.n_seeds for evidence in board.evidence}
    for evidence in sorted(board.evidence, key=lambda evidence: evidence.entry):  # stable: languages keep their order
        baseline = board.baseline_of(evidence.entry)
        most_seeds = max(evidence.n_seeds, seeds.get((baseline, evidence.language), 0))
        over = (_over(evidence.n_seeds, evidence.one_seed), _over(most_seeds, bool(evidence.blind)))
        for i, measure in enumerate(board.measures):
            names = (board.suite, evidence.entry, evidence.language, measure, baseline)
            yield [*names, *("" if value != value else value for value in _values(evidence, i, over))]


def _over(seeds: int, unknown: bool) -> str:
    """Return what an interval is over; `unknown`: a side is trained and has one seed."""
    return f"queries, {UNKNOWN}" if unknown else "queries and seeds" if seeds > 1 else "queries"


def _values(evidence: EntryStatistics, i: int, over: tuple[str, str]) -> Iterator[object]:
    """Yield the values of the measure at place `i` in the order of COLUMNS; NaN where there is none."""
    yield from (
        over[0],
        evidence.queries_low[i],
        evidence.queries_high[i],
        evidence.seeds_low[i],
        evidence.seeds_high[i],
    )
    compared = not math.isnan(evidence.delta[i])
    yield from (over[1], "yes" if evidence.identical[i] else "no") if compared else ("", "")
    yield from (evidence.p[i], evidence.p_adjusted[i], evidence.standardised[i])
    yield from (_count(values[i]) for values in (evidence.wins, evidence.ties, evidence.losses))
    yield evidence.detectable[i]
    yield "" if math.isnan(evidence.p_equivalence[i]) else MARGIN
    yield from (evidence.equivalence_low[i], evidence.equivalence_high[i], evidence.p_equivalence[i])
    yield from (evidence.rank_best[i], evidence.rank_worst[i], evidence.letters[i])


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
        note=difference_note(bool(evidence.identical[0]), bool(evidence.blind)),
        wins=", ".join(map(str, counts)),
        detectable=or_none(evidence.detectable[0]),
        equivalent=or_none(evidence.p_equivalence[0]),
        equivalence_low=or_none(evidence.equivalence_low[0]),
        equivalence_high=or_none(evidence.equivalence_high[0]),
        ranks=str(best) if best == worst else f"{best}–{worst}",
        letters=evidence.letters[0],
    )


def _count(value: float) -> int | str:
    return "" if math.isnan(value) else int(value)
