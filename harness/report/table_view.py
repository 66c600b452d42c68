"""The leaderboard as every form of the report shows it: one table per measure, one row per entry, one box per language.

Rows have the same order in every table: by the average of the primary measure (of one language: by its score), best
first; then entries without it; then entries with failed cells only; at last the anchors, which train nothing and encode
nothing (BM25).
Numbers are in units of the measure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from harness.errors import one_line
from harness.evidence.leaderboard import Leaderboard
from harness.machine.stage_run import Cost
from harness.report.numbers import or_none
from harness.report.page_links import Source, entry_link, source
from harness.report.sweep_names import entry_names
from harness.results.cell_cost import cell_cost
from harness.results.record import Record, records_by_pair
from harness.stats.entry_statistics import EntryStatistics
from harness.stats.letters import share_letter

Standing = Literal["best", "tied", ""]  # the highest trained entry, or not shown to differ from it

ONE_SEED = "one seed"  # note of a difference of which a side is trained and has one seed


@dataclass(frozen=True)
class Place:
    """The 95 % interval of a rank, and the letters: two entries share one where they are not shown to differ."""

    best: int
    worst: int
    letters: str

    @property
    def ranks(self) -> str:
        return str(self.best) if self.best == self.worst else f"{self.best}–{self.worst}"


@dataclass(frozen=True)
class Score:
    """A mean with its interval and its paired difference to the baseline; None where there is none."""

    mean: float
    low: float | None
    high: float | None
    seed_sd: float | None
    delta: float | None
    delta_low: float | None
    delta_high: float | None
    p: float | None  # Holm-adjusted; None also where `note` says why
    note: str  # of the difference: that of `difference_note`
    n_queries: int
    n_seeds: int
    sources: tuple[Source, ...]
    place: Place | None = None
    verdict: str = ""  # on the only claim about this score
    standing: Standing = ""  # among the trained entries of the language and measure


@dataclass(frozen=True)
class Box:
    """One language of one row: a score, failed seeds, both, or neither where nothing was measured."""

    score: Score | None
    failed: tuple[Source, ...]


@dataclass(frozen=True)
class Row:
    """One entry; `reasons` are those of its failures where all its cells failed."""

    entry: str
    title: str
    boxes: tuple[Box, ...]  # one per language
    average: Score | None  # of one language: its score
    reasons: tuple[str, ...]
    recipe: str = ""  # "" for an untrained entry
    minutes: float | None = None  # per cell, mean over the cells of the entry whose cost is known
    memory: int = 0  # peak over these cells, in bytes; 0: unknown
    verdicts: tuple[tuple[str, str], ...] = ()  # each verdict with its languages
    anchor: bool = False  # a ranker without a model
    short_name: str = ""  # of a swept entry

    @property
    def name(self) -> str:
        """The name on the page and in figures."""
        return self.short_name or self.entry

    @property
    def href(self) -> str:
        return entry_link(self.entry)

    @property
    def seeds(self) -> str:
        """Seeds behind each language's mean: `3`, or `2–3` where languages differ."""
        counts = sorted({box.score.n_seeds for box in self.boxes if box.score})
        return "–".join(map(str, counts if len(counts) < 2 else (counts[0], counts[-1])))

    @property
    def queries(self) -> int:
        return sum(box.score.n_queries for box in self.boxes if box.score)


@dataclass(frozen=True)
class Table:
    """All entries under one measure."""

    measure: str
    rows: tuple[Row, ...]


def tables(board: Leaderboard) -> list[Table]:
    """Return one table per measure, the primary measure first."""
    scores = _scores(board)
    measured = {entry for entry, *_ in scores}
    failures = records_by_pair(board.failures)
    anchors = {entry for entry in measured if _is_anchor(board, entry)}
    ordered = _ordered(measured | {entry for entry, _ in failures}, scores, (board.overall, board.primary))
    entries = sorted(ordered, key=lambda entry: entry in anchors)
    titles = _entry_texts((*board.records, *board.failures), "title")
    recipes = _entry_texts((record for record in board.records if record.trained), "recipe")
    costs = _costs(board.records)
    short_names = entry_names(board)

    def row(entry: str, measure: str) -> Row:
        boxes = [
            Box(scores.get((entry, language, measure)), tuple(map(source, failures.get((entry, language), ()))))
            for language in board.languages
        ]
        minutes, memory = costs.get(entry, (None, 0))
        columns = dict.fromkeys((board.overall, *board.languages))
        return Row(
            entry=entry,
            title=titles.get(entry, ""),
            boxes=tuple(boxes),
            average=scores.get((entry, board.overall, measure)),
            reasons=() if entry in measured else _reasons(board, entry),
            recipe=recipes.get(entry, ""),
            minutes=minutes,
            memory=memory,
            verdicts=_verdicts((column, scores.get((entry, column, measure))) for column in columns),
            anchor=entry in anchors,
            short_name=short_names.get(entry, ""),
        )

    return [Table(measure, tuple(row(entry, measure) for entry in entries)) for measure in board.measures]


def folded_columns(tables: Iterable[Table]) -> list[str]:
    """Return the columns that the page leaves out: empty ones, the same in every row, the average of one language."""
    every = [row for table in tables for row in table.rows]
    rows = [row for row in every if not row.reasons]
    same = {
        "average": all(len(row.boxes) < 2 for row in every),
        "queries": len({row.queries for row in rows}) < 2,
        "verdict": not any(row.verdicts for row in rows),
    }
    return [column for column, folded in same.items() if folded]


def _is_anchor(board: Leaderboard, entry: str) -> bool:
    """Return whether an entry ranks without a model: it has a method, and nothing is trained."""
    record = next(record for record in board.records if record.entry == entry)
    return bool(record.value("entry", "method")) and not board.results.trains(entry)


def _reasons(board: Leaderboard, entry: str) -> tuple[str, ...]:
    """Return the distinct reasons of an entry's failed cells."""
    reasons = [one_line(record.reason) for record in board.failures if record.entry == entry]
    return tuple(dict.fromkeys(reason or "no reason recorded" for reason in reasons))


def _entry_texts(records: Iterable[Record], name: str) -> dict[str, str]:
    """Return entry → the first text that its records declare under a name."""
    texts: dict[str, str] = {}
    for record in records:
        text = record.value("entry", name)
        if isinstance(text, str):
            texts.setdefault(record.entry, text)
    return texts


def _costs(records: Iterable[Record]) -> dict[str, tuple[float, int]]:
    """Return entry → minutes per cell and peak memory in bytes, over its cells whose records say what they cost."""
    by_entry: dict[str, list[Cost]] = {}
    for record in records:
        if (cost := cell_cost(record)) is not None:
            by_entry.setdefault(record.entry, []).append(cost)
    return {
        entry: (math.fsum(cost.seconds for cost in cells) / len(cells) / 60, max(cost.peak_bytes for cost in cells))
        for entry, cells in by_entry.items()
    }


def _verdicts(columns: Iterable[tuple[str, Score | None]]) -> tuple[tuple[str, str], ...]:
    languages_by_verdict: dict[str, list[str]] = {}
    for language, score in columns:
        if score and score.verdict:
            languages_by_verdict.setdefault(score.verdict, []).append(language)
    return tuple((verdict, ", ".join(languages)) for verdict, languages in languages_by_verdict.items())


def _ordered(entries: set[str], scores: Mapping[tuple[str, str, str], Score], column: tuple[str, str]) -> list[str]:
    """Return the entries in order; `column` is the language (or average) and the measure that they are ordered by."""

    def rank(entry: str) -> tuple[int, float, str]:
        average = scores.get((entry, *column))
        measured = any(name == entry for name, *_ in scores)
        return (0, -average.mean, entry) if average else (1 if measured else 2, 0.0, entry)

    return sorted(entries, key=rank)


def _scores(board: Leaderboard) -> dict[tuple[str, str, str], Score]:
    """Return the scores by (entry, language, measure)."""
    sources = {name: tuple(map(source, records)) for name, records in board.records_by_pair.items()}
    places = {
        (evidence.entry, evidence.language, measure): _place(evidence, i)
        for evidence in board.evidence
        for i, measure in enumerate(board.measures)
    }
    notes = {
        (evidence.entry, evidence.language, measure): difference_note(bool(evidence.identical[i]), bool(evidence.blind))
        for evidence in board.evidence
        for i, measure in enumerate(board.measures)
    }
    standings = _standings(board)
    return {
        (row["entry"], row["language"], row["measure"]): Score(
            mean=row["mean"],
            low=or_none(row["ci_low"]),
            high=or_none(row["ci_high"]),
            seed_sd=or_none(row["seed_sd"]),
            delta=or_none(row["delta_vs_base"]),
            delta_low=or_none(row["delta_ci_low"]),
            delta_high=or_none(row["delta_ci_high"]),
            p=or_none(row["p_adjusted"]),
            note=notes.get((row["entry"], row["language"], row["measure"]), ""),
            n_queries=row["n_queries"],
            n_seeds=row["n_seeds"],
            sources=sources.get((row["entry"], row["language"]), ()),
            place=places.get((row["entry"], row["language"], row["measure"])),
            verdict=row["verdict"],
            standing=standings.get((row["entry"], row["language"], row["measure"]), ""),
        )
        for row in board.rows.to_dict("records")
    }


def _standings(board: Leaderboard) -> dict[tuple[str, str, str], Standing]:
    """Return the standing of each trained entry by (entry, language, measure): the highest, or sharing its letter."""
    by_language: dict[str, list[EntryStatistics]] = {}
    for evidence in board.evidence:
        if board.results.trains(evidence.entry):
            by_language.setdefault(evidence.language, []).append(evidence)
    standings: dict[tuple[str, str, str], Standing] = {}
    for language, column in by_language.items():
        for i, measure in enumerate(board.measures):
            best = max(column, key=lambda evidence: float(evidence.mean[i]))
            for evidence in column:
                level = float(evidence.mean[i]) == float(best.mean[i])
                tied = share_letter(evidence.letters[i], best.letters[i])
                standings[evidence.entry, language, measure] = "best" if level else "tied" if tied else ""
    return standings


def _place(evidence: EntryStatistics, i: int) -> Place:
    """Return the place of an entry on the measure at index `i`."""
    return Place(best=int(evidence.rank_best[i]), worst=int(evidence.rank_worst[i]), letters=evidence.letters[i])


def difference_note(identical: bool, blind: bool) -> str:
    """Return what is said of a difference besides its p, "" for nothing.

    >>> difference_note(True, True), difference_note(False, True)
    ('identical', 'one seed')
    """
    return "identical" if identical else ONE_SEED if blind else ""
