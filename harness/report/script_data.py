"""The data that the leaderboard's script reads: the raw numbers of every table, and differences to every baseline.

    entries         in the page's order: name, short name (label) of a swept entry, recipe, whether it is an anchor,
                    minutes per cell, bytes of memory, seconds of a computed cell, reason of failure
    languages       those of the suite, then the average
    overall         of these, what rows are ordered by and compared in: the average, or the only language
    scores          [measure][entry][language]: queries, seeds, mean, low, high, sd over seeds, best and worst rank,
                    letters, verdict
    baselines       entry (its index in `entries`) and differences [measure][entry][language]: Holm-adjusted p,
                    difference, low, high, note; null where the opposite difference is listed under the other baseline
    own             of named base models: the baseline of each entry on its own model, by its index in `entries`
    compared        languages with a page of queries
    contrasts       the verdicts on contrasts in the order of the headline, and those whose contrasts it names
    seeds …         what figures are drawn of besides (harness.report.figure_data)

null stands for a missing value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.report.documents.findings import findings
from harness.report.figure_data import entry_seconds, figure_data
from harness.report.figures.leaderboard_figures import first_view, leaderboard_figures
from harness.report.numbers import ALPHA_TEXT, or_none
from harness.report.page_scripts import embed_json, page_script
from harness.report.sections import contrasts_section
from harness.report.sections.claims_section import ComparedClaims
from harness.report.sections.claims_text import paragraphs
from harness.report.sections.pairs_section import has_pairs, pair_table
from harness.report.table_view import Row, Score, Table, difference_note, folded_columns
from harness.stats.entry_scores import AVERAGE

SCRIPTS = (
    "state",
    "rows",
    "contrasts",
    "drawing",
    "labels",
    "captions",
    "forest",
    "seeds",
    "scatter",
    "figures",
    "table",
    "pairs",
    "download",
)  # report_templates/numbers.js and leaderboard_NAME.js, then leaderboard.js
Values = list[float | str | None]
Differences = dict[tuple[str, str, int], Values]  # (entry, language, index of the measure)


def page_context(
    board: Leaderboard, tables: Sequence[Table], claims: ComparedClaims, files: Collection[str]
) -> dict[str, Any]:
    """Return the part of the page's context that other formats do not need; `files` are those written with the page."""
    compared = [language for language in board.languages if f"queries/{language}.html" in files]
    data = script_data(board, tables, compared)
    view = first_view(data)
    papers = dict.fromkeys(line.claim.paper for line in claims.lines)
    return {
        "title": board.run.suite.title if board.run.suite else "",
        "seeds": sorted({record.seed for record in (*board.records, *board.failures)}),
        "folded": folded_columns(tables),
        "paragraphs": [
            (paper, text.removeprefix(paper)) for paper, text in zip(papers, paragraphs(claims), strict=True)
        ],
        "baselines": {data["entries"][baseline["entry"]]["name"] for baseline in data["baselines"]},
        "compared": compared,
        "findings": findings(board),
        "shapes": contrasts_section.SHAPES,
        "differing": contrasts_section.differing(board),
        "files": files,
        "figures": leaderboard_figures(board, tables, data),
        "pairs": pair_table(view) if has_pairs(view) else None,
        "alpha": ALPHA_TEXT,
        "script": page_script(["numbers.js", *(f"leaderboard_{name}.js" for name in SCRIPTS), "leaderboard.js"]),
        "data": embed_json(data),
    }


def script_data(board: Leaderboard, tables: Sequence[Table], compared: Collection[str]) -> dict[str, Any]:
    """Return the data; `tables` are those of the page, `compared` the languages with a page of queries."""
    entries = [row.entry for row in tables[0].rows]
    languages = (*board.languages, AVERAGE)
    seconds = entry_seconds(board)
    differences = _all_differences(board, entries) or _baseline_differences(board, tables, languages)
    return {
        "suite": board.suite,
        "baseline": board.baseline_name,
        **_own_baselines(board, entries),
        "measures": [table.measure for table in tables],
        "languages": languages,
        "overall": board.overall,
        "compared": [language for language in board.languages if language in compared],
        "entries": [_entry(row, seconds.get(row.entry)) for row in tables[0].rows],
        "scores": [[[_score(score) for score in _scores(row)] for row in table.rows] for table in tables],
        "baselines": [
            {
                "entry": entries.index(baseline),
                "differences": [
                    [[values.get((entry, language, i)) for language in languages] for entry in entries]
                    for i in range(len(tables))
                ],
            }
            for baseline, values in sorted(differences.items(), key=lambda item: entries.index(item[0]))
        ],
        "contrasts": {"words": [*contrasts_section.SHAPES], "named": contrasts_section.NAMED},
        **figure_data(board, tables[0].rows),
    }


def _all_differences(board: Leaderboard, entries: Sequence[str]) -> dict[str, Differences]:
    """Return baseline → differences to it; {} where only differences to the leaderboard's baseline were computed."""
    by_baseline: dict[str, Differences] = {}
    for contrast in board.contrasts:
        differences = by_baseline.setdefault(contrast.baseline, {})
        if entries.index(contrast.entry) < entries.index(contrast.baseline):
            continue
        columns = zip(contrast.p_adjusted, contrast.delta, contrast.low, contrast.high, strict=True)
        for i, values in enumerate(columns):
            note = difference_note(bool(contrast.identical[i]), contrast.blind)
            differences[contrast.entry, contrast.language, i] = [*_numbers(values), note]
    return by_baseline


def _baseline_differences(
    board: Leaderboard, tables: Sequence[Table], languages: Sequence[str]
) -> dict[str, Differences]:
    by_baseline: dict[str, Differences] = {}
    for i, table in enumerate(tables):
        for row in table.rows:
            for language, score in zip(languages, _scores(row), strict=True):
                if score and score.delta is not None:
                    numbers = (score.p, score.delta, score.delta_low, score.delta_high)
                    differences = by_baseline.setdefault(board.baseline_of(row.entry), {})
                    differences[row.entry, language, i] = [*numbers, score.note]
    return by_baseline


def _own_baselines(board: Leaderboard, entries: Sequence[str]) -> dict[str, Any]:
    """Return `own`: the baseline of each entry (its index), where it is that of the entry's own base model."""
    if not board.own_baselines:
        return {}
    baselines = map(board.baseline_of, entries)
    return {"own": [entries.index(baseline) if baseline in entries else None for baseline in baselines]}


def _scores(row: Row) -> list[Score | None]:
    return [*(box.score for box in row.boxes), row.average]  # as `languages`


def _entry(row: Row, seconds: float | None) -> Mapping[str, Any]:
    cost = {"minutes": row.minutes, "memory": row.memory or None, "seconds": seconds}
    anchor = {"anchor": True} if row.anchor else {}
    short = {"label": row.short_name} if row.short_name else {}
    return {"name": row.entry, **short, "recipe": row.recipe, **anchor, **cost, "failed": "; ".join(row.reasons)}


def _score(score: Score | None) -> list[Any] | None:
    if score is None:
        return None
    place = score.place
    ranks = [place.best, place.worst, place.letters] if place else [None] * 3
    level = [score.n_queries, score.n_seeds, *_numbers((score.mean, score.low, score.high, score.seed_sd))]
    return [*level, *ranks, score.verdict]


def _numbers(values: Iterable[float | None]) -> list[float | None]:
    return [or_none(value) for value in values]
