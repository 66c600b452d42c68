"""Records that give figures, and the text of a drawn figure or of a section of the page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from support.fake_records import draw, provenance, put

from harness.evidence.leaderboard import collate
from harness.report.figures.figure import Figure
from harness.report.figures.leaderboard_figures import leaderboard_figures
from harness.report.script_data import script_data
from harness.report.table_view import tables

UNIFORM = {"uniformity": -2.0, "alignment": 1.0, "anisotropy": 0.3}


def figures_of(folder: Path, baseline: str = "base") -> dict[str, Figure]:
    """Return the figures of a folder by their ids."""
    board = collate(folder, baseline)
    of_measures = tables(board)
    data = script_data(board, of_measures, ())
    return {figure.id: figure for figure in leaderboard_figures(board, of_measures, data)}


def words(figure: Figure) -> str:
    """Return the text drawn in a figure, without its description."""
    return " ".join(element.text or "" for element in ElementTree.fromstring(figure.svg).iter("text"))


def description(figure: Figure) -> str:
    """Return the description of a figure for screen readers."""
    return ElementTree.fromstring(figure.svg)[1].text or ""


def without_tags(markup: str) -> str:
    """Return markup without its tags."""
    return re.sub("<[^>]+>", "", markup)


def put_constant(folder: Path, scores: Mapping[str, float], languages: Iterable[str] = ("ko",), **fields: Any) -> None:
    """Write one single-seed entry per score, in which every query has that score."""
    for entry, score in scores.items():
        for language in languages:
            put(folder, (entry, language, 0), {"AP": {"a": score, "b": score}}, **fields)


def put_training(folder: Path, cell: tuple[str, str, int], losses: Any, **training: Any) -> None:
    """Write the record of a trained cell with its losses."""
    made = {**provenance(*cell), "training": {"losses": losses, **training}}
    put(folder, cell, draw(*cell, 5, ["AP"]), provenance=made)


def section_html(page: str, section: str) -> str:
    """Return one section of a page by its id."""
    start = page.index(f'<section id="{section}">')
    return page[start : page.index("</section>", start)]
