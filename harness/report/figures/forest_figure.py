"""Differences to the baseline with their intervals, entries below each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures import svg
from harness.report.figures.labels import counted, label, listed, named
from harness.report.figures.svg import Figure
from harness.report.numbers import hundred, signed
from harness.report.table_view import Row, Score
from harness.stats.rules import MARGIN, is_shown

if TYPE_CHECKING:
    from markupsafe import Markup

MOST = 40  # entries
_NUMBERS = 128  # width of the column of numbers


def of_board(board: Leaderboard, rows: Sequence[Row]) -> Figure | None:
    """Return the picture, None where no entry is compared with the baseline."""
    compared = [row for row in rows if _compared(row)]
    if not compared:
        return None
    found = [row for row in rows if _compared(row) or (row.entry == board.baseline and not row.reasons)]
    title = f"Difference to {label(board.baseline)} in {label(board.primary)}, × 100"
    said = (title, _told(board, found[:MOST]))
    plot = _Plot(board, found[:MOST])
    drawing = svg.drawn("figure-forest", said, plot.height, plot)
    return Figure("forest", title, _found(board, compared), _reading(board, len(found)), drawing)


def _compared(row: Row) -> bool:
    return any(score and score.delta is not None for score in (row.average, *(box.score for box in row.boxes)))


def _step(board: Leaderboard) -> float:
    """Return the height of a row: with intervals of the languages below its own where they have names."""
    count = len(board.languages)
    return 20.0 if count == 1 else 15.0 + 5 * count if count <= svg.NAMED else 26.0


class _Plot:
    def __init__(self, board: Leaderboard, rows: Sequence[Row]) -> None:
        self.board, self.rows = board, rows
        self.several = len(board.languages) > 1
        self.named = board.languages if len(board.languages) <= svg.NAMED else ()
        self.names = [self._name(row) for row in rows]
        self.left = svg.margin(self.names)
        self.key = svg.Key(self._items(), self.left)
        self.tall = len(rows) * _step(board)
        self.height = self.key.height + self.tall + 56

    def __call__(self, canvas: Any) -> None:
        wide = svg.WIDTH - self.left - _NUMBERS - 10
        axes = svg.panel(canvas, (self.left, self.key.height + 14, wide, self.tall))
        svg.rows(axes, self.names)
        axes.axvspan(-100 * MARGIN, 100 * MARGIN, color=svg.SOFT, alpha=0.2, linewidth=0, zorder=0)
        axes.axvline(0, color=svg.INK, linewidth=1, zorder=1)
        for place, row in enumerate(self.rows):
            self._row(axes, place, row)
        svg.write(axes, (1 + _NUMBERS / wide, -0.8), "Δ [95 %]", ha="right", fontsize=svg.SMALL, color=svg.SOFT)
        axes.set_xlabel(f"worse than {label(self.board.baseline, 20)}  ←  Δ  →  better")
        self.key.draw(canvas, 0)

    def _items(self) -> list[tuple[str, dict[str, Any]]]:
        items = [("average" if self.several else label(self.board.languages[0], 12), _main(open_=False))]
        looks = [_small(i) for i in range(len(self.named))] if self.several else []
        items += [(label(language, 12), look) for language, look in zip(self.named, looks, strict=False)]
        if self.several and not self.named:
            items.append((f"each of {len(self.board.languages)} languages", {**_small(0), "color": svg.SOFT}))
        return items

    def _name(self, row: Row) -> str:
        return f"{label(row.entry, 28)} (baseline)" if row.entry == self.board.baseline else row.entry

    def _row(self, axes: Any, place: int, row: Row) -> None:
        score = row.average
        if row.entry == self.board.baseline:
            axes.plot([0], [place], "|", color=svg.INK, markersize=11, markeredgewidth=2)
            return
        if self.several:
            self._languages(axes, place, row)
        at = place - self._lift()
        text = "needs every language"
        if score and score.delta is not None:
            _interval(axes, at, score, color=svg.INK, linewidth=2.2)
            axes.plot([100 * score.delta], [at], **_main(open_=not _shown(score)), zorder=4)
            text = _number(score)
        svg.write(axes, (1 + _NUMBERS / _width(axes), place), text, ha="right", fontsize=svg.SMALL)

    def _lift(self) -> float:
        """Return how far above the middle of its row the average stands, in rows."""
        return 0.5 - 10 / _step(self.board) if self.several else 0.0

    def _languages(self, axes: Any, place: int, row: Row) -> None:
        step = _step(self.board)
        for i, box in enumerate(row.boxes):
            if box.score and box.score.delta is not None:
                at = place - self._lift() + (9 + 5 * i if self.named else 9) / step
                look = _small(i) if self.named else {**_small(0), "color": svg.SOFT, "alpha": 0.7}
                if self.named:
                    _interval(axes, at, box.score, color=look["color"], linewidth=0.9)
                axes.plot([100 * box.score.delta], [at], **look, zorder=3)


def _width(axes: Any) -> float:
    return float(axes.get_position().width * svg.WIDTH)


def _main(*, open_: bool) -> dict[str, Any]:
    face = svg.BACK if open_ else svg.INK
    return {
        "marker": "D",
        "markersize": 6.5,
        "color": svg.INK,
        "markerfacecolor": face,
        "markeredgewidth": 1.5,
        "linestyle": "none",
    }


def _small(i: int) -> dict[str, Any]:
    return {"marker": svg.MARKERS[i], "markersize": 3.8, "color": svg.HUES[i], "linestyle": "none"}


def _interval(axes: Any, at: float, score: Score, **look: Any) -> None:
    if score.delta_low is not None and score.delta_high is not None:
        axes.plot([100 * score.delta_low, 100 * score.delta_high], [at, at], solid_capstyle="butt", **look, zorder=2)


def _shown(score: Score) -> bool:
    return score.p is not None and is_shown(score.p)


def _number(score: Score) -> str:
    delta = signed(score.delta or 0.0)
    if score.delta_low is None or score.delta_high is None:
        return delta
    return f"{delta} [{hundred(score.delta_low)}, {hundred(score.delta_high)}]"


def _told(board: Leaderboard, rows: Sequence[Row]) -> str:
    parts = []
    for row in rows:
        if row.average and row.average.delta is not None:
            parts.append(f"{label(row.entry)}: {_number(row.average)}")
        else:
            parts.append(f"{label(row.entry)}: {'baseline' if row.entry == board.baseline else 'no average'}")
    return "; ".join(parts)


def _reading(board: Leaderboard, count: int) -> Markup:
    from markupsafe import Markup

    average = "the average of the languages" if len(board.languages) > 1 else label(board.languages[0])
    small = ", the small ones the languages" if len(board.languages) > 1 else ""
    cut = f" The first {MOST} of {counted(count, 'row')} are drawn." if count > MOST else ""
    return Markup.escape(
        f"A row an entry, in the order of the table; the diamond is {average}{small}, the bar its 95 % interval over "
        f"queries and seeds. Filled: p < .05, after Holm's correction. Within the band (± {hundred(MARGIN)}) two "
        f"entries are taken as equal.{cut}"
    )


def _found(board: Leaderboard, rows: Sequence[Row]) -> Markup:
    """Return in a sentence how many entries differ from the baseline, which way, and the best of them."""
    from markupsafe import Markup

    known = [(row.entry, row.average) for row in rows if row.average and row.average.delta is not None]
    if not known:
        return Markup("No entry has every language, and so no average.")
    above = [entry for entry, score in known if _shown(score) and (score.delta or 0) > 0]
    below = [entry for entry, score in known if _shown(score) and (score.delta or 0) < 0]
    rest = [entry for entry, score in known if entry not in above and entry not in below]
    best = max(known, key=lambda one: one[1].delta or 0.0)
    whole = counted(len(known), "entry")
    count = f"All {whole}" if len(above) == len(known) > 1 else f"{len(above)} of {whole}"
    parts = [Markup("{} score higher than {} (p &lt; .05)").format(count, named(board.baseline))]
    parts.append(
        Markup("{} lower{}").format(len(below) or "none", Markup(" ({})").format(listed(below)) if below else "")
    )
    if rest:
        parts.append(Markup("{} cannot be told from it ({})").format(len(rest), listed(rest)))
    return Markup("{}; the best is {}, {}.").format(Markup(", ").join(parts), named(best[0]), _number(best[1]))
