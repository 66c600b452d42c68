"""Where entries may stand: the interval of each one's rank, and who is not told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures import svg
from harness.report.figures.labels import counted, label, listed, named
from harness.report.figures.svg import Figure
from harness.report.table_view import Row
from harness.stats.entry_scores import AVERAGE

if TYPE_CHECKING:
    from markupsafe import Markup

MOST = 40  # entries
_STEP = 18.0  # height of a row
_GROUP = 52  # width of the column of groups


@dataclass(frozen=True)
class Place:
    """One entry among all on the average of the languages."""

    entry: str
    rank: int
    best: int
    worst: int
    group: int


def of_board(board: Leaderboard, rows: Sequence[Row]) -> Figure | None:
    """Return the picture, None where fewer than two entries have an average."""
    found = _places(board, rows)
    if len(found) < 2:
        return None
    title = f"Rank on {label(board.primary)} with its 95 % interval"
    plot = _Plot(found[:MOST], len(found))
    said = (title, "; ".join(f"{label(one.entry)}: {_words(one)}" for one in found[:MOST]))
    return Figure(
        "ranks", title, _found(found), _reading(len(found)), svg.drawn("figure-ranks", said, plot.height, plot)
    )


def _places(board: Leaderboard, rows: Sequence[Row]) -> list[Place]:
    """Return the entries that have an average, in the order of the table."""
    known = {one.entry: one for one in board.evidence if one.language == AVERAGE}
    found = [known[row.entry] for row in rows if row.entry in known]
    means = [one.mean[0] for one in found]
    return [
        Place(
            entry=one.entry,
            rank=1 + sum(mean > one.mean[0] for mean in means),
            best=int(one.rank_best[0]),
            worst=int(one.rank_worst[0]),
            group=int(one.group[0]),
        )
        for one in found
    ]


class _Plot:
    def __init__(self, places: Sequence[Place], count: int) -> None:
        self.places, self.count = places, count
        self.height = _STEP * len(places) + 66

    def __call__(self, canvas: Any) -> None:
        names = [one.entry for one in self.places]
        left = svg.margin(names)
        wide = svg.WIDTH - left - _GROUP - 10
        axes = svg.panel(canvas, (left, 24, wide, _STEP * len(names)))
        svg.rows(axes, names)
        for row, one in enumerate(self.places):
            axes.plot([one.best - 0.2, one.worst + 0.2], [row, row], color=svg.ACCENT, linewidth=5, alpha=0.55)
            svg.write(axes, (1 + _GROUP / wide, row), str(one.group), ha="right")
        axes.plot([one.rank for one in self.places], range(len(names)), "D", color=svg.INK, markersize=5.5)
        svg.write(axes, (1 + _GROUP / wide, -1.05), "group", ha="right", color=svg.SOFT, fontsize=svg.SMALL)
        last = max(max(one.worst, one.rank) for one in self.places)
        axes.set_xlim(0.4, last + 0.6)
        axes.set_xticks(_ticks(last))
        axes.set_xlabel(f"rank among {counted(self.count, 'entry')} (1 is best)")


def _ticks(last: int) -> list[int]:
    """Return every rank, or where they are many the first and every fifth, tenth or so."""
    step = 1 if last <= 20 else 5 if last <= 60 else 10 * (1 + last // 200)
    return sorted({1, *range(step, last + 1, step)})


def _words(one: Place) -> str:
    return f"rank {one.rank}, {one.best} to {one.worst}, group {one.group}"


def _found(places: Sequence[Place]) -> Markup:
    from markupsafe import Markup

    first = [one.entry for one in places if one.group == 1]
    certain = [one.entry for one in places if one.best == one.worst]
    widest = max(places, key=lambda one: one.worst - one.best)
    lead = (
        Markup("{} is told apart from all others as the best").format(listed(first))
        if len(first) == 1
        else Markup("{} entries are not told apart from the best: {}").format(len(first), listed(first))
    )
    return lead + Markup("; {} of {} ranks {} certain; the widest interval is that of {}, {} to {}.").format(
        len(certain), len(places), "is" if len(certain) == 1 else "are", named(widest.entry), widest.best, widest.worst
    )


def _reading(count: int) -> Markup:
    from markupsafe import Markup

    read = (
        "The diamond is the rank by the mean, the bar the 95 % interval over resampled queries and seeds. Entries of "
        "one group are not told apart from its best (permutation test, Holm's correction)."
    )
    if count > MOST:
        read += f" The first {MOST} of {counted(count, 'entry')} are drawn."
    return Markup.escape(read)
