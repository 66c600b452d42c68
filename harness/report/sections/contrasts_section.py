"""The contrasts of a leaderboard: what papers claim of a method over its control, beside what was measured of it.

A view is the contrasts in one language, or averaged, on one measure; the page holds all views and shows one. Contrasts
over a trained control come before those over what is not trained, which nearly any training beats. Direct
verdicts are those of the claims that are comparable with the run (harness.evidence.claims.judging); without any, the
transfer verdict stands (harness.evidence.contrasts.transfer), beside what differs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import quantity
from harness.evidence.contrasts.measured import MeasuredContrast
from harness.evidence.contrasts.published import PublishedDifference
from harness.evidence.contrasts.transfer import Difference
from harness.evidence.leaderboard import Leaderboard
from harness.report import spreadsheet
from harness.report.numbers import or_none, p_value
from harness.report.sections.claim_words import UNSTATED
from harness.report.sections.settling import settling
from harness.report.sweep_names import entry_names
from harness.report.table_view import difference_note
from harness.stats.entry_scores import AVERAGE

CSV = "contrasts.csv"
NUMBERS = ("published", "difference", "ci_low", "ci_high", "p", "p_equivalence", "minimum_detectable")
COLUMNS = (
    *("paper", "statement", "entry", "control", "claimed", "language", "measure", *NUMBERS),
    *("published_language", "published_measure", "one_seed", "verdict", "direct_verdicts", "differs", "source"),
)
SHAPES = {  # of a chip: a verdict is told by its word and its shape, never by colour alone
    "reproduced": "check",
    "direction only": "half",
    "not reproduced": "cross",
    "inconclusive (underpowered)": "open",
    "same direction": "same",
    "reversed": "reversed",
    "equivalent": "equal",
    "undecided": "open",
}
NAMED = ("not reproduced", "reversed")  # whose contrasts the headline names
LIMITS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # half-widths of the axis, in units of the measure


@dataclass(frozen=True)
class Mark:
    """Positions on the axis in percent of its width; None where there is nothing, or where it lies beyond the axis.

    `beyond` is "low" or "high" where the measured difference lies beyond the axis, and "" elsewhere; `published_beyond`
    is the same of the published one.
    """

    value: float | None
    low: float
    high: float
    published: float | None
    beyond: str
    published_beyond: str


@dataclass(frozen=True)
class ContrastRow:
    """One contrast in one view."""

    contrast: MeasuredContrast
    names: tuple[str, str]  # of entry and control; of a swept entry the short one
    difference: Difference
    published: PublishedDifference | None
    words: tuple[tuple[str, str], ...]  # verdict, its languages ("" for a transfer verdict)
    mark: Mark
    settles: str  # what would settle an undecided one

    @property
    def published_place(self) -> str:
        """The measure and language of the published difference."""
        if self.published is None:
            return ""
        language = "language not stated" if self.published.language == UNSTATED else self.published.language
        return f"{self.published.measure}, {language}"

    @property
    def p_text(self) -> str:
        """Holm's p, or why there is none."""
        difference = self.difference
        return difference_note(difference.identical, difference.blind) or p_value(or_none(difference.p))


@dataclass(frozen=True)
class View:
    """The contrasts of one measure in one language, or averaged. `limit`: the half-width of the axis."""

    measure: str
    language: str
    headline: str
    limit: float
    rows: tuple[ContrastRow, ...]


def contrast_views(board: Leaderboard) -> list[View]:
    """Return the views, the primary measure and the average first."""
    found = {language for contrast in board.measured_contrasts for language in contrast.differences}
    languages = [language for language in (AVERAGE, *board.languages) if language in found]
    short = entry_names(board)
    return [_view(board, i, language, short) for i in range(len(board.measures)) for language in languages]


def shown_views(board: Leaderboard, views: Iterable[View]) -> list[View]:
    """Return the views without those that say the same twice: of one language, the average of it."""
    return [view for view in views if view.language in (board.overall, *board.languages)]


def _view(board: Leaderboard, measure: int, language: str, short: Mapping[str, str]) -> View:
    measured = [contrast for contrast in board.measured_contrasts if language in contrast.differences]
    contrasts = sorted(measured, key=lambda contrast: not board.results.trains(contrast.control.name))
    differences = [contrast.differences[language][measure] for contrast in contrasts]
    trained = [board.results.trains(contrast.control.name) for contrast in contrasts]
    limit = axis_limit([each for each, own in zip(differences, trained, strict=True) if own] or differences)
    rows = tuple(
        ContrastRow(
            contrast,
            (_named(contrast.entry.name, short), _named(contrast.control.name, short)),
            difference,
            published := _published(contrast, language, board.measures[measure]),
            words := _words(contrast, language, measure, board.measures[measure]),
            _mark(difference, published, limit),
            settling(board, contrast, language, difference) if words[0][0] == "undecided" else "",
        )
        for contrast, difference in zip(contrasts, differences, strict=True)
    )
    return View(board.measures[measure], language, headline(rows), limit, rows)


def _named(entry: str, short: Mapping[str, str]) -> str:
    return short.get(entry, entry)


def _published(contrast: MeasuredContrast, language: str, measure: str) -> PublishedDifference | None:
    """Return the published difference nearest to a view: same measure and language, same language, or the main one."""
    differences = contrast.published.differences
    for fits in (
        lambda each: (each.language, each.measure) == (language, measure),
        lambda each: each.language == language,
    ):
        if found := next(filter(fits, differences), None):
            return found
    return contrast.published.main


def _words(contrast: MeasuredContrast, language: str, measure: int, name: str) -> tuple[tuple[str, str], ...]:
    """Return the direct verdicts of a view with their languages, else its transfer verdict."""
    languages: dict[str, list[str]] = {}
    for line in contrast.direct:
        if line.claim.measure == name and language in (AVERAGE, line.claim.language):
            languages.setdefault(line.verdict, []).append(line.claim.language)
    direct = tuple((word, ", ".join(of)) for word, of in languages.items())
    return direct or ((contrast.word(language, measure), ""),)


def headline(rows: Sequence[ContrastRow]) -> str:
    """Return the finding on the contrasts in one sentence, "" without any.

    Two papers may claim the same two rows: the names are given once.
    """
    groups: dict[str, list[str]] = {}
    for row in rows:
        for word, _ in row.words[:1]:
            groups.setdefault(word, []).append(" over ".join(row.names))
    if not groups:
        return ""
    parts = [_group(word, groups[word], all_same=len(groups) == 1) for word in SHAPES if word in groups]
    return f"Of {quantity(len(rows), 'published contrast')} measured here: {'; '.join(parts)}."


def _group(word: str, names: Sequence[str], *, all_same: bool) -> str:
    listed = list(dict.fromkeys(names))
    named = f" ({', '.join(listed)})" if word in NAMED and len(listed) <= 3 else ""
    return f"{'all' if all_same and len(names) > 1 else len(names)} {word}{named}"


def differing(board: Leaderboard) -> list[str]:
    """Return the names of what differs from the published settings, of all contrasts together, most frequent first."""
    names = Counter(text.partition(" (")[0] for contrast in board.measured_contrasts for text in contrast.differs)
    return [name for name, _ in names.most_common()]


def axis_limit(differences: Sequence[Difference]) -> float:
    """Return the half-width of the axis: the smallest that holds the intervals of at least half of the differences."""
    reaches = [
        max(abs(bound) for bound in (each.value, each.low, each.high) if not math.isnan(bound)) for each in differences
    ]
    return next((limit for limit in LIMITS if 2 * sum(reach <= limit for reach in reaches) >= len(reaches)), 1.0)


def _mark(difference: Difference, published: PublishedDifference | None, limit: float) -> Mark:
    def place(value: float) -> float:
        return round(50 + 50 * max(-limit, min(limit, value)) / limit, 2)

    def beyond(value: float) -> str:
        return "" if abs(value) <= limit else "high" if value > 0 else "low"

    ends = [difference.value if math.isnan(bound) else bound for bound in (difference.low, difference.high)]
    there = None if published is None else published.value
    return Mark(
        value=None if beyond(difference.value) else place(difference.value),
        low=place(ends[0]),
        high=place(ends[1]),
        published=None if there is None or beyond(there) else place(there),
        beyond=beyond(difference.value),
        published_beyond="" if there is None else beyond(there),
    )


def csv(board: Leaderboard, views: Iterable[View]) -> str:
    """Return every contrast, language and measure as CSV, numbers unrounded, missing numbers as empty fields."""
    return spreadsheet.to_csv(COLUMNS, rows(board, views))


def rows(board: Leaderboard, views: Iterable[View]) -> Iterator[list[object]]:
    """Yield every contrast, language and measure in the order of COLUMNS, "" for a missing number."""
    for view in views:
        for row in view.rows:
            contrast, difference, published = row.contrast, row.difference, row.published
            numbers = [difference.value, difference.low, difference.high, difference.p, difference.p_equivalence]
            measure = board.measures.index(view.measure)
            yield [
                contrast.published.paper,
                contrast.published.statement,
                contrast.entry.name,
                contrast.control.name,
                contrast.published.claimed,
                view.language,
                view.measure,
                published.value if published else "",
                *("" if or_none(number) is None else number for number in (*numbers, difference.detectable)),
                *((published.language, published.measure) if published else ("", "")),
                "yes" if difference.blind else "",
                contrast.word(view.language, measure),
                "; ".join(f"{word} ({languages})" for word, languages in row.words if languages),
                "; ".join(contrast.differs),
                contrast.published.source,
            ]
