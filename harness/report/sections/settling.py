"""What would settle an undecided contrast: how many seeds or queries, and what they cost by this run's own times."""

from __future__ import annotations

import math

from harness.evidence.contrasts.measured import MeasuredContrast
from harness.evidence.contrasts.transfer import Difference
from harness.evidence.leaderboard import Leaderboard
from harness.report.numbers import hundred
from harness.stats.entry_scores import AVERAGE
from harness.stats.rules import ALPHA, MARGIN
from harness.stats.sample_sizes import needed

MOST_SEEDS = 1000  # above which no number is given: nobody would run them


def settling(board: Leaderboard, contrast: MeasuredContrast, language: str, difference: Difference) -> str:
    """Return what would find the published difference, or the margin where none is published, with power .8.

    Empty over one query. The times are the mean of the run's own cells.
    """
    if difference.blind:
        return "a second seed of both sides comes first"
    published = contrast.published.in_language(language) or contrast.published.main
    size = abs(published.value) if published and published.value else MARGIN
    if math.isnan(difference.error):
        return ""
    need = needed(size, difference.query_variance, difference.seed_variance, ALPHA / difference.step)
    target = f"to find {hundred(size)} (power .8)"
    seeds = _seeds(board, contrast)
    if need.seeds is not None and seeds * need.seeds <= MOST_SEEDS:
        total = math.ceil(seeds * need.seeds)
        return f"{total} seeds {target}{_cost(board, contrast, language, max(0, total - seeds))}"
    if need.queries is not None:
        queries = _queries(board, contrast, language)
        return f"{math.ceil(queries * need.queries):,} queries {target}: more seeds of these {queries:,} do not do it"
    return f"more queries and more seeds {target}: neither alone does it"


def _languages(board: Leaderboard, language: str) -> tuple[str, ...]:
    return board.languages if language == AVERAGE else (language,)


def _seeds(board: Leaderboard, contrast: MeasuredContrast) -> int:
    """Return the fewest seeds of a trained side."""
    counts = [
        len(board.results.independent[entry, language])
        for entry in (contrast.entry.name, contrast.control.name)
        for language in board.languages
        if (entry, language) in board.results.independent and board.results.trains_pair((entry, language))
    ]
    return min(counts, default=1)


def _queries(board: Leaderboard, contrast: MeasuredContrast, language: str) -> int:
    return sum(
        board.scored[contrast.entry.name, each].values.shape[1]
        for each in _languages(board, language)
        if (contrast.entry.name, each) in board.scored
    )


def _cost(board: Leaderboard, contrast: MeasuredContrast, language: str, more: int) -> str:
    """Return the hours of `more` seeds of the trained sides, by the mean time of their cells here; "" where unknown."""
    seconds = 0.0
    for entry in (contrast.entry.name, contrast.control.name):
        for each in _languages(board, language):
            records = board.records_by_pair.get((entry, each), ())
            if records and board.results.trains_pair((entry, each)):
                seconds += sum(record.seconds for record in records) / len(records)
    hours = seconds * more / 3600
    return f", about {hours:.1f} hours more on this machine" if hours >= 0.05 else ""
