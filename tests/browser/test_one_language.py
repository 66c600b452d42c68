"""The leaderboard of a run in one language: nothing speaks of an average, whatever is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.axe import violations
from support.board_page import choose, column, go, heads, order, switch
from support.fake_records import board
from support.one_language import FOLDERS, speaks_of_an_average

from harness.report.report_files import write_reports

COLUMNS = ["entry", "difference", "rank", "ko", "seeds", "minutes", "memory"]
NAMED = """() => [...document.querySelectorAll('[aria-label], [title], svg title, svg desc')]
.map((one) => one.getAttribute('aria-label') || one.getAttribute('title') || one.textContent).join('\\n')"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_reports(board(tmp_path, ["base", "mnrl"], {"ko": 9}, [0, 1]))
    return tmp_path


def all_text(page: Page) -> str:
    """Return the text of a page with every part of it open, and what a screen reader is told besides."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    return f"{page.locator('body').inner_text()}\n{page.evaluate(NAMED)}"


@pytest.mark.parametrize("kind", FOLDERS)
def test_no_text_of_the_page_speaks_of_an_average(kind: str, tmp_path: Path, page: Page) -> None:
    write_reports(FOLDERS[kind](tmp_path))
    for view in ("", "language=ko&pairs=shown", "sort=ko:desc"):
        go(page, tmp_path, view)
        text = all_text(page)
        assert "ko" in text
        assert speaks_of_an_average(text) == []


def test_the_page_without_the_script_says_the_same(tmp_path: Path, unscripted: Page, page: Page) -> None:
    write_reports(FOLDERS["committed"](tmp_path))
    go(unscripted, tmp_path, "")
    assert speaks_of_an_average(unscripted.locator("body").inner_text()) == []
    go(page, tmp_path, "")
    for part in ("#contrasts", "#evidence", ".board >> nth=0"):
        texts = [each.locator(part).inner_text().split() for each in (unscripted, page)]
        assert texts[0] == texts[1]
    links = "(rows) => rows.map((row) => row.innerHTML.replaceAll(/\\s+/g, ''))"
    cells = [each.locator(".board >> nth=0").locator("tbody td:nth-child(2)") for each in (unscripted, page)]
    assert cells[0].evaluate_all(links) == cells[1].evaluate_all(links)
    assert violations(page) == []


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
    expect(page.locator("#shown")).to_have_text(
        "nDCG@10, ko, 2 of 2 entries, differences to base, highest nDCG@10 first"
    )


def test_a_link_to_the_language_or_another_baseline_keeps_the_columns(folder: Path, page: Page) -> None:
    go(page, folder, "language=ko")
    assert heads(page) == COLUMNS
    assert switch(page, "language").count() == 0  # there is nothing to choose
    before = column(page, "rank")
    go(page, folder, "")
    choose(page, "baseline", "mnrl")
    assert heads(page) == COLUMNS
    assert column(page, "rank") == before
    assert "of ko to mnrl" in " ".join(page.locator(".board:visible thead").inner_text().split())


def test_a_link_to_the_average_is_answered(folder: Path, page: Page) -> None:
    go(page, folder, "sort=average:desc")
    expect(page.locator("#unknown")).to_have_text(
        "This link asks for column average, which this page does not have; shown: highest nDCG@10 first."
    )
