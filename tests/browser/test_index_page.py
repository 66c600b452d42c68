"""The index over result folders, and a comparison of two, in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page
from support.axe import VIEWS, violations
from support.commands import invoke
from support.fake_records import board, put, put_failed
from support.hostile import NAMES, REASON
from support.scrolling import scrolled
from support.study_folders import over_base


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index of two complete folders and one whose cells failed."""
    for name, entry in (("one", "mnrl"), ("more/two", "clpl")):
        board(tmp_path / name, ["base", entry], {"ko": 7, "fa": 5}, [0, 1])
    assert invoke("report", tmp_path / "one", "--no-texts").status == 0
    put_failed(tmp_path / "failed", ("clpl", "ko", 0), "حافظه کافی نیست")
    assert invoke("report", tmp_path, "--index").status == 1
    return tmp_path / "index.html"


@pytest.fixture
def comparison(tmp_path: Path) -> Path:
    """The page of a comparison of two folders."""
    a, b = (board(tmp_path / name, ["base", "mnrl"], {"ko": 7}, [i, i + 1]) for i, name in enumerate("ab"))
    path = tmp_path / "comparison.html"
    path.write_text(invoke("compare", a, b, "--format", "html").out, encoding="utf-8")
    return path


@pytest.fixture
def check(tmp_path: Path) -> Path:
    """The page of a check of two folders, with a missing cell."""
    old = board(tmp_path / "old", ["base", "mnrl", "clpl"], {"ko": 7}, [0, 1])
    new = board(tmp_path / "new", ["base", "mnrl"], {"ko": 7}, [1, 2])
    path = tmp_path / "check.html"
    assert invoke("check", new, "--baseline", old, "--html", path).status == 1
    return path


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("name", ["index", "comparison", "check"])
@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_a_page_has_no_violation_and_fits(
    page: Page, request: pytest.FixtureRequest, name: str, width: int, scheme: Literal["light", "dark"]
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto(request.getfixturevalue(name).as_uri())
    assert violations(page) == []
    assert fits(page)


def test_a_leaderboard_is_reached_from_the_index_by_keyboard(page: Page, index: Path) -> None:
    page.goto(index.as_uri())
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "one":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/one/leaderboard.html")
    assert page.locator("h1").inner_text() == "Leaderboard of fake"


def test_a_wide_table_has_a_name_and_scrolls_by_keyboard(page: Page, index: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(index.as_uri())
    region = page.get_by_role("region", name="Result folders of fake")
    region.focus()
    page.keyboard.press("ArrowRight")
    assert scrolled(region)
    assert fits(page)


def test_the_pages_are_complete_without_scripts(unscripted: Page, index: Path, comparison: Path) -> None:
    unscripted.goto(index.as_uri())
    assert unscripted.locator("tbody tr").count() == 4  # three folders, one contrast
    assert unscripted.get_by_text("حافظه کافی نیست").is_visible()
    unscripted.goto(comparison.as_uri())
    assert unscripted.locator("table").first.locator("tbody tr").count() == 2


def test_hostile_names_run_no_script_and_keep_the_page_width(page: Page, tmp_path: Path) -> None:
    for name in NAMES:
        put(tmp_path / "results" / name, (name, "ko", 0), {"AP": {"a": 0.5, "b": 0.25}})
    put_failed(tmp_path / "results/failed", ("clpl", "ko", 0), REASON)
    assert invoke("report", tmp_path / "results", "--index").status == 1
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto((tmp_path / "results/index.html").as_uri())
    assert page.locator("tbody tr").count() == len(NAMES) + 1
    assert fits(page)
    assert violations(page) == []


def test_a_contrast_leads_to_its_forest_plot_which_scrolls_by_keyboard(page: Page, index: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 700})
    page.goto(index.as_uri())
    page.get_by_role("link", name="mnrl over base").click()
    figure = page.locator("#synthesis-1 svg")
    assert figure.is_visible()
    assert page.get_by_role("img", name="mnrl over base in nDCG@10, × 100").count() == 1
    region = page.get_by_role("region", name="mnrl over base in nDCG@10, × 100")
    region.focus()
    page.keyboard.press("ArrowRight")
    assert scrolled(region)
    assert fits(page)


@pytest.mark.parametrize(("width", "side_by_side"), [(1440, True), (390, False)])
def test_forest_plots_stand_in_two_columns_on_a_wide_screen(
    page: Page, tmp_path: Path, width: int, side_by_side: bool
) -> None:
    board(tmp_path / "one", ["base", "mnrl", "infonce-random"], {"ko": 7, "fa": 5}, [0, 1])
    assert invoke("report", tmp_path, "--index").status == 0
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((tmp_path / "index.html").as_uri())
    first, second = (page.locator(f"#synthesis-{i}").bounding_box() for i in (1, 2))
    assert first
    assert second
    assert (first["y"] == second["y"]) == side_by_side
    assert page.locator("#synthesis-2 svg").is_visible()
    assert fits(page)


def test_the_page_of_a_synthesis_has_no_violation_and_fits(page: Page, tmp_path: Path) -> None:
    folders = [over_base(tmp_path / name[:60], {"ko": 0.02, "fa": 0.06}, suite=name) for name in NAMES]
    assert invoke("synthesize", *folders, "--out", tmp_path / "synthesis.html").status == 0
    for width, scheme in VIEWS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        page.goto((tmp_path / "synthesis.html").as_uri())
        assert page.locator("tbody tr").count() == 1 + 2 * len(NAMES)
        assert violations(page) == []
        assert fits(page)
