"""Every seed's score, a panel a language."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures import svg
from harness.report.figures.labels import counted, label, listed, named
from harness.report.figures.svg import Figure
from harness.report.numbers import hundred
from harness.report.table_view import Row

if TYPE_CHECKING:
    from markupsafe import Markup

MOST = 40  # entries
_STEP = 17.0  # height of a row
_ABREAST = 3  # panels beside each other


@dataclass(frozen=True)
class Strip:
    """One entry in one language: the primary measure of every seed, lowest seed first."""

    entry: str
    language: str
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return statistics.fmean(self.values)

    @property
    def spread(self) -> float | None:
        return statistics.stdev(self.values) if len(self.values) > 1 else None


def of_board(board: Leaderboard, rows: Sequence[Row]) -> Figure | None:
    """Return the picture, None where no entry has two seeds."""
    languages = board.languages[: svg.NAMED]
    strips = [_strip(board, row.entry, language) for row in rows for language in languages]
    found = [strip for strip in strips if strip and strip.spread is not None]
    if not found:
        return None
    entries = list(dict.fromkeys(strip.entry for strip in found))
    without = [row.entry for row in rows if row.entry not in entries and not row.reasons]
    title = f"{label(board.primary)} of every seed, × 100"
    shown = [strip for strip in found if strip.entry in entries[:MOST]]
    plot = _Plot(languages, entries[:MOST], shown)
    said = (title, "; ".join(map(_words, shown)))
    drawing = svg.drawn("figure-seeds", said, plot.height, plot)
    return Figure("seeds", title, _found(found), _reading(board, len(entries), without), drawing)


def _strip(board: Leaderboard, entry: str, language: str) -> Strip | None:
    scored = board.scored.get((entry, language))
    if scored is None:
        return None
    return Strip(entry, language, tuple(float(mean[0]) for _, mean in sorted(scored.means.items())))


class _Plot:
    def __init__(self, languages: Sequence[str], entries: Sequence[str], strips: Sequence[Strip]) -> None:
        self.languages, self.entries, self.strips = languages, entries, strips
        self.tall = _STEP * len(entries) + 8
        self.height = (self.tall + 44) * -(-len(languages) // _ABREAST)

    def __call__(self, canvas: Any) -> None:
        left, gap = svg.margin(self.entries), 14.0
        abreast = min(len(self.languages), _ABREAST)
        wide = (svg.WIDTH - left - gap * abreast) / abreast
        for i, language in enumerate(self.languages):
            down, across = divmod(i, _ABREAST)
            box = (left + across * (wide + gap), 20 + down * (self.tall + 44), wide, self.tall)
            axes = svg.panel(canvas, box)
            axes.set_title(label(language, 16), pad=5)
            svg.rows(axes, self.entries, labelled=across == 0)
            axes.locator_params(axis="x", nbins=4)
            self._strips(axes, [strip for strip in self.strips if strip.language == language])

    def _strips(self, axes: Any, strips: Sequence[Strip]) -> None:
        place = {entry: i for i, entry in enumerate(self.entries)}
        if not strips:
            return
        dots = [
            (100 * value, place[strip.entry] + 0.5 * (i / (len(strip.values) - 1) - 0.5))
            for strip in strips
            for i, value in enumerate(strip.values)
        ]
        means = [(100 * strip.mean, place[strip.entry]) for strip in strips]
        axes.plot(*zip(*means, strict=True), "|", color=svg.INK, markersize=13, markeredgewidth=1.2)
        axes.plot(*zip(*dots, strict=True), "o", markersize=4.2, markerfacecolor=svg.ACCENT, markeredgewidth=0)


def _words(strip: Strip) -> str:
    values = ", ".join(map(hundred, strip.values))
    spread = "" if strip.spread is None else f" (sd {hundred(strip.spread)})"
    return f"{label(strip.entry)} in {label(strip.language, 16)}: {values}{spread}"


def _found(strips: Sequence[Strip]) -> Markup:
    """Return how far seeds move a score, beside how far entries of a language lie apart."""
    from markupsafe import Markup

    spreads = [(strip.spread, strip) for strip in strips if strip.spread is not None]
    largest, widest = max(spreads, key=lambda one: one[0])
    return Markup(
        "From seed to seed a score moves by a standard deviation of {} in the median, and of {} at most ({} in {}); "
        "the entries' means of a language lie up to {} apart."
    ).format(
        hundred(statistics.median(spread for spread, _ in spreads)),
        hundred(largest),
        named(widest.entry),
        named(widest.language),
        hundred(_range(strips)),
    )


def _reading(board: Leaderboard, count: int, without: Sequence[str]) -> Markup:
    from markupsafe import Markup

    read = (
        "A dot a seed, the lowest seed uppermost, all over the same queries; the upright line is their mean. Every "
        "panel has a scale of its own."
    )
    if count > MOST:
        read += f" The first {MOST} of {counted(count, 'entry')} are drawn."
    if len(board.languages) > svg.NAMED:
        read += f" The first {svg.NAMED} of {len(board.languages)} languages are drawn."
    left_out = Markup(" Of one seed, and left out: {}.").format(listed(without)) if without else ""
    return Markup.escape(read) + left_out


def _range(strips: Sequence[Strip]) -> float:
    means: dict[str, list[float]] = {}
    for strip in strips:
        means.setdefault(strip.language, []).append(strip.mean)
    return max(max(own) - min(own) for own in means.values())
