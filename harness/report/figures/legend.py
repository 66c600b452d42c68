"""The legend above the panels of a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.figures.labels import text_width
from harness.report.figures.palette import SMALL, WIDTH

_ROW_HEIGHT = 18.0


@dataclass(frozen=True)
class Legend:
    """Markers and lines with their meaning, (text, style) each, wrapped into rows that start at `left`."""

    items: Sequence[tuple[str, Mapping[str, Any]]]
    left: float

    @property
    def height(self) -> float:
        return _ROW_HEIGHT * (1 + max((row for _, row in self._positions()), default=-1))

    def draw(self, canvas: Any, top: float) -> None:
        """Draw the legend `top` points below the upper edge of the figure."""
        from matplotlib.lines import Line2D

        full_height = canvas.get_size_inches()[1] * 72
        for (text, style), (x, row) in zip(self.items, self._positions(), strict=True):
            height = 1 - (top + _ROW_HEIGHT * (row + 0.5)) / full_height
            ends = [x / WIDTH, (x + 18) / WIDTH]
            xs = ends if style.get("linestyle", "none") != "none" else [sum(ends) / 2]
            canvas.add_artist(Line2D(xs, [height] * len(xs), **style))
            canvas.text((x + 24) / WIDTH, height, text, fontsize=SMALL, va="center_baseline")

    def _positions(self) -> list[tuple[float, int]]:
        """Return the left end and the row of each item."""
        positions: list[tuple[float, int]] = []
        x, row = self.left, 0
        for text, _ in self.items:
            width = 40 + text_width(text, SMALL)
            if positions and x + width - 16 > WIDTH:
                x, row = self.left, row + 1
            positions.append((x, row))
            x += width
        return positions
