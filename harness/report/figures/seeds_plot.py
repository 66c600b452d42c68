"""The drawing of every seed's score: one panel per language, one row per entry."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.figures.axes import add_panel, label_margin, set_rows
from harness.report.figures.labels import label
from harness.report.figures.palette import ACCENT, INK, WIDTH

_ROW_HEIGHT = 17.0
_COLUMNS = 3  # panels side by side
_GAP = 14.0  # between panels
_ROOM = 0.06  # of the range of all scores, left free on each side


@dataclass(frozen=True)
class SeedScores:
    """The primary measure of each seed of one entry in one language, lowest seed first."""

    entry: str
    language: str
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return statistics.fmean(self.values)

    @property
    def sd(self) -> float | None:
        """The sample standard deviation over seeds, None for a single seed."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None


class SeedsPlot:
    """One dot per seed, lowest seed on top, and a vertical line at their mean; all panels have one scale."""

    def __init__(self, languages: Sequence[str], entries: Sequence[str], scores: Sequence[SeedScores]) -> None:
        self.languages, self.entries, self.scores = languages, entries, scores
        self.panel_height = _ROW_HEIGHT * len(entries) + 8
        values = [100 * value for each in scores for value in each.values]
        room = _ROOM * (max(values) - min(values)) or 1.0
        self.limits = (min(values) - room, max(values) + room)
        self.height = (self.panel_height + 44) * -(-len(languages) // _COLUMNS)

    def __call__(self, canvas: Any) -> None:
        left = label_margin(self.entries)
        columns = min(len(self.languages), _COLUMNS)
        width = (WIDTH - left - _GAP * columns) / columns
        for i, language in enumerate(self.languages):
            row, column = divmod(i, _COLUMNS)
            top = 20 + row * (self.panel_height + 44)
            axes = add_panel(canvas, (left + column * (width + _GAP), top, width, self.panel_height))
            axes.set_title(label(language, 16), pad=5)
            set_rows(axes, self.entries, labelled=column == 0)
            axes.set_xlim(*self.limits)
            axes.locator_params(axis="x", nbins=5)
            self._draw_scores(axes, [scores for scores in self.scores if scores.language == language])

    def _draw_scores(self, axes: Any, scores_by_entry: Sequence[SeedScores]) -> None:
        if not scores_by_entry:
            return
        row = {entry: i for i, entry in enumerate(self.entries)}
        dots = [
            (100 * value, row[scores.entry] + 0.5 * (i / (len(scores.values) - 1) - 0.5))
            for scores in scores_by_entry
            for i, value in enumerate(scores.values)
        ]
        means = [(100 * scores.mean, row[scores.entry]) for scores in scores_by_entry]
        axes.plot(*zip(*means, strict=True), "|", color=INK, markersize=13, markeredgewidth=1.2)
        axes.plot(*zip(*dots, strict=True), "o", markersize=4.2, markerfacecolor=ACCENT, markeredgewidth=0)
