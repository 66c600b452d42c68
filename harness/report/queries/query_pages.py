"""The pages of queries as files: queries/LANGUAGE.html.

A page embeds its data and works from disk; the first pair is also written out as HTML, for readers without scripts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures.labels import label
from harness.report.page_scripts import embed_json, page_script
from harness.report.queries import query_view
from harness.report.queries.entry_pairs import EVERY, MOST, UNIT, EntryScores, language_scores
from harness.report.queries.query_data import RANKED, RELEVANT, Material, fitting_data, relevant_passages, shown_cells
from harness.report.queries.query_texts import CUT, CutTexts
from harness.report.queries.query_traits import query_traits
from harness.report.queries.stored_runs import TOP, read_runs, run_seeds
from harness.report.queries.trait_gains import LIMITS, panels
from harness.report.sweep_names import names_for_readers
from harness.report.table_view import tables
from harness.report.templating import render
from harness.stats.query_groups import FEWEST

if TYPE_CHECKING:
    from harness.evidence.texts import LanguageTexts, Texts

FOLDER = "queries"
WITHOUT = "this page was written without them."
SIZES = {
    "cut": CUT,
    "most": MOST,
    "top": TOP,
    "relevant": RELEVANT,
    "ranked": RANKED,
    "every": EVERY,
    "fewest": FEWEST,
}
RIGHT_TO_LEFT = {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}  # languages as suites name them

CONSTANTS = {"most": MOST, "ranks": query_view.FIRST_RANKS, "unit": UNIT, "limits": LIMITS}  # that the script reads


def files(folder: Path, board: Leaderboard, *, texts: Texts | None, show_texts: bool = True) -> dict[str, str]:
    """Return file name, relative to the output folder → page.

    Without `texts` pages show the ids of queries and passages and scores; with `texts` that are not to be shown, also
    judgments, the ranks of relevant passages, and what is computed from texts.
    """
    table = tables(board)[0]
    by_language = {language: language_scores(folder, board, language, table) for language in board.languages}
    measured = {language: scores for language, scores in by_language.items() if scores is not None}
    content = {}
    for language, scores in measured.items():
        of_language = WITHOUT if texts is None else texts[language]
        at_hand = None if isinstance(of_language, str) else of_language
        material = _material(folder, board, scores, at_hand, show_texts=show_texts)
        reason = of_language if isinstance(of_language, str) else "" if show_texts else WITHOUT
        content[f"{FOLDER}/{language}.html"] = _page(board, material, reason, list(measured))
    return content


def _material(
    folder: Path, board: Leaderboard, scores: EntryScores, texts: LanguageTexts | None, *, show_texts: bool
) -> Material:
    data = texts.data if texts else None
    seeds = run_seeds(folder, board, scores.language)
    relevant = relevant_passages(data)
    runs = read_runs(folder, board, scores.language, shown_cells(scores, seeds), relevant)
    traits = query_traits(data, scores.queries) if data else ()
    return Material(
        scores, data, CutTexts(texts if show_texts else None), seeds, runs, traits, names_for_readers(board)
    )


def _page(board: Leaderboard, material: Material, reason: str, languages: Sequence[str]) -> str:
    """Return the page of one language; `reason` says why texts are not shown, `languages` are those with a page."""
    content = fitting_data(material)
    first, second = content["first"], content["second"]
    is_compared = len(content["entries"]) > 1
    balance = query_view.pair_balance(content, first, second) if is_compared else None
    won, lost = query_view.largest_queries(content, first, second) if is_compared else ([], [])
    return render(
        "queries.html.j2",
        board=board,
        content=content,
        language=content["language"],
        languages=languages,
        lang=_tag(content["language"]),
        direction=_direction(content["language"]),
        names=[entry["label"] for entry in content["entries"]],
        a=content["entries"][first],
        b=content["entries"][second],
        balance=balance,
        concentration=query_view.concentration(balance) if balance else "",
        sides=(("won", won), ("lost", lost)),
        fewer=content["count"] < MOST or content["of"] == "first",
        lists=bool(material.runs),
        reason=reason,
        contrasts=_options(material),
        panels=panels(content, material.traits, first, second) if is_compared else None,
        baseline=content["entries"][content["baseline"]]["label"],
        sizes=SIZES,
        script=page_script(["numbers.js", "queries.js"]) if is_compared else None,
        data=embed_json({**content, **CONSTANTS}) if is_compared else None,
    )


def _options(material: Material) -> dict[str, list[tuple[str, str]]]:
    """Return kind → (value, text) of each pair that a published contrast is about."""
    options: dict[str, list[tuple[str, str]]] = {}
    for pair in material.scores.contrasts:
        entry, control = (material.names[material.scores.entries[i]] for i in (pair.entry, pair.control))
        names = f"{label(entry)} over {label(control)}"
        text = f"{names} ({label(', '.join(pair.papers))})"
        options.setdefault(pair.kind, []).append((f"{pair.entry}-{pair.control}", text))
    return options


def _tag(language: str) -> str:
    """Return the language for the `lang` attribute, "" for a name that is not a language tag."""
    return language if re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", language) else ""


def _direction(language: str) -> str:
    """Return the `dir` attribute of a language's texts: rtl for a known right-to-left language, else auto."""
    return "rtl" if language.partition("-")[0].lower() in RIGHT_TO_LEFT else "auto"
