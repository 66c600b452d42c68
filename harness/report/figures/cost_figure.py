"""What a score costs: the average against the time of a cell."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures import svg
from harness.report.figures.labels import counted, label, listed, reach
from harness.report.figures.placing import along, beside
from harness.report.figures.svg import Figure
from harness.report.numbers import hundred
from harness.report.table_view import Row
from harness.results.record import Record

if TYPE_CHECKING:
    from markupsafe import Markup

MOST = 40  # entries
LOG_FROM = 10  # the times' largest by their smallest from which on their axis is logarithmic
MINUTES_FROM = 120.0  # seconds of the slowest entry from which on times are in minutes
_STEP = 12.5  # height of a name
_ASIDE = 70.0  # room for names beside the panel
_CACHED = frozenset({"train", "retrieve"})  # a cell that found one of these made is no measure of its time


@dataclass(frozen=True)
class Point:
    """One entry: the mean time of its cells and its average."""

    entry: str
    seconds: float
    score: float


def of_board(board: Leaderboard, rows: Sequence[Row]) -> Figure | None:
    """Return the picture, None where fewer than two entries have a time and an average."""
    scored = {row.entry: row.average.mean for row in rows if row.average}
    times = _times(board, scored)
    points = [Point(entry, times[entry], scored[entry]) for entry in scored if entry in times]
    if len(points) < 2:
        return None
    unit, size = ("minutes", 60.0) if max(point.seconds for point in points) >= MINUTES_FROM else ("seconds", 1.0)
    title = f"{label(board.primary)} × 100 against {unit} a cell"
    plot = _Plot(points[:MOST], unit, size, f"{label(board.primary)} × 100")
    words = [f"{label(one.entry)}: {one.seconds / size:.2f} {unit}, {hundred(one.score)}" for one in points[:MOST]]
    drawing = svg.drawn("figure-cost", (title, "; ".join(words)), plot.height, plot)
    without = [entry for entry in scored if entry not in times]
    return Figure("cost", title, _found(points), _reading(len(points), without), drawing)


def _times(board: Leaderboard, entries: Mapping[str, float]) -> dict[str, float]:
    """Return the mean seconds of each entry's cells that were computed, entries without such a cell left out."""
    found: dict[str, list[float]] = {}
    for record in board.records:
        if record.entry in entries and record.seconds > 0 and not _from_cache(record):
            found.setdefault(record.entry, []).append(record.seconds)
    return {entry: statistics.fmean(seconds) for entry, seconds in found.items()}


def _from_cache(record: Record) -> bool:
    return any(run.cached and run.stage in _CACHED for run in record.stages)


def best(points: Sequence[Point]) -> list[Point]:
    """Return the entries that no other one beats in score in the same time or less, fastest first."""
    found: list[Point] = []
    for point in sorted(points, key=lambda point: (point.seconds, -point.score)):
        if not found or point.score > found[-1].score:
            found.append(point)
    return found


class _Plot:
    def __init__(self, points: Sequence[Point], unit: str, size: float, measure: str) -> None:
        self.points, self.unit, self.size, self.measure = points, unit, size, measure
        self.tall = 300.0 + 5 * len(points)
        self.height = self.tall + 60

    def __call__(self, canvas: Any) -> None:
        from matplotlib.ticker import LogLocator

        wide = svg.WIDTH - 50 - _ASIDE
        axes = svg.panel(canvas, (50, 10, wide, self.tall))
        front = best(self.points)
        line = ([point.seconds / self.size for point in front], [100 * point.score for point in front])
        axes.plot(*line, drawstyle="steps-post", color=svg.SOFT, linestyle=(0, (4, 3)), linewidth=1, zorder=1)
        for point in self.points:
            face = svg.ACCENT if point in front else svg.BACK
            at = ([point.seconds / self.size], [100 * point.score])
            axes.plot(*at, "o", color=svg.ACCENT, markerfacecolor=face, markersize=6.5, markeredgewidth=1.4, zorder=3)
        times = [point.seconds for point in self.points]
        if max(times) > LOG_FROM * min(times):
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.minorticks_off()
        axes.margins(0.06)
        axes.set_xlabel(f"{self.unit} a cell{', logarithmic' if axes.get_xscale() == 'log' else ''}")
        axes.set_ylabel(self.measure)
        self._names(axes, front, wide)

    def _names(self, axes: Any, front: Sequence[Point], wide: float) -> None:
        """Write the names beside their points, with a line where there is no room next to one."""
        axes.autoscale_view()  # from here on points have their places
        corner = axes.transAxes.transform((0, 0))
        steps = [(after.seconds, score) for before, after in pairwise(front) for score in (before.score, after.score)]
        line = self._places(axes, [(front[0].seconds, front[0].score), *steps])
        places = self._places(axes, [(point.seconds, point.score) for point in self.points])
        names = [label(point.entry) for point in self.points]
        sizes = [(reach(name, svg.SMALL) + 2, _STEP) for name in names]
        spots = beside(places, sizes, (wide + _ASIDE, self.tall), along(line))
        for name, at, found in zip(names, places, spots, strict=True):
            if found is None:
                continue
            if found.end:
                ends = zip(at, found.end, strict=True)
                leader = [[shift + value for value in both] for shift, both in zip(corner, ends, strict=True)]
                axes.plot(*leader, transform=None, color=svg.SOFT, linewidth=0.6, zorder=2)
            left, bottom, right, top = found.box
            side = "left" if left >= at[0] else "right" if right <= at[0] else "center"
            across = {"left": left, "right": right, "center": (left + right) / 2}[side]
            where = (corner[0] + across, corner[1] + (bottom + top) / 2)
            axes.text(*where, name, transform=None, fontsize=svg.SMALL, ha=side, va="center_baseline")

    def _places(self, axes: Any, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Return where (seconds, score) lie in the panel, counted from its lower left corner."""
        data = [(seconds / self.size, 100 * score) for seconds, score in points]
        shown = axes.transData.transform(data) - axes.transAxes.transform((0, 0))
        return [(float(across), float(up)) for across, up in shown]


def _found(points: Sequence[Point]) -> Markup:
    from markupsafe import Markup

    front = best(points)
    others = len(points) - len(front)
    found = Markup("{} {} beaten by no other entry in both score and time").format(
        listed([point.entry for point in front]), "is" if len(front) == 1 else "are"
    )
    return found + (f"; the {counted(others, 'other')} {'is' if others == 1 else 'are'}." if others else ".")


def _reading(count: int, without: Sequence[str]) -> Markup:
    from markupsafe import Markup

    read = (
        "The time is the mean over the cells that were computed here, from reading to scoring, on whatever machine "
        "they ran; what cells share (mined negatives, experts' scores) counts for the one that made it first. Filled, "
        "and along the dashed line: the highest score within a time."
    )
    if count > MOST:
        read += f" The first {MOST} of {counted(count, 'entry')} are drawn."
    left_out = Markup(" Without a time of its own, its cells having come from the cache: {}.").format(listed(without))
    return Markup.escape(read) + (left_out if without else "")
