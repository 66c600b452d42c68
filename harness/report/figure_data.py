"""What the figures of the page are drawn of besides the numbers of the tables, as the page's script reads it.

    seeds           [measure][entry][language]: the score of each seed, lowest first; null with fewer than two
    geometry        [entry][language], the average last: uniformity, alignment, whether trained; null where unknown
    losses          [entry][language], the average last: the loss of the first and of the last tenth of the steps as
                    text, whether it fell; null where no curve is drawn
    names           of each entry: its name, the name beside a point, each with its width in font sizes
    language_names  of each language, the average last: its name, its width in font sizes
    baseline_names  as in `names`, of the page's baseline
    rules           harness.report.figures.drawing_rules

Scores and vectors are rounded to seven decimals.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures.drawing_rules import RULES
from harness.report.figures.labels import label, shorten_middle, text_width
from harness.report.figures.learning_figure import loss_ends
from harness.report.sweep_names import names_for_readers
from harness.report.table_view import Row
from harness.results.cell_cost import cell_cost
from harness.results.record import Record
from harness.stats.entry_scores import AVERAGE

_DIGITS = 7
_BESIDE_POINT = 20  # characters of an entry's name beside a point
_LANGUAGE = 16  # characters of a language's name


def figure_data(board: Leaderboard, rows: Sequence[Row]) -> dict[str, Any]:
    """Return what the figures need for the entries of the page in their order."""
    entries = [row.entry for row in rows]
    return {
        "seeds": [
            [[_seed_scores(board, entry, language, i) for language in board.languages] for entry in entries]
            for i in range(len(board.measures))
        ],
        "geometry": [_geometry(board, entry) for entry in entries],
        "losses": loss_ends(board, rows),
        "names": [_names(row.name) for row in rows],
        "language_names": [_sized(label(language, _LANGUAGE)) for language in (*board.languages, AVERAGE)],
        "baseline_names": _names(names_for_readers(board)[board.baseline_name]),
        "rules": RULES,
    }


def entry_seconds(board: Leaderboard) -> dict[str, float]:
    """Return the mean seconds that computing each entry's cells takes, without entries whose records do not say."""
    seconds: dict[str, list[float]] = {}
    for record in board.records:
        if (cost := cell_cost(record)) is not None and cost.seconds:
            seconds.setdefault(record.entry, []).append(cost.seconds)
    return {entry: round(statistics.fmean(values), _DIGITS) for entry, values in seconds.items()}


def _names(name: str) -> list[str | float]:
    return [*_sized(label(name)), *_sized(shorten_middle(name, _BESIDE_POINT))]


def _sized(text: str) -> list[str | float]:
    return [text, round(text_width(text, 1.0), 2)]


def _seed_scores(board: Leaderboard, entry: str, language: str, measure: int) -> list[float] | None:
    scored = board.scored.get((entry, language))
    if scored is None or len(scored.by_seed) < 2:
        return None
    return [round(float(means[measure]), _DIGITS) for _, means in sorted(scored.means.items())]


def _geometry(board: Leaderboard, entry: str) -> list[list[Any] | None] | None:
    """Return the geometry of an entry in each language and on average, None where it has none at all."""
    points = [_geometry_point(board, entry, each) for each in (*([name] for name in board.languages), board.languages)]
    return points if any(points) else None


def _geometry_point(board: Leaderboard, entry: str, languages: Sequence[str]) -> list[Any] | None:
    """Return the mean of an entry over its seeds in each language and over the languages, None where one is missing."""
    cells = [[r for r in board.records_by_pair.get((entry, each), ()) if r.geometry] for each in languages]
    if not all(cells):
        return None

    def mean(value: Callable[[Record], float]) -> float:
        return round(statistics.fmean(statistics.fmean(map(value, records)) for records in cells), _DIGITS)

    return [
        mean(lambda record: record.geometry["after"]["uniformity"]),
        mean(lambda record: record.geometry["after"]["alignment"]),
        cells[0][0].trained,
    ]
