"""The drawing of a synthesis: one row per study below its folder, then the pooled means and the prediction."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from harness.evidence.synthesis.pooling import ContrastSynthesis, PooledStudies, Study
from harness.report.figures.axes import add_panel, label_margin, set_rows, write_text
from harness.report.figures.labels import label, shorten_middle
from harness.report.figures.palette import ACCENT, BACK, INK, LINE, SMALL, SOFT, WIDTH
from harness.report.numbers import signed, signed_interval
from harness.stats.rules import MARGIN

MAX_STUDIES = 60
_ROW, _NUMBERS_WIDTH = 17.0, 132.0
_NAME = 26  # characters of a folder
_ROOM = 0.6  # of the studies' range, left for means and predictions on each side


@dataclass(frozen=True)
class _Row:
    """One row; bounds are NaN where there are none."""

    kind: Literal["folder", "study", "unpooled", "mean", "prediction"]
    name: str
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    weight: float = 0.0


class SynthesisPlot:
    """Draws one contrast; `height` is that of the figure."""

    def __init__(self, synthesis: ContrastSynthesis) -> None:
        self.control = synthesis.contrast[1]
        self.rows = list(_rows(synthesis))
        self.left = label_margin([row.name for row in self.rows])
        self.height = len(self.rows) * _ROW + 56
        self.limits = _limits(self.rows)

    def __call__(self, canvas: Any) -> None:
        width = WIDTH - self.left - _NUMBERS_WIDTH - 10
        axes = add_panel(canvas, (self.left, 14, width, len(self.rows) * _ROW))
        set_rows(axes, [row.name for row in self.rows])
        axes.set_xlim(*self.limits)
        axes.axvspan(-100 * MARGIN, 100 * MARGIN, color=SOFT, alpha=0.2, linewidth=0, zorder=0)
        axes.axvline(0, color=INK, linewidth=1, zorder=1)
        numbers = 1 + _NUMBERS_WIDTH / width
        write_text(axes, (numbers, -0.9), "Δ [95 %]", ha="right", fontsize=SMALL, color=SOFT)
        for y, row in enumerate(self.rows):
            self._draw(axes, y, row)
            if row.kind != "folder":
                value = None if row.kind == "prediction" else row.value
                write_text(axes, (numbers, y), interval_text(value, row.low, row.high), ha="right", fontsize=SMALL)
        means = [y for y, row in enumerate(self.rows) if row.kind == "mean"]
        if means:
            axes.axhline(means[0] - 0.5, color=LINE, linewidth=1)
        axes.set_xlabel(f"worse than {label(self.control, 20)}  ←  Δ  →  better")

    def _draw(self, axes: Any, y: int, row: _Row) -> None:
        if row.kind == "folder":
            return
        if row.kind == "mean":
            self._diamond(axes, y, row)
            return
        hollow = row.kind == "unpooled"
        thin = row.kind == "prediction"
        dashes = {"linestyle": (0, (2, 1))} if hollow else {"solid_capstyle": "butt"}
        low, high = self._inside(row.low), self._inside(row.high)
        color = ACCENT if thin else INK
        if not math.isnan(row.low):
            axes.plot([low, high], [y, y], color=color, linewidth=1 if thin else 1.6, zorder=2, **dashes)
        self._arrows(axes, y, row, color)
        if not thin:
            size = 4 + 7 * math.sqrt(row.weight)
            face = BACK if hollow else INK
            axes.plot([100 * row.value], [y], "s", markersize=size, color=INK, markerfacecolor=face, zorder=3)

    def _diamond(self, axes: Any, y: int, row: _Row) -> None:
        low, high, middle = self._inside(row.low), self._inside(row.high), self._inside(row.value)
        axes.fill([low, middle, high, middle], [y, y - 0.32, y, y + 0.32], color=ACCENT, linewidth=0, zorder=3)
        self._arrows(axes, y, row, ACCENT)

    def _arrows(self, axes: Any, y: int, row: _Row, color: str) -> None:
        """Mark the bounds that lie outside of the panel."""
        low, high = self.limits
        if 100 * row.low < low:
            axes.plot([low], [y], "<", color=color, markersize=5, clip_on=False, zorder=4)
        if 100 * row.high > high:
            axes.plot([high], [y], ">", color=color, markersize=5, clip_on=False, zorder=4)

    def _inside(self, value: float) -> float:
        low, high = self.limits
        return min(max(100 * value, low), high)


def interval_text(value: float | None, low: float, high: float) -> str:
    """Return a difference × 100 with its interval, only one of them where the other is not there.

    >>> interval_text(0.01, 0.005, 0.02), interval_text(None, -0.01, 0.02), interval_text(0.01, float("nan"), 0.0)
    ('+1.00 [+0.50, +2.00]', '[−1.00, +2.00]', '+1.00')
    """
    bounds = "" if math.isnan(low) else signed_interval(low, high)
    return " ".join(part for part in ("" if value is None else signed(value), bounds) if part)


def _rows(synthesis: ContrastSynthesis) -> Iterator[_Row]:
    yield from _study_rows(synthesis.pooled)
    for pooled in synthesis.both:
        if (result := pooled.result) is not None:
            name = f"mean by {pooled.by} (k = {result.k})"
            yield _Row("mean", name, result.estimate, result.low, result.high)
            if result.prediction_low is not None and result.prediction_high is not None:
                yield _Row("prediction", "new dataset", low=result.prediction_low, high=result.prediction_high)


def _study_rows(pooled: PooledStudies) -> Iterator[_Row]:
    """Yield the studies, by language below a row for each folder and base model."""
    shown = ""
    for study, weight in list(zip(pooled.studies, pooled.weights, strict=True))[:MAX_STUDIES]:
        name = _folder(study, several=_several_bases(pooled, study.folder))
        if pooled.by == "language":
            if name != shown:
                yield _Row("folder", name)
            shown, name = name, label(study.language, 12)
        kind: Literal["study", "unpooled"] = "unpooled" if weight is None else "study"
        yield _Row(kind, name, study.value, study.low, study.high, weight or 0.0)


def _several_bases(pooled: PooledStudies, folder: str) -> bool:
    return len({(study.base, study.entry) for study in pooled.studies if study.folder == folder}) > 1


def _folder(study: Study, *, several: bool) -> str:
    """Return the folder of a study, with its row where the folder has several."""
    name = shorten_middle(study.folder, _NAME)
    return f"{name} {shorten_middle(study.entry, 38 - len(name))}" if several else name


def _limits(rows: list[_Row]) -> tuple[float, float]:
    """Return the ends of the axis: all of the studies and 0, with room for what is wider, up to which that is drawn."""
    studies = [row for row in rows if row.kind in ("study", "unpooled")]
    known = [100 * x for row in studies for x in (row.value, row.low, row.high) if not math.isnan(x)]
    low, high = min([*known, -100 * MARGIN]), max([*known, 100 * MARGIN])
    room = _ROOM * (high - low)
    others = [100 * x for row in rows if row.kind in ("mean", "prediction") for x in (row.low, row.high)]
    edge = 0.04 * (high - low)
    return max(min([low, *others]), low - room) - edge, min(max([high, *others]), high + room) + edge
