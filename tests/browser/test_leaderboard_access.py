"""Accessibility of the leaderboard: keyboard, screen readers, layout shifts, dark scheme, narrow screens, print."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page
from support.axe import VIEWS, violations
from support.board_page import choose, fragment, go, switch, two_claims


def press_until(page: Page, selector: str, key: str = "Tab") -> None:
    """Press a key until the focused element matches a selector."""
    for _ in range(60):
        page.keyboard.press(key)
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"{key} does not reach {selector}")


def test_every_control_works_by_keyboard_alone(shown: Page) -> None:
    press_until(shown, "a.skip")
    press_until(shown, "select[name=measure]")
    shown.keyboard.press("ArrowDown")
    assert shown.locator(".board:visible h3").inner_text() == "nDCG@5"
    press_until(shown, "select[name=language]")
    shown.keyboard.press("ArrowDown")
    assert "language=ko" in fragment(shown)
    press_until(shown, "#controls summary")
    shown.keyboard.press("Enter")
    press_until(shown, "#show-all")
    press_until(shown, "input[name=entry]")
    shown.keyboard.press("Space")
    assert "5 of 6 entries" in shown.locator("#shown").inner_text()
    press_until(shown, ".board:not([hidden]) [role=region]")
    press_until(shown, '.board:not([hidden]) th[data-column="ko"] button')
    shown.keyboard.press("Enter")
    assert "sort=ko:desc" in fragment(shown)
    assert shown.evaluate("document.activeElement.closest('th').getAttribute('aria-sort')") == "descending"


def test_the_language_and_the_order_are_announced(shown: Page) -> None:
    status = shown.get_by_role("status").filter(has_text="entries")
    assert status.inner_text().startswith(
        "nDCG@10, all languages, 6 of 6 entries, differences to base, highest average nDCG@10 first"
    )
    shown.get_by_role("button", name="average").first.click()
    assert status.inner_text().endswith("sorted by average, highest first")


def test_sorting_and_switching_cause_no_layout_shift(shown: Page) -> None:
    shown.evaluate(
        """() => { window.shifts = []; new PerformanceObserver((list) => window.shifts.push(...list.getEntries()))
        .observe({type: 'layout-shift', buffered: true}); }"""
    )

    def positions() -> list[float]:
        values = shown.evaluate(
            """() => [...document.querySelectorAll('.board:not([hidden]) thead th:not([hidden]), #evidence')]
            .map((element) => element.getBoundingClientRect()).flatMap((box) => [box.x, box.y + scrollY])"""
        )
        return [float(value) for value in values]

    def settle() -> None:
        shown.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    first = positions()
    for name in ("ko", "average", "difference", "minutes", "entry"):
        shown.locator(f'.board:visible th[data-column="{name}"] button').click()
        settle()
        assert positions() == first, name
    switch(shown, "measure").focus()
    shown.keyboard.press("ArrowDown")
    settle()
    assert positions() == first
    bottom = positions()[-1]
    switch(shown, "language").focus()
    shown.keyboard.press("ArrowDown")
    settle()
    assert positions()[-1] == bottom
    sum_of = "() => window.shifts.filter((shift) => !shift.hadRecentInput).reduce((sum, shift) => sum + shift.value, 0)"
    assert shown.evaluate(sum_of) == 0


def test_the_page_requests_only_itself(page: Page, folder: Path) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto((folder / "leaderboard.html").as_uri())
    choose(page, "measure", "AP")
    assert requests == [(folder / "leaderboard.html").as_uri()]


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_axe_finds_no_violation_in_any_view(page: Page, folder: Path, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto((folder / "leaderboard.html").as_uri())
    page.get_by_text("entries shown").click()
    assert violations(page) == []
    go(page, folder, "language=fa&sort=fa:asc&measure=AP")
    assert violations(page) == []


@pytest.mark.parametrize("width", [360, 390])
def test_on_a_narrow_screen_only_tables_scroll(page: Page, folder: Path, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto((folder / "leaderboard.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    region = page.locator(".board:visible [role=region]")
    assert region.evaluate("element => element.scrollWidth > element.clientWidth")
    region.evaluate("element => { element.scrollLeft = 300; }")
    assert page.locator(".board:visible tbody th").first.bounding_box()["x"] == region.bounding_box()["x"]


LINES = """name => {
    const head = document.querySelector('.board:not([hidden]) tbody th bdi');
    head.textContent = name;
    const range = document.createRange();
    range.selectNodeContents(head);
    return range.getClientRects().length;
}"""
CUT = """region => [...region.querySelectorAll('th, td')].filter((cell) => cell.checkVisibility())
    .filter((cell) => cell.cellIndex < 3 && cell.scrollWidth > cell.clientWidth + 1).map((cell) => cell.textContent)"""


def test_on_a_phone_the_average_and_the_difference_are_whole_beside_the_entry(page: Page, folder: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto((folder / "leaderboard.html").as_uri())
    region = page.locator(".board:visible [role=region]")
    heads = region.locator("thead th")
    assert [heads.nth(i).get_attribute("data-column") for i in range(3)] == ["entry", "average", "difference"]
    edge, last = region.bounding_box(), heads.nth(2).bounding_box()
    assert edge
    assert last
    assert last["x"] + last["width"] <= edge["x"] + edge["width"]
    assert region.evaluate(CUT) == []
    assert page.evaluate(LINES, "clpl-intermediate") == 2
    assert page.evaluate(LINES, "infonce-random") == 2


SMALLEST = """() => Math.min(...[...document.querySelectorAll('a, button, select, summary, label:has(input)')]
    .map((element) => element.getBoundingClientRect()).filter((box) => box.width > 0)
    .map((box) => Math.min(box.width, box.height)))"""


@pytest.mark.parametrize("file", ["leaderboard", "entries/clpl"])
def test_on_a_narrow_screen_everything_is_large_enough_to_touch(page: Page, folder: Path, file: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto((folder / f"{file}.html").as_uri())
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate(SMALLEST) >= 24


def test_print_shows_every_table_and_no_control(page: Page, folder: Path) -> None:
    page.set_viewport_size({"width": 1040, "height": 700})
    go(page, folder, "measure=AP")
    page.emulate_media(media="print")
    assert page.locator(".board:visible").count() == 5
    assert not page.locator("#controls").is_visible()
    assert not page.locator("nav").is_visible()
    assert page.locator("#evidence details table").last.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 1040


def test_printing_opens_details_and_closes_them_afterwards(shown: Page) -> None:
    folded = "() => document.querySelectorAll('details:not([open])').length"
    before = shown.evaluate(folded)
    assert before > 0
    shown.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert shown.evaluate(folded) == 0
    shown.evaluate("() => dispatchEvent(new Event('afterprint'))")
    assert shown.evaluate(folded) == before


def test_axe_finds_no_violation_in_the_claims(page: Page, tmp_path: Path) -> None:
    page.goto((two_claims(tmp_path) / "leaderboard.html").as_uri())
    page.locator("#claims summary").click()
    assert page.locator("#claims table").count() == 2
    assert violations(page, "#claims") == []
