"""The drawing of the forest plot: one row per entry with the difference of the average and of each language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures.axes import add_panel, label_margin, set_rows, write_text
from harness.report.figures.labels import label
from harness.report.figures.legend import Legend
from harness.report.figures.palette import BACK, HUES, INK, MARKERS, MAX_LANGUAGES, SMALL, SOFT, WIDTH
from harness.report.numbers import hundred, signed
from harness.report.table_view import Row, Score
from harness.stats.rules import MARGIN, direction

_NUMBERS_WIDTH = 128  # of the column of numbers
SQUEEZE = 1.5  # times the width that the other entries need: an anchor beyond it is drawn as an arrow
_UNMARKED = {"color": SOFT, "alpha": 0.7}  # look of a language without a marker of its own


def shown_direction(score: Score) -> Literal["better", "worse", ""]:
    """Return the direction of a score's difference to the baseline, "" where none is shown."""
    return "" if score.p is None or score.delta is None else direction(score.p, score.delta)


def difference_text(score: Score) -> str:
    """Return the difference of a score to the baseline with its interval; `*` without the spread over seeds."""
    delta = signed(score.delta or 0.0)
    if score.delta_low is None or score.delta_high is None:
        return delta
    return f"{delta} [{hundred(score.delta_low)}, {hundred(score.delta_high)}]{'*' if score.note == 'one seed' else ''}"


def limits(rows: Sequence[Row]) -> tuple[float, float] | None:
    """Return the ends of the axis, × 100, where an anchor would squeeze the other entries, else None."""
    inner, outer = ([end for row in rows if row.anchor is anchor for end in _ends(row)] for anchor in (False, True))
    if not inner or not outer:
        return None
    low, high = min(0.0, *inner), max(0.0, *inner)
    squeezed = max(high, *outer) - min(low, *outer) > SQUEEZE * (high - low)
    room = 5 * (high - low)  # a twentieth, × 100
    return (100 * low - room, 100 * high + room) if squeezed else None


def _ends(row: Row) -> list[float]:
    """Return the ends of all differences of a row."""
    scores = [score for score in (row.average, *(box.score for box in row.boxes)) if score]
    ends = (end for score in scores for end in (score.delta, score.delta_low, score.delta_high))
    return [end for end in ends if end is not None]


class ForestPlot:
    """Rows from top to bottom as given; languages have markers of their own if there are few enough."""

    def __init__(self, board: Leaderboard, rows: Sequence[Row]) -> None:
        self.board, self.rows = board, rows
        count = len(board.languages)
        self.multilingual = count > 1
        self.marked_languages = board.languages if count <= MAX_LANGUAGES else ()
        self.row_height = 20.0 if count == 1 else 15.0 + 5 * count if count <= MAX_LANGUAGES else 26.0
        self.names = [self._row_name(row) for row in rows]
        self.left = label_margin(self.names)
        self.legend = Legend(self._legend_items(), self.left)
        self.panel_height = len(rows) * self.row_height
        self.height = self.legend.height + self.panel_height + 56
        self.limits = limits(rows)

    def __call__(self, canvas: Any) -> None:
        width = WIDTH - self.left - _NUMBERS_WIDTH - 10
        axes = add_panel(canvas, (self.left, self.legend.height + 14, width, self.panel_height))
        set_rows(axes, self.names)
        axes.axvspan(-100 * MARGIN, 100 * MARGIN, color=SOFT, alpha=0.2, linewidth=0, zorder=0)
        axes.axvline(0, color=INK, linewidth=1, zorder=1)
        if self.limits:
            axes.set_xlim(*self.limits)
        for y, row in enumerate(self.rows):
            self._draw_row(axes, y, row)
        write_text(axes, (1 + _NUMBERS_WIDTH / width, -0.8), "Δ [95 %]", ha="right", fontsize=SMALL, color=SOFT)
        axes.set_xlabel(f"worse than {label(self.board.baseline_name, 20)}  ←  Δ  →  better")
        self.legend.draw(canvas, 0)

    def _legend_items(self) -> list[tuple[str, dict[str, Any]]]:
        languages = self.board.languages
        items = [("average" if self.multilingual else label(languages[0], 12), _average_style(hollow=False))]
        if self.multilingual:
            items += [(label(language, 12), _language_style(i)) for i, language in enumerate(self.marked_languages)]
            if not self.marked_languages:
                items.append((f"each of {len(languages)} languages", {**_language_style(0), "color": SOFT}))
        return items

    def _row_name(self, row: Row) -> str:
        return f"{label(row.name, 28)} (baseline)" if row.entry in self.board.baselines else row.name

    def _draw_row(self, axes: Any, y: int, row: Row) -> None:
        score = row.average
        if row.entry in self.board.baselines:
            axes.plot([0], [y], "|", color=INK, markersize=11, markeredgewidth=2)
            return
        if self.limits and row.anchor and score and score.delta is not None:
            self._draw_beyond(axes, y, score)
            return
        if self.multilingual:
            self._draw_languages(axes, y, row)
        average_y = y - self._average_offset()
        text = "needs every language"
        if score and score.delta is not None:
            _draw_interval(axes, average_y, score, color=INK, linewidth=2.2)
            axes.plot([100 * score.delta], [average_y], **_average_style(hollow=not shown_direction(score)), zorder=4)
            text = difference_text(score)
        width = float(axes.get_position().width * WIDTH)
        write_text(axes, (1 + _NUMBERS_WIDTH / width, y), text, ha="right", fontsize=SMALL)

    def _draw_beyond(self, axes: Any, y: int, score: Score) -> None:
        """Draw an anchor beyond the axis: an arrow at its end, and the number."""
        high = (score.delta or 0.0) > 0
        end = axes.get_xlim()[1 if high else 0]
        axes.plot([end], [y], ">" if high else "<", color=INK, markersize=8, clip_on=False, zorder=4)
        width = float(axes.get_position().width * WIDTH)
        write_text(axes, (1 + _NUMBERS_WIDTH / width, y), difference_text(score), ha="right", fontsize=SMALL)

    def _average_offset(self) -> float:
        """Return how far the average is drawn above the middle of its row, in rows."""
        return 0.5 - 10 / self.row_height if self.multilingual else 0.0

    def _draw_languages(self, axes: Any, y: int, row: Row) -> None:
        for i, box in enumerate(row.boxes):
            if box.score and box.score.delta is not None:
                language_y = y - self._average_offset() + (9 + 5 * i if self.marked_languages else 9) / self.row_height
                style = _language_style(i) if self.marked_languages else {**_language_style(0), **_UNMARKED}
                if self.marked_languages:
                    _draw_interval(axes, language_y, box.score, color=style["color"], linewidth=0.9)
                axes.plot([100 * box.score.delta], [language_y], **style, zorder=3)


def _average_style(*, hollow: bool) -> dict[str, Any]:
    return {
        "marker": "D",
        "markersize": 6.5,
        "color": INK,
        "markerfacecolor": BACK if hollow else INK,
        "markeredgewidth": 1.5,
        "linestyle": "none",
    }


def _language_style(i: int) -> dict[str, Any]:
    return {"marker": MARKERS[i], "markersize": 3.8, "color": HUES[i], "linestyle": "none"}


def _draw_interval(axes: Any, y: float, score: Score, **style: Any) -> None:
    if score.delta_low is not None and score.delta_high is not None:
        dashes = {"linestyle": (0, (2, 1))} if score.note == "one seed" else {"solid_capstyle": "butt"}
        axes.plot([100 * score.delta_low, 100 * score.delta_high], [y, y], **dashes, **style, zorder=2)
