"""What would settle an undecided contrast: how many seeds or queries, and the hours of GPU or processor that they cost.

It has to find the published difference with power .8. Where the run's own seeds and queries already would have found
that, the contrast is of less, and what is to be found is the margin.
"""

from __future__ import annotations

import math

from harness.evidence.contrasts.measured import MeasuredContrast
from harness.evidence.contrasts.transfer import Difference
from harness.evidence.leaderboard import Leaderboard
from harness.report.machine_hours import hours_text, mean_hours, total
from harness.report.numbers import hundred
from harness.stats.entry_scores import AVERAGE
from harness.stats.rules import ALPHA, MARGIN
from harness.stats.sample_sizes import Needed, needed

MOST_SEEDS = 1000  # above which no number is given: nobody would run them


def settling(board: Leaderboard, contrast: MeasuredContrast, language: str, difference: Difference) -> str:
    """Return what would find the published difference, or the margin, with power .8; "" over one query.

    The hours are those of the run's own cells on their machines, in the mean.
    """
    if difference.blind:
        return "a second seed of each trained side first"
    if math.isnan(difference.error):
        return ""
    published = contrast.published.in_language(language) or contrast.published.main
    size = abs(published.value) if published and published.value else MARGIN
    if size > MARGIN and (_needed(size, difference).seeds or math.inf) <= 1:
        found = f"these seeds and queries would have found the published {hundred(size)} (power .8)"
        return f"{_remedy(board, contrast, language, difference, MARGIN)}; {found}"
    return _remedy(board, contrast, language, difference, size)


def _needed(size: float, difference: Difference) -> Needed:
    return needed(size, difference.query_variance, difference.seed_variance, ALPHA / difference.step)


def _remedy(board: Leaderboard, contrast: MeasuredContrast, language: str, difference: Difference, size: float) -> str:
    """Return how many seeds or queries would find a difference of `size`."""
    need = _needed(size, difference)
    target = f"to find {hundred(size)} (power .8)"
    seeds = _seeds(board, contrast)
    if need.seeds is not None and seeds * need.seeds <= MOST_SEEDS:
        count = math.ceil(seeds * need.seeds)
        return f"{count} seeds {target}{_cost(board, contrast, language, max(0, count - seeds))}"
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
    cells = [
        mean_hours(board.records_by_pair.get((entry, each), ()))
        for entry in (contrast.entry.name, contrast.control.name)
        for each in _languages(board, language)
        if board.results.trains_pair((entry, each))
    ]
    hours = hours_text(total(cells, more)) if all(cells) else ""
    return f", about {hours} more" if hours else ""
