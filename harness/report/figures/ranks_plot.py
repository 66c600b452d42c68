"""The drawing of ranks: one row per entry with its rank, the interval of the rank, and its letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import quantity
from harness.report.figures.axes import add_panel, label_margin, set_rows, write_text
from harness.report.figures.palette import ACCENT, INK, SMALL, SOFT, WIDTH

_ROW_HEIGHT = 18.0
_LETTERS_WIDTH = 52  # of the column of letters


@dataclass(frozen=True)
class EntryRank:
    """The rank of one entry among all entries by the average of the languages."""

    entry: str
    rank: int
    best: int
    worst: int
    letters: str
    tied: bool  # not shown to differ from the highest


class RanksPlot:
    """`count` is the number of entries that are ranked, of which `ranks` are drawn."""

    def __init__(self, ranks: Sequence[EntryRank], count: int) -> None:
        self.ranks, self.count = ranks, count
        self.height = _ROW_HEIGHT * len(ranks) + 66

    def __call__(self, canvas: Any) -> None:
        names = [rank.entry for rank in self.ranks]
        left = label_margin(names)
        width = WIDTH - left - _LETTERS_WIDTH - 10
        axes = add_panel(canvas, (left, 24, width, _ROW_HEIGHT * len(names)))
        set_rows(axes, names)
        for row, rank in enumerate(self.ranks):
            axes.plot([rank.best - 0.2, rank.worst + 0.2], [row, row], color=ACCENT, linewidth=5, alpha=0.55)
            write_text(axes, (1 + _LETTERS_WIDTH / width, row), rank.letters, ha="right")
        axes.plot([rank.rank for rank in self.ranks], range(len(names)), "D", color=INK, markersize=5.5)
        write_text(axes, (1 + _LETTERS_WIDTH / width, -1.05), "letters", ha="right", color=SOFT, fontsize=SMALL)
        last = max(max(rank.worst, rank.rank) for rank in self.ranks)
        axes.set_xlim(0.4, last + 0.6)
        axes.set_xticks(_ticks(last))
        axes.set_xlabel(f"rank among {quantity(self.count, 'entry')} (1 is best)")


def _ticks(last: int) -> list[int]:
    """Return every rank up to 20, otherwise the first and every fifth, tenth or more."""
    step = 1 if last <= 20 else 5 if last <= 60 else 10 * (1 + last // 200)
    return sorted({1, *range(step, last + 1, step)})
