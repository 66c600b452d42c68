"""The pages of queries as files: queries/LANGUAGE.html.

A page embeds its data and works from disk; the first pair is also written out as HTML, for readers without scripts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.evidence.leaderboard import Leaderboard
from harness.report.page_scripts import embed_json, page_script
from harness.report.queries import query_view
from harness.report.queries.entry_pairs import EVERY, MOST, EntryScores, language_scores
from harness.report.queries.query_data import RELEVANT, Material, fitting_data, shown_cells
from harness.report.queries.query_texts import CUT
from harness.report.queries.stored_runs import TOP, read_lists, run_seeds
from harness.report.table_view import tables
from harness.report.templating import render

if TYPE_CHECKING:
    from harness.evidence.texts import Texts
    from harness.types import Data

FOLDER = "queries"
WITHOUT = "this page was written without them."
RIGHT_TO_LEFT = {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}  # languages as suites name them


def files(folder: Path, board: Leaderboard, *, texts: Texts | None) -> dict[str, str]:
    """Return file name, relative to the output folder → page; without `texts` pages show ids only."""
    table = tables(board)[0]
    by_language = {language: language_scores(folder, board, language, table) for language in board.languages}
    measured = {language: scores for language, scores in by_language.items() if scores is not None}
    content = {}
    for language, scores in measured.items():
        data = WITHOUT if texts is None else texts[language]
        material = _material(folder, board, scores, None if isinstance(data, str) else data)
        reason = data if isinstance(data, str) else ""
        content[f"{FOLDER}/{language}.html"] = _page(board, material, reason, list(measured))
    return content


def _material(folder: Path, board: Leaderboard, scores: EntryScores, data: Data | None) -> Material:
    seeds = run_seeds(folder, board, scores.language)
    lists = read_lists(folder, board, scores.language, shown_cells(scores, seeds))
    return Material(scores, data, seeds, lists)


def _page(board: Leaderboard, material: Material, reason: str, languages: Sequence[str]) -> str:
    """Return the page of one language; `reason` says why texts are not shown, `languages` are those with a page."""
    content = fitting_data(material)
    first, second = content["first"], content["second"]
    compared = len(content["entries"]) > 1
    balance = query_view.pair_balance(content, first, second) if compared else None
    won, lost = query_view.largest_queries(content, first, second) if compared else ([], [])
    return render(
        "queries.html.j2",
        board=board,
        content=content,
        language=content["language"],
        languages=languages,
        lang=_tag(content["language"]),
        direction=_direction(content["language"]),
        names=[entry["name"] for entry in content["entries"]],
        a=content["entries"][first],
        b=content["entries"][second],
        balance=balance,
        concentration=query_view.concentration(balance) if balance else "",
        sides=(("won", won), ("lost", lost)),
        fewer=content["count"] < MOST or content["of"] == "first",
        lists=bool(material.lists),
        reason=reason,
        sizes={"cut": CUT, "most": MOST, "top": TOP, "relevant": RELEVANT, "every": EVERY},
        script=page_script(["queries.js"]) if compared else None,
        data=embed_json({**content, "most": MOST}) if compared else None,
    )


def _tag(language: str) -> str:
    """Return the language for the `lang` attribute, "" for a name that is not a language tag."""
    return language if re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", language) else ""


def _direction(language: str) -> str:
    """Return the `dir` attribute of a language's texts: rtl for a known right-to-left language, else auto."""
    return "rtl" if language.partition("-")[0].lower() in RIGHT_TO_LEFT else "auto"
