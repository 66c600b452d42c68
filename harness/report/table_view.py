"""What every form of the leaderboard shows: one table a measure, a row an entry, a cell a language.

Rows stand in one order in every table: by the average of the primary measure, best first, then entries without
an average, then entries of which every cell failed. Numbers here are in the units of the measure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from harness.evidence.leaderboard import Leaderboard, resolved
from harness.keys import digest
from harness.report.numbers import or_none
from harness.results.record import Record
from harness.stats.entry_scores import AVERAGE

_T = TypeVar("_T")
LONGEST = 240  # bytes of a file's name before its suffix; file systems take 255 in all


@dataclass(frozen=True)
class Source:
    """The cell of one seed: where the entry's page shows it, relative to the output folder, fit for a link."""

    seed: int
    href: str


@dataclass(frozen=True)
class Place:
    """The 95 % interval of a rank, and the group of entries that are not told apart."""

    best: int
    worst: int
    group: int

    @property
    def ranks(self) -> str:
        return str(self.best) if self.best == self.worst else f"{self.best}-{self.worst}"


@dataclass(frozen=True)
class Score:
    """One number with its interval and its paired difference to the baseline; None where there is none."""

    mean: float
    low: float | None
    high: float | None
    seed_sd: float | None
    delta: float | None
    delta_low: float | None
    delta_high: float | None
    p: float | None  # Holm's
    n_queries: int
    n_seeds: int
    sources: tuple[Source, ...]
    place: Place | None = None
    verdict: str = ""  # on the one claim about it


@dataclass(frozen=True)
class Box:
    """What stands in one language of one row: a score, failed seeds, both, or (nothing measured yet) neither."""

    score: Score | None
    failed: tuple[Source, ...]


@dataclass(frozen=True)
class Row:
    """One entry; `reasons` says why where every cell of it failed."""

    entry: str
    title: str
    boxes: tuple[Box, ...]  # one a language
    average: Score | None
    reasons: tuple[str, ...]
    recipe: str = ""  # of what is trained
    minutes: float | None = None  # a cell, mean over the entry's cells that are done
    memory: int = 0  # bytes, the most of any of them; 0: unknown
    verdicts: tuple[tuple[str, str], ...] = ()  # each verdict, and the languages it is about

    @property
    def href(self) -> str:
        return page_of(self.entry)

    @property
    def seeds(self) -> str:
        """Seeds behind each language's mean: `3`, or `2-3` where languages differ."""
        counts = sorted({box.score.n_seeds for box in self.boxes if box.score})
        return "-".join(map(str, counts if len(counts) < 2 else (counts[0], counts[-1])))

    @property
    def queries(self) -> int:
        return sum(box.score.n_queries for box in self.boxes if box.score)


@dataclass(frozen=True)
class Table:
    """All entries under one measure."""

    measure: str
    rows: tuple[Row, ...]


def file_of(entry: str) -> str:
    """Return the name of an entry's page: its own, or a digest where that can be no file's name."""
    fit = "/" not in entry and "\0" not in entry and len(entry.encode()) <= LONGEST
    return f"{entry if fit else digest(entry)}.html"


def page_of(entry: str) -> str:
    """Return the page of an entry, relative to the output folder, fit for a link."""
    return f"entries/{quote(file_of(entry), safe='@')}"


def source(record: Record) -> Source:
    """Return where the page of its entry shows a record."""
    return Source(record.seed, f"{page_of(record.entry)}#{quote(f'{record.language}-{record.seed}', safe='@')}")


def compared(entry: str, language: str, baseline: str) -> str:
    """Return the page of the queries that two entries differ on, relative to the output folder, fit for a link."""
    named = "&".join(f"{name}={quote(value, safe='@')}" for name, value in (("a", entry), ("b", baseline)))
    return f"queries/{quote(f'{language}.html', safe='@')}#{named}"


def one_line(text: str) -> str:
    """Return a reason without line breaks."""
    return " ".join(text.split())


def tables(board: Leaderboard) -> list[Table]:
    """Return one table a measure, the primary one first."""
    scores = _scores(board)
    measured = {entry for entry, *_ in scores}
    failed = _grouped(board.failures)
    entries = _order(measured | {entry for entry, _ in failed}, scores, board.primary)
    titles = _said((*board.records, *board.failures), "title")
    recipes = _said((record for record in board.records if record.trained), "recipe")
    costs = _costs(board.records)

    def row(entry: str, measure: str) -> Row:
        boxes = [
            Box(scores.get((entry, language, measure)), tuple(map(source, failed.get((entry, language), ()))))
            for language in board.languages
        ]
        average = scores.get((entry, AVERAGE, measure))
        reasons = () if entry in measured else _reasons(board, entry)
        named = zip((AVERAGE, *board.languages), (average, *(box.score for box in boxes)), strict=True)
        said = (recipes.get(entry, ""), *costs.get(entry, (None, 0)), _verdicts(named))
        return Row(entry, titles.get(entry, ""), tuple(boxes), average, reasons, *said)

    return [Table(measure, tuple(row(entry, measure) for entry in entries)) for measure in board.measures]


def queries(board: Leaderboard) -> dict[str, int]:
    """Return the number of judged queries by language (one for all entries: collate holds them to it)."""
    rows = board.rows[board.rows["language"] != AVERAGE]
    return {language: int(n) for language, n in zip(rows["language"], rows["n_queries"], strict=True)}


def absent(board: Leaderboard) -> list[str]:
    """Return what was asked for or begun and has no record, so that the run is not finished.

    `entry/language` where there is none at all, `entry/language/seed` where a trained entry lacks a seed.
    """
    asked = resolved(board.run)
    there = _grouped((*board.records, *board.failures))
    entries = dict.fromkeys([*_listed(asked, "entries", str), *sorted({entry for entry, _ in there})])
    missing: list[str] = []
    for entry in entries:
        for language in board.languages:
            records = there.get((entry, language), [])
            seeds = {record.seed for record in records}
            if not records:
                missing.append(f"{entry}/{language}")
            elif any(record.trained for record in records):
                missing += [f"{entry}/{language}/{n}" for n in _listed(asked, "seeds", int) if n not in seeds]
    return missing


def unverified(board: Leaderboard) -> list[str]:
    """Return the languages of which the data differ from the manifest's, and were accepted."""
    found = {record.language for record in board.records if record.provenance.get("data", {}).get("unverified")}
    return [language for language in board.languages if language in found]


def _listed(asked: Mapping[str, Any], name: str, kind: type[_T]) -> list[_T]:
    value = asked.get(name)
    return [item for item in value if isinstance(item, kind)] if isinstance(value, list | Mapping) else []


def _grouped(records: Iterable[Record]) -> dict[tuple[str, str], list[Record]]:
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.entry, record.language), []).append(record)
    return groups


def _reasons(board: Leaderboard, entry: str) -> tuple[str, ...]:
    """Return the different reasons for which an entry's cells failed."""
    reasons = [one_line(record.reason) for record in board.failures if record.entry == entry]
    return tuple(dict.fromkeys(reason or "no reason recorded" for reason in reasons))


def _said(records: Iterable[Record], name: str) -> dict[str, str]:
    """Return what the records say of each entry under a name, where it is text."""
    found: dict[str, str] = {}
    for record in records:
        entry = record.provenance.get("entry")
        if isinstance(entry, Mapping) and isinstance(entry.get(name), str):
            found.setdefault(record.entry, entry[name])
    return found


def _costs(records: Iterable[Record]) -> dict[str, tuple[float | None, int]]:
    """Return the minutes of a cell (None where no record says) and the peak memory of each entry."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record.entry, []).append(record)
    found: dict[str, tuple[float | None, int]] = {}
    for entry, own in groups.items():
        minutes = math.fsum(record.seconds for record in own) / len(own) / 60
        found[entry] = (minutes or None, max(record.peak_memory_bytes for record in own))
    return found


def _verdicts(named: Iterable[tuple[str, Score | None]]) -> tuple[tuple[str, str], ...]:
    groups: dict[str, list[str]] = {}
    for language, score in named:
        if score and score.verdict:
            groups.setdefault(score.verdict, []).append(language)
    return tuple((verdict, ", ".join(languages)) for verdict, languages in groups.items())


def _order(entries: set[str], scores: Mapping[tuple[str, str, str], Score], primary: str) -> list[str]:
    def place(entry: str) -> tuple[int, float, str]:
        average = scores.get((entry, AVERAGE, primary))
        measured = any(name == entry for name, *_ in scores)
        return (0, -average.mean, entry) if average else (1 if measured else 2, 0.0, entry)

    return sorted(entries, key=place)


def _scores(board: Leaderboard) -> dict[tuple[str, str, str], Score]:
    """Return the rows by (entry, language, measure)."""
    sources = {name: tuple(map(source, records)) for name, records in board.of.items()}
    places = {
        (one.entry, one.language, measure): Place(*(int(v[i]) for v in (one.rank_best, one.rank_worst, one.group)))
        for one in board.evidence
        for i, measure in enumerate(board.measures)
    }
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
            n_queries=row["n_queries"],
            n_seeds=row["n_seeds"],
            sources=sources.get((row["entry"], row["language"]), ()),
            place=places.get((row["entry"], row["language"], row["measure"])),
            verdict=row["verdict"],
        )
        for row in board.rows.to_dict("records")
    }
