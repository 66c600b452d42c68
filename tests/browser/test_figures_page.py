"""The figures in Chromium: light and dark scheme, print, narrow screens, keyboard, axe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from support.axe import violations
from support.fake_records import draw, provenance, put
from support.scrolling import scrolled

from harness.evidence.leaderboard import collate
from harness.report.report_files import write_reports

PLAIN = ("base", "mnrl", "mnrl-moe", "clpl", "infonce-random", "infonce-ance", "soft-1", "soft-2")
HOSTILE = ("<script>alert(1)<", "\"'><img src=x onerror=alert(1)>", "مدل‌فارسی", "W" * 80, "a\u202eb", "한국어 모델")
TEXTS = """svg => [...svg.querySelectorAll('text')].map(text => {
    const box = text.getBoundingClientRect();
    return [text.textContent, box.left, box.top, box.right, box.bottom];
})"""
COLOURS = """() => [getComputedStyle(document.body).color,
    [...new Set([...document.querySelectorAll('svg.drawn text')].map(text => getComputedStyle(text).fill))]]"""


def reported(folder: Path, entries: tuple[str, ...]) -> Path:
    """Write the page of made-up entries and return it; the first entry is the baseline."""
    for i, entry in enumerate(entries):
        for language in ("ko", "hi", "fa"):
            for seed in (0,) if entry == "base" else (0, 1, 2):
                made = provenance(entry, language, seed)
                made["training"] = {"losses": [(i + 2) / (step + 1) for step in range(30)]}
                after = {"uniformity": -2.0 - i / 5, "alignment": 1.0 + i / 20, "anisotropy": 0.1}
                fields: dict[str, Any] = {"geometry": {"before": after, "after": after}, "seconds": 1.0 + i / 9}
                put(folder, (entry, language, seed), draw(entry, language, seed, 12, ["AP"]), provenance=made, **fields)
    return write_reports(folder, collate(folder, entries[0]))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> str:
    return reported(tmp_path_factory.mktemp("plain"), PLAIN).as_uri()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> str:
    return reported(tmp_path_factory.mktemp("hostile"), HOSTILE).as_uri()


def test_no_text_of_a_figure_overlaps_another_or_leaves_the_figure(page: Page, plain: str) -> None:
    page.goto(plain)
    drawn = page.locator("svg.drawn").all()
    assert len(drawn) == 6
    for svg in drawn:
        outer = svg.bounding_box()
        assert outer is not None
        texts = svg.evaluate(TEXTS)
        for i, (text, left, top, right, bottom) in enumerate(texts):
            assert outer["x"] - 1 <= left < right <= outer["x"] + outer["width"] + 1, text
            assert outer["y"] - 1 <= top < bottom <= outer["y"] + outer["height"] + 1, text
            for other, x, y, to_x, to_y in texts[i + 1 :]:
                overlap = min(right, to_x) - max(left, x) > 1 and min(bottom, to_y) - max(top, y) > 3
                assert not overlap, (text, other)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_colour_of_the_page_and_axe_finds_no_violation(page: Page, plain: str, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(plain)
    text_colour, colours = page.evaluate(COLOURS)
    soft = page.evaluate("() => getComputedStyle(document.querySelector('.small')).color")
    assert text_colour in colours
    assert set(colours) <= {text_colour, soft}
    assert violations(page) == []


def test_on_a_narrow_screen_a_figure_scrolls_by_keyboard_and_the_page_does_not(page: Page, plain: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(plain)
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
    for name in ("forest", "learning"):
        region = page.locator(f"#figure-{name} [role=region]")
        region.focus()
        page.keyboard.press("ArrowRight")
        assert scrolled(region)
        heights = [bottom - top for _, _, top, _, bottom in region.locator("svg").evaluate(TEXTS)]
        assert min(heights) > 10.5


def test_in_print_a_figure_fits_the_page(page: Page, plain: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(media="print")
    page.goto(plain)
    for svg in page.locator("svg.drawn").all():
        box = svg.bounding_box()
        assert box is not None
        assert box["width"] <= 390


def test_hostile_names_run_no_script_and_keep_the_page_width(page: Page, hostile: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(hostile)
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
    assert page.locator("svg.drawn").count() == 6
    assert page.locator("svg.drawn script, svg.drawn img, figcaption img").count() == 0
    texts = page.locator("#figure-ranks svg").evaluate(TEXTS)
    assert {"<script>alert(1)<", "مدل‌فارسی", "W" * 39 + "…", "a�b", "한국어 모델"} <= {text for text, *_ in texts}
