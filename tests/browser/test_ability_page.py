"""The section on general ability in a browser: access, narrow screens, hostile names, without its script."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page
from support.axe import VIEWS, violations
from support.fake_records import board, draw, put

from harness.evidence.leaderboard import collate
from harness.report.report_files import write_reports

HOSTILE = "pairs<img src=x onerror=alert(1)>"
ENTRIES = ("mnrl", "clpl", "nli-simcse", "a-name-that-is-longer-than-the-others-by-far")


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = board(tmp_path_factory.mktemp("ability"), ("base", *ENTRIES), {"ko": 30, "hi": 30}, (0, 1, 2))
    for i, entry in enumerate(("base", *ENTRIES)):
        for language in ("ko", "hi"):
            for seed in (0,) if entry == "base" else (0, 1, 2):
                task = {"type": "STS", "dataset": HOSTILE, "revision": "0", "subset": "default", "languages": ["kor"]}
                task |= {"split": "dev", "main_score": "<b>", "value": 0.6 - i / 50 + seed / 200, "scores": {}}
                task |= {"mteb": "2", "seconds": 1.0, "trained_on": entry == "nli-simcse"}
                put(folder, (entry, language, seed), draw(entry, language, seed, 30), tasks={"own-<i>sts": task})
    write_reports(folder, collate(folder))
    return folder


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_axe_finds_nothing_wrong_and_nothing_scrolls_sideways(
    page: Page, reported: Path, width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto((reported / "leaderboard.html").as_uri())
    page.locator("#ability summary").click()
    assert page.locator("#ability table:visible").count() == 3
    assert violations(page, "#ability") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_names_are_text_and_the_figure_has_a_point_for_each_entry_with_both(page: Page, reported: Path) -> None:
    page.goto((reported / "leaderboard.html").as_uri())
    assert page.locator("#ability img, #ability i").count() == 0
    assert page.locator("#ability svg circle").count() == len(ENTRIES) - 1  # nli-simcse has no change
    described = page.locator("#ability-desc").text_content() or ""
    assert described.count("; ") == len(ENTRIES) - 2
    assert "trained on own-<i>sts" in page.locator("#ability").inner_text()


def test_without_its_script_the_page_has_the_same_section(page: Page, unscripted: Page, reported: Path) -> None:
    texts = []
    for one in (page, unscripted):
        one.goto((reported / "leaderboard.html").as_uri())
        texts.append(one.locator("#ability").inner_text())
    assert texts[0] == texts[1]
