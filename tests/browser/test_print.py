"""The printed leaderboard: a page with the contrasts, a page with the table, and the rest behind them."""

from __future__ import annotations

import unicodedata
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from harness.evidence.leaderboard import collate
from harness.report.sections.contrasts_section import contrast_views

RESULTS = Path(__file__).parents[2] / "results"
SETTLED_BY = "What was claimed, what differs here"


def printed(page: Page, folder: Path) -> list[str]:
    page.goto((folder / "leaderboard.html").as_uri(), timeout=120_000)
    pages = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True))).pages
    return [unicodedata.normalize("NFKC", " ".join(each.extract_text().split())) for each in pages]  # without ligatures


@pytest.mark.parametrize("name", ["mini", "wikiqa"])
def test_all_contrasts_are_on_the_first_page_and_all_entries_on_the_second(page: Page, name: str) -> None:
    board = collate(RESULTS / name)
    sheet, table, *appendix = printed(page, RESULTS / name)
    view = contrast_views(board)[0]
    assert view.headline in sheet
    for row in view.rows:
        assert f"{row.contrast.entry.name} over {row.contrast.control.name}" in sheet
    assert "Scores" not in sheet
    assert f"{board.primary} (primary measure)" in table
    assert [entry for entry in board.rows["entry"].unique() if entry not in table] == []
    assert SETTLED_BY not in sheet + table
    assert sum(SETTLED_BY in text for text in appendix) == 1
