"""The leaderboard of a run in one language: there is no average beside it, whatever is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page
from support.board_page import choose, column, go, heads, order
from support.fake_records import board

from harness.report.report_files import write_reports

COLUMNS = ["entry", "difference", "rank", "ko", "seeds", "minutes", "memory"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_reports(board(tmp_path, ["base", "mnrl"], {"ko": 9}, [0, 1]))
    return tmp_path


def test_the_table_has_the_language_and_no_average_before_and_after_the_script(
    folder: Path, unscripted: Page, page: Page
) -> None:
    go(unscripted, folder, "")
    assert heads(unscripted)[: len(COLUMNS)] == COLUMNS  # then those of the other measures
    go(page, folder, "")
    assert heads(page) == COLUMNS
    assert order(page) == order(unscripted)[:2]
    assert len(column(page, "ko")) == 2
    head = page.locator(".board:visible thead")
    assert "of ko" in " ".join(head.inner_text().split())
    assert head.locator("[aria-sort]").get_attribute("data-column") == "ko"


def test_choosing_the_language_or_another_baseline_keeps_the_columns(folder: Path, page: Page) -> None:
    go(page, folder, "language=ko")
    assert heads(page) == COLUMNS
    before = column(page, "rank")
    choose(page, "language", "")
    choose(page, "baseline", "mnrl")
    assert heads(page) == COLUMNS
    assert column(page, "rank") == before
    assert "of ko to mnrl" in " ".join(page.locator(".board:visible thead").inner_text().split())
