"""Every two entries on demand, in Chromium: opened, linked, downloaded, narrow, accessible and without scripts."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.axe import VIEWS, violations
from support.board_page import choose, fragment, go, order, saved
from support.fake_records import board, draw, put

from harness.evidence.leaderboard import collate
from harness.report.report_files import write_reports
from harness.stats.rules import direction

TABLE = "#pairwise table"


def names(page: Page) -> list[str]:
    return page.locator(f"{TABLE} tbody th bdi").all_inner_texts()


def test_it_is_folded_until_it_is_asked_for_in_the_bar_or_at_its_place(shown: Page) -> None:
    assert not shown.locator(TABLE).is_visible()
    before = shown.locator("#evidence").bounding_box()
    shown.get_by_role("checkbox", name="pairwise", exact=True).check()
    assert shown.locator(TABLE).is_visible()
    assert fragment(shown) == "pairs=shown"
    assert "every two entries" in shown.locator("#shown").inner_text()
    shown.locator("#pairwise summary").click()
    expect(shown.get_by_role("checkbox", name="pairwise", exact=True)).not_to_be_checked()
    assert fragment(shown) == ""
    after = shown.locator("#evidence").bounding_box()
    assert before is not None
    assert after is not None
    assert before["height"] == after["height"]


def test_the_bar_still_hides_entries_and_orders_them(shown: Page) -> None:
    shown.get_by_role("checkbox", name="pairwise", exact=True).check()
    everything = [name for name in order(shown) if name != "soft-1"]
    assert names(shown) == everything
    choose(shown, "recipe", "published")
    assert names(shown) == [name for name in order(shown) if name != "soft-1"]
    assert len(names(shown)) < len(everything)
    choose(shown, "recipe", "")
    shown.get_by_text("entries shown").click()
    shown.get_by_role("checkbox", name="clpl", exact=True).uncheck()
    assert names(shown) == [name for name in everything if name != "clpl"]
    shown.get_by_role("button", name="entry", exact=True).click()
    assert names(shown) == sorted(names(shown))
    assert shown.locator(f"{TABLE} thead th bdi").all_text_contents() == names(shown)


def test_a_link_opens_it_on_its_measure_and_language(page: Page, folder: Path) -> None:
    go(page, folder, "measure=AP&language=fa&pairs=shown")
    expect(page.locator("#pairwise .what")).to_have_text("Every two entries in AP, fa, × 100")
    assert page.locator(TABLE).is_visible()
    link = page.locator(f"{TABLE} td a").first
    entry, baseline = names(page)[:2]
    assert link.get_attribute("href") == f"queries/fa.html#a={entry}&b={baseline}"
    go(page, folder, "pairs=maybe")
    assert "This link asks for pairs maybe" in page.locator("#unknown").inner_text()
    assert not page.locator(TABLE).is_visible()


def test_downloads_hold_every_pair_once_in_every_language_that_is_shown(shown: Page, folder: Path) -> None:
    shown.get_by_role("checkbox", name="pairwise", exact=True).check()
    contrasts = {
        (contrast.language, contrast.entry, contrast.baseline): contrast for contrast in collate(folder).contrasts
    }
    entries = [name for name in order(shown) if name != "soft-1"]
    pairs = [(entry, other) for i, entry in enumerate(entries) for other in entries[i + 1 :]]
    for rows in (list(csv.DictReader(io.StringIO(saved(shown, "CSV")))), json.loads(saved(shown, "JSON"))["rows"]):
        assert [(row["language"], row["entry"], row["baseline"]) for row in rows] == [
            (language, *pair) for language in ("ko", "fa", "average") for pair in pairs
        ]
        for row in rows:
            contrast = contrasts[row["language"], row["entry"], row["baseline"]]
            assert float(row["delta"]) == contrast.delta[0]
            assert float(row["p_adjusted"]) == contrast.p_adjusted[0]
            assert float(row["delta_ci_low"]) == contrast.low[0]
            assert row["shown"] == direction(contrast.p_adjusted[0], contrast.delta[0])


@pytest.mark.parametrize("width", [360, 390])
def test_on_a_narrow_screen_it_scrolls_in_its_own_box_beside_the_names(page: Page, folder: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    go(page, folder, "pairs=shown")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    region = page.locator("#pairwise [role=region]")
    assert region.evaluate("element => element.scrollWidth > element.clientWidth")
    region.evaluate("element => { element.scrollLeft = 200; }")
    name, around = page.locator(f"{TABLE} tbody th").first.bounding_box(), region.bounding_box()
    assert name is not None
    assert around is not None
    assert name["x"] == around["x"]


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_axe_finds_no_violation_in_it(page: Page, folder: Path, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    go(page, folder, "pairs=shown&language=ko")
    assert violations(page, "#pairwise") == []
    assert violations(page, "#controls") == []


def test_what_is_shown_is_marked_and_not_by_colour_alone(page: Page, tmp_path: Path) -> None:
    board(tmp_path, ["base", "clpl"], {"ko": 30}, [0, 1])
    for seed in (0, 1):
        low = {measure: {q: v / 9 for q, v in of.items()} for measure, of in draw("mnrl", "ko", seed, 30).items()}
        put(tmp_path, ("mnrl", "ko", seed), low)
    write_reports(tmp_path)
    go(page, tmp_path, "pairs=shown")
    marks = page.locator(f"{TABLE} td").evaluate_all(
        "cells => cells.map((cell) => [cell.className, cell.firstElementChild"
        " ? getComputedStyle(cell.firstElementChild, '::after').content : ''])"
    )
    words = {"higher": '"▲" / ", shown to be higher"', "lower": '"▼" / ", shown to be lower"'}
    words |= {"tie": '"" / ", not shown to differ"', "self": ""}
    assert {name for name, _ in marks} == {"tie", "self", "higher", "lower"}
    assert [content for _, content in marks] == [words[name] for name, _ in marks]


def test_without_scripts_it_opens_on_the_first_view(unscripted: Page, folder: Path) -> None:
    unscripted.goto((folder / "leaderboard.html").as_uri())
    assert not unscripted.locator(TABLE).is_visible()
    unscripted.locator("#pairwise summary").click()
    assert unscripted.locator(f"{TABLE} tbody tr:visible").count() == 5
    assert unscripted.locator("#pairwise .what").inner_text() == "Every two entries in nDCG@10, average, × 100"
