"""Where the vectors lie after training, against the score."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures import svg
from harness.report.figures.labels import counted, label
from harness.report.figures.svg import Figure
from harness.report.numbers import hundred
from harness.report.table_view import Row
from harness.results.record import Record
from harness.stats.agreement import spearman

if TYPE_CHECKING:
    from markupsafe import Markup

QUANTITIES = ("uniformity", "alignment")
MOST = 40  # entries
_LEFT = 48.0  # room for the numbers beside a panel
_TALL = 250.0


@dataclass(frozen=True)
class Point:
    """One entry in one language, means over its seeds."""

    entry: str
    language: str
    trained: bool
    uniformity: float
    alignment: float
    score: float


def of_board(board: Leaderboard, rows: Sequence[Row]) -> Figure | None:
    """Return the picture, None where no trained entry tells where its vectors lie."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in board.records:
        if record.geometry:
            groups.setdefault((record.entry, record.language), []).append(record)
    languages = board.languages[: svg.NAMED]
    cells = [(row.entry, language) for row in rows[:MOST] for language in languages]
    points = [_point(groups[cell], board.primary) for cell in cells if cell in groups]
    if len({point.entry for point in points}) < 2 or not any(point.trained for point in points):
        return None
    title = f"Uniformity and alignment against {label(board.primary)} × 100"
    words = [
        f"{label(one.entry)} in {label(one.language, 12)}: uniformity {one.uniformity:.2f}, alignment "
        f"{one.alignment:.2f}, score {hundred(one.score)}"
        for one in points
    ]
    plot = _Plot(languages, points, f"{label(board.primary)} × 100")
    drawing = svg.drawn("figure-geometry", (title, "; ".join(words)), plot.height, plot)
    return Figure("geometry", title, _found(languages, points), _reading(board, len(rows)), drawing)


def _point(records: Sequence[Record], measure: str) -> Point:
    return Point(
        entry=records[0].entry,
        language=records[0].language,
        trained=records[0].trained,
        uniformity=statistics.fmean(record.geometry["after"]["uniformity"] for record in records),
        alignment=statistics.fmean(record.geometry["after"]["alignment"] for record in records),
        score=statistics.fmean(record.measures[measure] for record in records),
    )


class _Plot:
    def __init__(self, languages: Sequence[str], points: Sequence[Point], measure: str) -> None:
        self.languages, self.points, self.measure = languages, points, measure
        self.key = svg.Key(self._items(), _LEFT)
        self.height = self.key.height + _TALL + 56

    def __call__(self, canvas: Any) -> None:
        self.key.draw(canvas, 0)
        wide = (svg.WIDTH - 2 * _LEFT - 16) / 2
        for i, quantity in enumerate(QUANTITIES):
            axes = svg.panel(canvas, (_LEFT + i * (wide + _LEFT), self.key.height + 12, wide, _TALL))
            for point in self.points:
                at = ([getattr(point, quantity)], [100 * point.score])
                look = self._look(point.language, open_=not point.trained)
                axes.plot(*at, **look, gid=svg.tip(f"{label(point.entry)}, {label(point.language, 12)}"))
            axes.locator_params(axis="x", nbins=6)
            axes.set_xlabel(f"{quantity}  (← better)")
            if i == 0:
                axes.set_ylabel(self.measure)

    def _items(self) -> list[tuple[str, dict[str, Any]]]:
        items = [(label(name, 12), self._look(name, open_=False)) for name in self.languages]
        if any(not point.trained for point in self.points):
            items.append(("not trained", {**self._look(self.languages[0], open_=True), "color": svg.SOFT}))
        return items

    def _look(self, language: str, *, open_: bool) -> dict[str, Any]:
        i = list(self.languages).index(language)
        face = {"markerfacecolor": svg.BACK} if open_ else {}
        size = 8 if open_ else 5.5
        return {"color": svg.HUES[i], "marker": svg.MARKERS[i], "markersize": size, "linestyle": "none", **face}


def _found(languages: Sequence[str], points: Sequence[Point]) -> Markup:
    """Return how the score goes with each quantity within the languages, as Spearman's ρ over entries."""
    from markupsafe import Markup

    parts = []
    for quantity in QUANTITIES:
        rhos = []
        for language in languages:
            own = [point for point in points if point.language == language]
            rho = spearman([getattr(point, quantity) for point in own], [point.score for point in own])
            if rho is not None:
                rhos.append(Markup("{:z.2f} (<bdi>{}</bdi>)").format(rho, label(language, 12)))
        parts.append(Markup("{} {}").format(quantity, Markup(", ").join(rhos) or "not defined"))
    return Markup("Spearman's ρ with the score over the entries of a language: {}.").format(Markup("; ").join(parts))


def _reading(board: Leaderboard, count: int) -> Markup:
    from markupsafe import Markup

    read = "A point an entry and language, the mean over its seeds, after training; both are better where lower."
    if count > MOST:
        read += f" The first {MOST} of {counted(count, 'entry')} are drawn."
    if len(board.languages) > svg.NAMED:
        read += f" The first {svg.NAMED} of {len(board.languages)} languages are drawn."
    return Markup('{} <a href="#geometry">The numbers</a>.').format(read)
