"""A page a language below the leaderboard (queries/LANGUAGE.html): where one entry beats another, query by query.

A page holds its data, so that it works from disk; what it shows of the first pair is written out as well, for readers
without scripts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.evidence.leaderboard import Leaderboard
from harness.report.page_scripts import embed_json, page_script
from harness.report.queries import entry_pairs as query_pairs
from harness.report.queries import query_data, query_view
from harness.report.queries import stored_runs as query_runs
from harness.report.queries.entry_pairs import EVERY, MOST
from harness.report.queries.query_data import CUT, RELEVANT, Material
from harness.report.queries.stored_runs import TOP
from harness.report.table_view import tables
from harness.report.templating import render

if TYPE_CHECKING:
    from harness.evidence.texts import Texts
    from harness.types import Data

FOLDER = "queries"
WITHOUT = "this page was written without them."
RIGHT_TO_LEFT = {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}  # languages as suites name them


def files(folder: Path, board: Leaderboard, *, texts: Texts | None) -> dict[str, str]:
    """Return the pages by their names below the output folder; without `texts` they show ids alone."""
    table = tables(board)[0]
    found = ((one, query_pairs.of_language(folder, board, one, table)) for one in board.languages)
    scores = {language: one for language, one in found if one is not None}
    content = {}
    for language, one in scores.items():
        given = WITHOUT if texts is None else texts[language]
        data, reason = (None, given) if isinstance(given, str) else (given, "")
        material = _material(folder, board, one, data)
        content[f"{FOLDER}/{language}.html"] = _page(board, material, reason, list(scores))
    return content


def _material(folder: Path, board: Leaderboard, scores: query_pairs.Scores, data: Data | None) -> Material:
    seeds = query_runs.seeds(folder, board, scores.language)
    lists = query_runs.read(folder, board, scores.language, query_data.wanted(scores, seeds))
    return Material(scores, data, seeds, lists)


def _page(board: Leaderboard, material: Material, reason: str, languages: Sequence[str]) -> str:
    content = query_data.fitting(material)
    first, second = content["first"], content["second"]
    compared = len(content["entries"]) > 1
    balance = query_view.balance(content, first, second) if compared else None
    won, lost = query_view.most(content, first, second) if compared else ([], [])
    return render(
        "queries.html.j2",
        board=board,
        content=content,
        language=content["language"],
        languages=languages,
        lang=_tag(content["language"]),
        direction=_direction(content["language"]),
        names=[one["name"] for one in content["entries"]],
        a=content["entries"][first],
        b=content["entries"][second],
        balance=balance,
        said=query_view.said(balance) if balance else "",
        sides=(("won", won), ("lost", lost)),
        fewer=content["count"] < MOST or content["of"] == "first",
        lists=bool(material.lists),
        reason=reason,
        sizes={"cut": CUT, "most": MOST, "top": TOP, "relevant": RELEVANT, "every": EVERY},
        script=page_script(["queries.js"]) if compared else None,
        data=embed_json({**content, "most": MOST}) if compared else None,
    )


def _tag(language: str) -> str:
    """Return the language for `lang`, "" for a name that is no language tag."""
    return language if re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", language) else ""


def _direction(language: str) -> str:
    """Return the direction of a language's texts for `dir`; of one that is not known to run from the right, auto."""
    return "rtl" if language.partition("-")[0].lower() in RIGHT_TO_LEFT else "auto"
