"""The loss over training, a panel an entry."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures import svg
from harness.report.figures.labels import counted, label, listed, squeezed
from harness.report.figures.svg import Figure
from harness.report.table_view import Row
from harness.results.record import Record

if TYPE_CHECKING:
    from markupsafe import Markup

MOST = 24  # panels
POINTS = 100  # of a line; a panel is about as many wide
ALL_POINTS = 6000  # of all lines together, where they are many
FEWEST = 50  # of a line even then
_ABREAST = 4
_LEFT = 39.0  # room for the numbers beside a panel
_TALL = 78.0  # height of a panel
_PITCH = _TALL + 42
_ENDS = 0.1  # share of the steps that is the start, and the end, of training


@dataclass(frozen=True)
class Curve:
    """One entry in one language: over all seeds, the mean, the lowest and the highest loss at each of `steps`."""

    entry: str
    language: str
    steps: tuple[float, ...]
    means: tuple[float, ...]
    lowest: tuple[float, ...]
    highest: tuple[float, ...]
    each: int  # so many steps' mean is one point
    seeds: int

    @property
    def ends(self) -> tuple[float, float]:
        """The mean loss of the first and of the last tenth."""
        count = max(1, round(len(self.means) * _ENDS))
        return statistics.fmean(self.means[:count]), statistics.fmean(self.means[-count:])


def of_board(board: Leaderboard, rows: Sequence[Row]) -> Figure | None:
    """Return the picture, None where no record has a loss at two steps."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in board.records:
        groups.setdefault((record.entry, record.language), []).append(record)
    languages = board.languages[: svg.NAMED]
    cells = [(row.entry, language) for row in rows for language in languages]
    told = [cell for cell in cells if any(len(_losses(record)) > 1 for record in groups.get(cell, []))]
    entries = list(dict.fromkeys(entry for entry, _ in told))
    most = points(len([entry for entry, _ in told if entry in entries[:MOST]]))
    shown: dict[str, list[Curve]] = {}
    for cell in told:
        if cell[0] in entries[:MOST] and (curve := _curve(groups[cell], most)):
            shown.setdefault(curve.entry, []).append(curve)
    if not shown:
        return None
    title = "Loss over the steps of training"
    plot = _Plot(languages, shown)
    words = "; ".join(_words(curve) for curves in shown.values() for curve in curves)
    drawing = svg.drawn("figure-learning", (title, words), plot.height, plot)
    return Figure("learning", title, _found(shown), _reading(board, shown, len(entries)), drawing)


def points(lines: int) -> int:
    """Return how many points each of so many lines may have."""
    return max(FEWEST, min(POINTS, ALL_POINTS // max(lines, 1)))


def _curve(records: Sequence[Record], most: int) -> Curve | None:
    """Return the curve of an entry in a language, over as many steps as all its seeds have."""
    told = [(record, own) for record in records if (own := _losses(record))]
    series = [own for _, own in told]
    count = min((len(own) for own in series), default=0)
    if count < 2:
        return None
    each = -(-count // most)
    starts = range(0, count, each)
    thinned = [[statistics.fmean(own[at : min(at + each, count)]) for at in starts] for own in series]
    columns = list(zip(*thinned, strict=True))
    return Curve(
        entry=records[0].entry,
        language=records[0].language,
        steps=tuple((at + min(at + each, count) + 1) / 2 * _steps(told[0][0], count) / count for at in starts),
        means=tuple(map(statistics.fmean, columns)),
        lowest=tuple(map(min, columns)),
        highest=tuple(map(max, columns)),
        each=each,
        seeds=len(series),
    )


def _losses(record: Record) -> list[float]:
    """Return the finite losses that a record tells, in the order of the steps."""
    training = record.provenance.get("training")
    losses = training.get("losses") if isinstance(training, Mapping) else None
    if not isinstance(losses, list | tuple):
        return []
    numbers = [loss for loss in losses if isinstance(loss, int | float) and not isinstance(loss, bool)]
    return [float(loss) for loss in numbers if math.isfinite(loss)]


def _steps(record: Record, count: int) -> float:
    """Return the steps of training, those that are logged where the record does not say."""
    steps = record.provenance["training"].get("steps")
    return float(steps) if isinstance(steps, int) and steps >= count else float(count)


class _Plot:
    def __init__(self, languages: Sequence[str], found: Mapping[str, Sequence[Curve]]) -> None:
        self.languages, self.found = languages, found
        self.key = svg.Key([(label(name, 12), self._look(name)) for name in languages], _LEFT)
        self.height = self.key.height + _PITCH * -(-len(found) // _ABREAST) + 4

    def __call__(self, canvas: Any) -> None:
        self.key.draw(canvas, 0)
        wide = (svg.WIDTH - 8) / _ABREAST
        for i, (entry, curves) in enumerate(self.found.items()):
            down, across = divmod(i, _ABREAST)
            axes = svg.panel(canvas, (_LEFT + across * wide, self.key.height + 20 + down * _PITCH, wide - _LEFT, _TALL))
            axes.set_title(squeezed(entry, 20), pad=4, fontsize=svg.SMALL + 0.5)
            for curve in curves:
                self._curve(axes, curve)
            axes.locator_params(axis="both", nbins=4)
            axes.locator_params(axis="x", integer=True)

    def _look(self, language: str) -> dict[str, Any]:
        i = list(self.languages).index(language)
        return {"color": svg.HUES[i], "linestyle": svg.DASHES[i], "linewidth": 1.1}

    def _curve(self, axes: Any, curve: Curve) -> None:
        look = self._look(curve.language)
        if curve.seeds > 1:
            axes.fill_between(curve.steps, curve.lowest, curve.highest, color=look["color"], alpha=0.25, linewidth=0)
        axes.plot(curve.steps, curve.means, **look)


def _words(curve: Curve) -> str:
    first, last = curve.ends
    return f"{label(curve.entry)} in {label(curve.language, 12)}: {first:.3g} to {last:.3g}"


def _found(found: Mapping[str, Sequence[Curve]]) -> Markup:
    """Return of how many entries the loss fell."""
    from markupsafe import Markup

    still = [entry for entry, curves in found.items() if not all(curve.ends[1] < curve.ends[0] for curve in curves)]
    fell = len(found) - len(still)
    said = Markup("From the first tenth of the steps to the last, the loss fell in every language for {} of {}").format(
        fell, counted(len(found), "entry")
    )
    return said + (Markup("; not for {}.").format(listed(still)) if still else ".")


def _reading(board: Leaderboard, found: Mapping[str, Sequence[Curve]], count: int) -> Markup:
    from markupsafe import Markup

    curves = [curve for own in found.values() for curve in own]
    read = "A line a language, the mean over seeds"
    if any(curve.seeds > 1 for curve in curves):
        read += ", with the range of the seeds"
    read += (
        "; steps go to the right. Every panel has scales of its own: losses are of different kinds, and not to be "
        "compared between entries."
    )
    each = max(curve.each for curve in curves)
    if each > 1:
        read += f" Long lines are thinned: each of their points is the mean of up to {each} consecutive steps."
    if count > MOST:
        read += f" The first {MOST} of {counted(count, 'entry')} are drawn."
    if len(board.languages) > svg.NAMED:
        read += f" The first {svg.NAMED} of {len(board.languages)} languages are drawn."
    return Markup.escape(read)
