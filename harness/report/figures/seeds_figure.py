"""The score of every seed, one panel per language."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures.captions import MAX_ENTRIES, entry_limit_note, language_limit_note
from harness.report.figures.figure import Figure
from harness.report.figures.labels import label, name_list, name_markup
from harness.report.figures.palette import MAX_LANGUAGES
from harness.report.figures.seeds_plot import SeedScores, SeedsPlot
from harness.report.figures.svg import render_svg
from harness.report.numbers import hundred
from harness.report.table_view import Row

if TYPE_CHECKING:
    from markupsafe import Markup


def seeds_figure(board: Leaderboard, rows: Sequence[Row]) -> Figure | None:
    """Return the figure, None if no entry has two seeds."""
    languages = board.languages[:MAX_LANGUAGES]
    candidates = [_seed_scores(board, row, language) for row in rows for language in languages]
    repeated = [scores for scores in candidates if scores and scores.sd is not None]
    if not repeated:
        return None
    entries = list(dict.fromkeys(scores.entry for scores in repeated))
    single_seed = [row.name for row in rows if row.name not in entries and not row.reasons]
    title = f"{label(board.primary)} of every seed, × 100"
    shown = [scores for scores in repeated if scores.entry in entries[:MAX_ENTRIES]]
    plot = SeedsPlot(languages, entries[:MAX_ENTRIES], shown)
    svg = render_svg("figure-seeds", title, "; ".join(map(_scores_text, shown)), plot.height, plot)
    return Figure("seeds", title, _caption(repeated), _reading(board, len(entries), single_seed), svg)


def _seed_scores(board: Leaderboard, row: Row, language: str) -> SeedScores | None:
    scored = board.scored.get((row.entry, language))
    if scored is None:
        return None
    return SeedScores(row.name, language, tuple(float(mean[0]) for _, mean in sorted(scored.means.items())))


def _scores_text(scores: SeedScores) -> str:
    values = ", ".join(map(hundred, scores.values))
    sd = "" if scores.sd is None else f" (sd {hundred(scores.sd)})"
    return f"{label(scores.entry)} in {label(scores.language, 16)}: {values}{sd}"


def _caption(repeated: Sequence[SeedScores]) -> Markup:
    """Return the spread of a score over seeds, compared with the spread over the entries of a language."""
    from markupsafe import Markup

    deviations = [(scores.sd, scores) for scores in repeated if scores.sd is not None]
    largest, widest = max(deviations, key=lambda pair: pair[0])
    return Markup(
        "From seed to seed a score moves by a standard deviation of {} in the median, and of {} at most ({} in {}); "
        "the entries' means of a language lie up to {} apart."
    ).format(
        hundred(statistics.median(sd for sd, _ in deviations)),
        hundred(largest),
        name_markup(widest.entry),
        name_markup(widest.language),
        hundred(_range_of_means(repeated)),
    )


def _range_of_means(repeated: Sequence[SeedScores]) -> float:
    """Return the largest range of the entries' means in a language."""
    means_by_language: dict[str, list[float]] = {}
    for scores in repeated:
        means_by_language.setdefault(scores.language, []).append(scores.mean)
    return max(max(means) - min(means) for means in means_by_language.values())


def _reading(board: Leaderboard, count: int, single_seed: Sequence[str]) -> Markup:
    from markupsafe import Markup

    text = (
        "One dot per seed, lowest on top, all over the same queries; the upright line is their mean. All "
        f"panels have one scale.{entry_limit_note(count)}{language_limit_note(board.languages)}"
    )
    left_out = Markup(" Of one seed, and left out: {}.").format(name_list(single_seed)) if single_seed else ""
    return Markup.escape(text) + left_out
