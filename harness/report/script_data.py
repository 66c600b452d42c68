"""What the leaderboard's script reads: the raw numbers of every table, and the differences to every baseline.

    entries         in the page's order: name, recipe, minutes of a cell, bytes of memory, why it failed
    languages       those of the suite, then the average
    scores          [measure][entry][language]: queries, seeds, mean, low, high, sd over seeds, best and worst rank,
                    group, verdict
    baselines       entry (its place among the entries), and differences [measure][entry][language]: Holm's p,
                    difference, low, high; p alone where the other way around is among the other baseline's

null stands for what there is not. Languages whose queries have a page are named in `compared`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.report.numbers import or_none
from harness.report.sections.claims_section import Compared
from harness.report.sections.claims_text import paragraphs
from harness.report.table_view import Row, Score, Table
from harness.report.templating import embedded, script
from harness.stats.entry_scores import AVERAGE

SCRIPTS = ("numbers", "state", "rows", "table", "download")  # report_templates/leaderboard_NAME.js, then leaderboard.js
Values = list[float | None]


def page(board: Leaderboard, tables: Sequence[Table], claims: Compared, files: Collection[str]) -> dict[str, Any]:
    """Return what the page needs beside what every form of the report shows; `files` are those written with it."""
    compared = [language for language in board.languages if f"queries/{language}.html" in files]
    data = of_board(board, tables, compared)
    suite = board.run.get("suite")
    papers = dict.fromkeys(line.claim.paper for line in claims.lines)
    return {
        "title": suite.get("title", "") if isinstance(suite, Mapping) else "",
        "seeds": sorted({record.seed for record in (*board.records, *board.failures)}),
        "verdicts": any(row.verdicts for table in tables for row in table.rows),
        "paragraphs": [
            (paper, text.removeprefix(paper)) for paper, text in zip(papers, paragraphs(claims), strict=True)
        ],
        "baselines": {data["entries"][one["entry"]]["name"] for one in data["baselines"]},
        "compared": compared,
        "files": files,
        "script": script([*(f"leaderboard_{name}.js" for name in SCRIPTS), "leaderboard.js"]),
        "data": embedded(data),
    }


def of_board(board: Leaderboard, tables: Sequence[Table], compared: Collection[str]) -> dict[str, Any]:
    """Return the data; `tables` are those of the page, `compared` the languages whose queries have a page."""
    entries = [row.entry for row in tables[0].rows]
    languages = (*board.languages, AVERAGE)
    differences = _to_all(board, entries) or _to_one(board.baseline, tables, languages)
    return {
        "suite": board.suite,
        "baseline": board.baseline,
        "measures": [table.measure for table in tables],
        "languages": languages,
        "compared": [language for language in board.languages if language in compared],
        "entries": [_entry(row) for row in tables[0].rows],
        "scores": [[[_score(score) for score in _scores(row)] for row in table.rows] for table in tables],
        "baselines": [
            {
                "entry": entries.index(baseline),
                "differences": [
                    [[found.get((entry, language, i)) for language in languages] for entry in entries]
                    for i in range(len(tables))
                ],
            }
            for baseline, found in sorted(differences.items(), key=lambda item: entries.index(item[0]))
        ],
    }


Differences = dict[tuple[str, str, int], Values]  # (entry, language, place of the measure)


def _to_all(board: Leaderboard, entries: Sequence[str]) -> dict[str, Differences]:
    """Return the differences by baseline, nothing where the leaderboard has none but to its own."""
    found: dict[str, Differences] = {}
    for one in board.contrasts:
        own = found.setdefault(one.baseline, {})
        turned = entries.index(one.entry) < entries.index(one.baseline)
        for i, values in enumerate(zip(one.p_adjusted, one.delta, one.low, one.high, strict=True)):
            own[one.entry, one.language, i] = _plain(values[:1] if turned else values)
    return found


def _to_one(baseline: str, tables: Sequence[Table], languages: Sequence[str]) -> dict[str, Differences]:
    found: Differences = {}
    for i, table in enumerate(tables):
        for row in table.rows:
            for language, score in zip(languages, _scores(row), strict=True):
                if score and score.delta is not None:
                    found[row.entry, language, i] = [score.p, score.delta, score.delta_low, score.delta_high]
    return {baseline: found} if found else {}


def _scores(row: Row) -> list[Score | None]:
    return [*(box.score for box in row.boxes), row.average]


def _entry(row: Row) -> Mapping[str, Any]:
    failed = "; ".join(row.reasons)
    cost = {"minutes": row.minutes, "memory": row.memory or None}
    return {"name": row.entry, "recipe": row.recipe, **cost, "failed": failed}


def _score(score: Score | None) -> list[Any] | None:
    if score is None:
        return None
    place = score.place
    ranks = [place.best, place.worst, place.group] if place else [None] * 3
    level = [score.n_queries, score.n_seeds, *_plain((score.mean, score.low, score.high, score.seed_sd))]
    return [*level, *ranks, score.verdict]


def _plain(values: Iterable[float | None]) -> Values:
    return [or_none(value) for value in values]
