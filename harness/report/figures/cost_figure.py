"""Score against cost: the average of an entry against the time of one of its cells."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import quantity
from harness.evidence.leaderboard import Leaderboard
from harness.report.figures.captions import MAX_ENTRIES, entry_limit_note
from harness.report.figures.cost_plot import CostPlot, EntryCost, TimeUnit, pareto_front
from harness.report.figures.figure import Figure
from harness.report.figures.labels import label, name_list
from harness.report.figures.svg import render_svg
from harness.report.numbers import hundred
from harness.report.table_view import Row
from harness.results.record import Record

if TYPE_CHECKING:
    from markupsafe import Markup

MINUTES_FROM = 120.0  # seconds of the slowest entry from which times are in minutes
_TIMED_STAGES = frozenset({"train", "retrieve"})  # a cell with one of these from the cache has no meaningful time


def cost_figure(board: Leaderboard, rows: Sequence[Row]) -> Figure | None:
    """Return the figure, None if fewer than two entries have a time and an average."""
    averaged = [(row, row.average.mean) for row in rows if row.average]
    seconds = seconds_by_entry(board)
    costs = [EntryCost(row.name, seconds[row.entry], mean) for row, mean in averaged if row.entry in seconds]
    if len(costs) < 2:
        return None
    slow = max(cost.seconds for cost in costs) >= MINUTES_FROM
    unit = TimeUnit("minutes", 60.0) if slow else TimeUnit("seconds", 1.0)
    title = f"{label(board.primary)} × 100 against {unit.name} a cell"
    shown = costs[:MAX_ENTRIES]
    plot = CostPlot(shown, unit, f"{label(board.primary)} × 100")
    svg = render_svg("figure-cost", title, "; ".join(_cost_text(cost, unit) for cost in shown), plot.height, plot)
    untimed = [row.name for row, _ in averaged if row.entry not in seconds]
    return Figure("cost", title, _caption(costs), _reading(len(costs), untimed), svg)


def seconds_by_entry(board: Leaderboard) -> dict[str, float]:
    """Return the mean seconds of each entry's computed cells, without entries whose cells all came from the cache."""
    seconds: dict[str, list[float]] = {}
    for record in board.records:
        if record.seconds > 0 and not _is_cached(record):
            seconds.setdefault(record.entry, []).append(record.seconds)
    return {entry: statistics.fmean(values) for entry, values in seconds.items()}


def _is_cached(record: Record) -> bool:
    return any(run.cached and run.stage in _TIMED_STAGES for run in record.stages)


def _cost_text(cost: EntryCost, unit: TimeUnit) -> str:
    return f"{label(cost.entry)}: {cost.seconds / unit.seconds:.2f} {unit.name}, {hundred(cost.score)}"


def _caption(costs: Sequence[EntryCost]) -> Markup:
    from markupsafe import Markup

    front = pareto_front(costs)
    others = len(costs) - len(front)
    unbeaten = Markup("{} {} beaten by no other entry in both score and time").format(
        name_list([cost.entry for cost in front]), "is" if len(front) == 1 else "are"
    )
    return unbeaten + (f"; the {quantity(others, 'other')} {'is' if others == 1 else 'are'}." if others else ".")


def _reading(count: int, untimed: Sequence[str]) -> Markup:
    from markupsafe import Markup

    text = (
        "The time is the mean over the cells of all languages that were computed here, from reading to scoring, on "
        "whatever machine they ran; what cells share (mined negatives, experts' scores) counts for the one that made "
        f"it first. Filled, and along the dashed line: the highest score within a time.{entry_limit_note(count)}"
    )
    left_out = Markup(" Without a time of its own, its cells having come from the cache: {}.").format(
        name_list(untimed)
    )
    return Markup.escape(text) + (left_out if untimed else "")
