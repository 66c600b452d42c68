"""Differences to the baseline with their intervals, one row per entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.errors import quantity
from harness.evidence.leaderboard import Leaderboard
from harness.report.figures.captions import MAX_ENTRIES, entry_limit_note
from harness.report.figures.figure import Figure
from harness.report.figures.forest_plot import ForestPlot, difference_text, limits, shown_direction
from harness.report.figures.labels import label, name_list, name_markup
from harness.report.figures.svg import render_svg
from harness.report.numbers import hundred
from harness.report.table_view import Row
from harness.stats.rules import ALPHA, MARGIN

if TYPE_CHECKING:
    from markupsafe import Markup


def forest_figure(board: Leaderboard, rows: Sequence[Row]) -> Figure | None:
    """Return the figure, None if no entry is compared with the baseline."""
    compared = [row for row in rows if _is_compared(row)]
    if not compared:
        return None
    shown = [row for row in rows if _is_compared(row) or (row.entry in board.baselines and not row.reasons)]
    title = f"Difference to {label(board.baseline_name)} in {label(board.primary)}, × 100"
    description = "; ".join(_row_text(board, row) for row in shown[:MAX_ENTRIES])
    plot = ForestPlot(board, shown[:MAX_ENTRIES])
    svg = render_svg("figure-forest", title, description, plot.height, plot)
    return Figure("forest", title, _caption(board, compared), _reading(board, shown), svg)


def _is_compared(row: Row) -> bool:
    return any(score and score.delta is not None for score in (row.average, *(box.score for box in row.boxes)))


def _row_text(board: Leaderboard, row: Row) -> str:
    if row.average and row.average.delta is not None:
        return f"{label(row.name)}: {difference_text(row.average)}"
    return f"{label(row.name)}: {'baseline' if row.entry in board.baselines else 'no average'}"


def _reading(board: Leaderboard, rows: Sequence[Row]) -> Markup:
    from markupsafe import Markup

    average = "the average of the languages" if len(board.languages) > 1 else label(board.languages[0])
    small = ", the small ones the languages" if len(board.languages) > 1 else ""
    scores = [score for row in rows for score in (row.average, *(box.score for box in row.boxes)) if score]
    one_seed = ""
    if any(score.note == "one seed" for score in scores):
        one_seed = " Dashed, with *: one seed of a trained entry, so that the bar is without the spread over seeds."
    beyond = " An arrow: beyond the axis, for it would squeeze the others." if limits(rows) else ""
    return Markup.escape(
        f"One row per entry, in the order of the table; the diamond is {average}{small}, the bar its 95 % interval "
        f"over queries and seeds. Filled: shown, p ≤ {ALPHA} after Holm's correction over all pairs of entries. The "
        f"band is ± {hundred(MARGIN)}, the margin of equivalence.{one_seed}{beyond}"
        f"{entry_limit_note(len(rows), noun='row')}"
    )


def _caption(board: Leaderboard, rows: Sequence[Row]) -> Markup:
    """Return in one sentence how many entries differ from the baseline in each direction, and the best entry."""
    from markupsafe import Markup

    averages = [(row.name, row.average) for row in rows if row.average and row.average.delta is not None]
    if not averages:
        return Markup("No entry has every language, and so no average.")
    higher = [entry for entry, score in averages if shown_direction(score) == "better"]
    lower = [entry for entry, score in averages if shown_direction(score) == "worse"]
    one_seed = [entry for entry, score in averages if score.note == "one seed"]
    undecided = [entry for entry, _ in averages if entry not in (*higher, *lower, *one_seed)]
    best_entry, best_score = max(averages, key=lambda pair: pair[1].delta or 0.0)
    total = quantity(len(averages), "entry")
    count = f"All {total}" if len(higher) == len(averages) > 1 else f"{len(higher)} of {total}"
    parts = [Markup("{} score higher than {} (p ≤ .05)").format(count, name_markup(board.baseline_name))]
    lower_names = Markup(" ({})").format(name_list(lower)) if lower else ""
    parts.append(Markup("{} lower{}").format(len(lower) or "none", lower_names))
    if undecided:
        parts.append(Markup("{} not shown to differ ({})").format(len(undecided), name_list(undecided)))
    if one_seed:
        parts.append(Markup("{} with an unknown spread over seeds ({})").format(len(one_seed), name_list(one_seed)))
    sentence = Markup("{}; the highest is {}, {}.")
    return sentence.format(Markup(", ").join(parts), name_markup(best_entry), difference_text(best_score))
