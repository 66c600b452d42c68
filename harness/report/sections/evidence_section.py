"""What stands behind the leaderboard's intervals and p-values: evidence.csv, and a table of the primary measure.

Numbers are in units of the measure; what they are is in harness.stats.entry_statistics.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.report import spreadsheet
from harness.report.numbers import or_none
from harness.stats.entry_scores import AVERAGE
from harness.stats.rules import MARGIN

CSV = "evidence.csv"
NAMED = ("suite", "entry", "language", "measure", "baseline")
LEVEL = ("interval_over", "queries_ci_low", "queries_ci_high", "seeds_ci_low", "seeds_ci_high")
GAIN = ("p", "p_adjusted", "d_z", "wins", "ties", "losses", "minimum_detectable", "equivalence_margin", "equivalence_p")
RANK = ("rank_best", "rank_worst", "tie_group")
COLUMNS = (*NAMED, *LEVEL, *GAIN, *RANK)


@dataclass(frozen=True)
class Line:
    """One entry in one language, or averaged, on the primary measure; None where there is no difference."""

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
    """One language, or the average, entries in the page's order."""

    language: str
    lines: tuple[Line, ...]


def of_board(board: Leaderboard, order: Sequence[str]) -> list[Table]:
    """Return the evidence on the primary measure: the average first, then a table a language."""
    tables = []
    for language in (AVERAGE, *board.languages):
        found = {one.entry: one for one in board.evidence if one.language == language}
        lines = tuple(_line(found[entry]) for entry in order if entry in found)
        if lines:
            tables.append(Table(language, lines))
    return tables


def csv(board: Leaderboard) -> str:
    """Return the evidence on every entry, language and measure as CSV, unrounded; nothing where there is none."""
    return spreadsheet.written(COLUMNS, rows(board))


def rows(board: Leaderboard) -> Iterator[list[object]]:
    """Yield the evidence in the order of COLUMNS and of the leaderboard's rows, "" where there is no number."""
    for one in sorted(board.evidence, key=lambda one: one.entry):  # stable: languages keep their order
        for i, measure in enumerate(board.measures):
            over = "queries and seeds" if one.n_seeds > 1 else "queries"
            level = (one.queries_low[i], one.queries_high[i], one.seeds_low[i], one.seeds_high[i])
            tests = (one.p[i], one.p_adjusted[i], one.standardised[i])
            counts = (_whole(values[i]) for values in (one.wins, one.ties, one.losses))
            margin = "" if math.isnan(one.p[i]) else MARGIN
            size = (one.detectable[i], margin, one.p_equivalence[i])
            rank = (one.rank_best[i], one.rank_worst[i], one.group[i])
            numbers = (*level, *tests, *counts, *size, *rank)
            named = (board.suite, one.entry, one.language, measure, board.baseline, over)
            yield [*named, *("" if number != number else number for number in numbers)]


def _line(one: Any) -> Line:
    compared = not math.isnan(one.delta[0])
    counts = [_whole(values[0]) for values in (one.wins, one.ties, one.losses)] if compared else []
    best, worst = one.rank_best[0], one.rank_worst[0]
    return Line(
        entry=one.entry,
        delta=or_none(one.delta[0]),
        low=or_none(one.delta_low[0]),
        high=or_none(one.delta_high[0]),
        p=or_none(one.p_adjusted[0]),
        wins=", ".join(map(str, counts)),
        detectable=or_none(one.detectable[0]),
        equivalent=or_none(one.p_equivalence[0]),
        ranks=str(best) if best == worst else f"{best}-{worst}",
        group=int(one.group[0]),
    )


def _whole(value: float) -> int | str:
    return "" if math.isnan(value) else int(value)
