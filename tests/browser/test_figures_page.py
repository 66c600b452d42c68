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
TEXTS = """svg => [...svg.querySelectorAll('text')].filter(text => text.getBoundingClientRect().width).map(text => {
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


def assert_texts_are_apart(page: Page) -> None:
    for svg in page.locator("svg.drawn:visible").all():
        outer = svg.bounding_box()
        assert outer is not None
        texts = svg.evaluate(TEXTS)
        for i, (text, left, top, right, bottom) in enumerate(texts):
            assert outer["x"] - 1 <= left < right <= outer["x"] + outer["width"] + 1, text
            assert outer["y"] - 1 <= top < bottom <= outer["y"] + outer["height"] + 1, text
            for other, x, y, to_x, to_y in texts[i + 1 :]:
                overlap = min(right, to_x) - max(left, x) > 1 and min(bottom, to_y) - max(top, y) > 3
                assert not overlap, (text, other)


def test_no_text_of_a_figure_overlaps_another_or_leaves_the_figure(page: Page, plain: str) -> None:
    page.goto(plain)
    assert page.locator("svg.drawn").count() == 6
    assert_texts_are_apart(page)


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


FIGURES = ("forest", "seeds", "ranks", "cost", "geometry")


def drawn_names(page: Page, name: str) -> set[str]:
    """Return the entries whose names are seen in a figure."""
    texts = page.locator(f"#figure-{name} svg:visible").evaluate(TEXTS)
    return {text for text, *_ in texts} & set(PLAIN)


def tops(page: Page) -> list[float]:
    """Return where figures, drawings and what is below them begin, from the top of the first figure."""
    places = """() => {
        const top = (element) => element.getBoundingClientRect().top;
        const below = [...document.querySelectorAll('figure, figure .wide, figure p, #pictures ~ section')];
        return below.map((element) => top(element) - top(document.querySelector('.pictures')));
    }"""
    return list(page.evaluate(places))


def test_a_hidden_entry_leaves_every_figure_and_nothing_moves(page: Page, plain: str) -> None:
    page.goto(plain)
    assert all("clpl" in drawn_names(page, name) for name in (*FIGURES, "learning"))
    before = tops(page)
    page.get_by_text("entries shown").click()
    page.get_by_label("clpl", exact=True).uncheck()
    assert tops(page) == before
    for name in (*FIGURES, "learning"):
        names = drawn_names(page, name)
        assert "clpl" not in names, name
        assert {"mnrl", "soft-1"} <= names, name
    page.get_by_role("button", name="show all").click()
    page.get_by_text("entries shown").click()
    assert tops(page) == before


def test_texts_keep_no_more_space_than_they_need_at_another_width(page: Page, plain: str) -> None:
    heights = "() => [...document.querySelectorAll('figcaption')].map((text) => text.getBoundingClientRect().height)"
    page.goto(plain)
    wide = page.evaluate(heights)
    page.set_viewport_size({"width": 390, "height": 800})
    assert sum(page.evaluate(heights)) > sum(wide)
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.evaluate(heights) == wide


def test_a_language_changes_every_figure_and_nothing_moves(page: Page, plain: str) -> None:
    page.goto(plain)
    before = tops(page)
    all_languages = {name: page.locator(f"#figure-{name} svg:visible").inner_html() for name in FIGURES}
    assert page.locator("#figure-learning [data-language]:visible").first.get_attribute("data-language") == "3"
    page.get_by_role("combobox", name="language", exact=True).select_option("hi")
    assert tops(page) == before
    place = str(page.evaluate("() => JSON.parse(document.getElementById('data').textContent).languages.indexOf('hi')"))
    shown = page.locator("#figure-learning [data-language]:visible")
    assert {layer.get_attribute("data-language") for layer in shown.all()} == {place}
    for name in FIGURES:
        assert page.locator(f"#figure-{name} svg:visible").inner_html() != all_languages[name]
        assert ", hi" in page.locator(f"#figure-{name} figcaption strong").inner_text()
    assert page.locator("#figure-seeds svg:visible").get_by_text("hi", exact=True).count() == 1
    assert violations(page) == []


def test_switched_figures_have_the_numbers_of_the_chosen_language(page: Page, plain: str) -> None:
    page.goto(plain + "#language=hi")
    data = page.evaluate("() => JSON.parse(document.getElementById('data').textContent)")
    place = data["languages"].index("hi")
    letters = [scores[place][8] for scores in data["scores"][0]]
    texts = page.locator("#figure-ranks svg:visible").evaluate(TEXTS)
    right = max(right for *_, right, _ in texts)
    assert [text for text, _, _, end, _ in texts if end == pytest.approx(right, abs=1) and text != "letters"] == letters
    seeds = data["seeds"][0]
    dots = page.locator("#figure-seeds svg:visible circle").count()
    assert dots == sum(len(languages[place]) for languages in seeds if languages[place])


@pytest.mark.parametrize("state", ["", "#language=ko", "#measure=AP&hide=base,mnrl"])
def test_figures_stand_in_two_columns_on_a_wide_screen_and_below_each_other_else(
    page: Page, plain: str, state: str
) -> None:
    for width, columns in ((1440, 2), (1000, 1)):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto("about:blank")
        page.goto(plain + state)
        boxes = [figure.bounding_box() for figure in page.locator("#pictures figure").all()]
        assert len({round(box["x"]) for box in boxes if box}) == columns
        assert page.evaluate("() => document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("state", ["language=ko", "hide=base,mnrl"])
def test_no_text_of_a_switched_figure_overlaps_another_or_leaves_it(page: Page, plain: str, state: str) -> None:
    page.goto(f"{plain}#{state}")
    assert_texts_are_apart(page)
