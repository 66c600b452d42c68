"""Hostile names, titles, reasons and provenance on the leaderboard: no script runs, no layout breaks, no formula."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page
from support.axe import violations
from support.fake_records import draw, provenance, put, put_failed

from harness.report.report_files import write_reports

FORMULA = '=HYPERLINK("https:example.org","x")'
NAMES = [
    "base",
    "<script>alert(1)<script>",
    "\"'><img src=x onerror=alert(1)>",
    "evil\u202egnp.exe",
    FORMULA,
    "$\\&%#_{}~^",
    "__proto__",
    "a,b&c=d:e%41 #f",
    "n" * 200,
]
TEXTS = [
    "</script><script>alert(1)</script>",
    "<!--",
    "]]>",
    "خطا\u202e\u2066",
    "@SUM(1)",
    "w" * 10_000,
    "&lt;b&gt;{{ 7 * 7 }}",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which all data is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    for i, name in enumerate(NAMES):
        for language, n in (("ko", 7), ("fa", 5)):
            made = provenance(name, language, 0)
            made["entry"]["title"] = TEXTS[i % len(TEXTS)]
            made["entry"]["recipe"] = "published" if i % 2 else "corrected"
            made["note"] = TEXTS
            put(folder, (name, language, 0), draw(name, language, 0, n), provenance=made)
    for i, text in enumerate(TEXTS):
        put_failed(folder, (f"failed-{i}", "ko", 0), text, provenance={"entry": {"title": text}})
    put_failed(folder, ("base", "fa", 1), "\n".join(TEXTS))
    suite = {"name": "fake", "title": TEXTS[0] + TEXTS[5]}
    (folder / "run.json").write_text(json.dumps({"suite": suite, "command": ["harness", *TEXTS]}), encoding="utf-8")
    write_reports(folder)
    return folder


@pytest.fixture
def shown(page: Page, folder: Path) -> Page:
    page.goto((folder / "leaderboard.html").as_uri())
    return page


def test_no_data_becomes_an_element(shown: Page) -> None:
    assert shown.locator("img").count() == 0
    assert shown.locator("script").count() == 2
    assert shown.locator(".board:visible tbody tr").count() == len(NAMES) + len(TEXTS)
    assert set(NAMES) <= set(shown.locator(".board:visible tbody .name").all_text_contents())


def test_the_url_restores_a_view_in_which_the_hostile_names_are_hidden(shown: Page) -> None:
    shown.get_by_text("entries shown").click()
    for name in NAMES[1:]:
        shown.locator("#controls label").filter(has_text=name[:50]).locator("input").uncheck()
    failed = [f"failed-{i}" for i in range(len(TEXTS))]
    for _ in range(2):
        assert shown.locator(".board:visible tbody tr:visible .name").all_text_contents() == ["base", *failed]
        shown.reload()


def test_hostile_baselines_can_be_selected_and_stay_selected(shown: Page) -> None:
    baseline = shown.get_by_role("combobox", name="baseline", exact=True)
    for name in NAMES[1:]:
        baseline.select_option(name)
        assert shown.locator('.board:visible [data-fill="baseline"]').text_content() == name
        row = shown.locator(".board:visible tbody tr").filter(has=shown.get_by_text("baseline", exact=True))
        assert row.locator(".name").all_text_contents() == [name]
        shown.evaluate("dispatchEvent(new HashChangeEvent('hashchange'))")
        assert baseline.input_value() == name


def test_the_downloaded_csv_has_text_and_numbers_but_no_formula(shown: Page) -> None:
    with shown.expect_download() as download:
        shown.get_by_role("button", name="CSV", exact=True).click()
    text = Path(download.value.path()).read_bytes().decode()
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert {row["entry"] for row in rows} == {*NAMES, *(f"failed-{i}" for i in range(len(TEXTS)))} - {FORMULA} | {
        f"'{FORMULA}"
    }
    assert "'@SUM(1)" in {row["failed"] for row in rows}
    negative = [row["delta"] for row in rows if row["delta"].startswith("-")]
    assert negative
    assert all(float(value) < 0 for value in negative)
    assert not [value for row in rows for value in row.values() if value[:1] in ("=", "+", "@", "\t")]


@pytest.mark.parametrize("width", [390, 1280])
def test_neither_the_page_grows_wider_nor_rows_taller(shown: Page, width: int) -> None:
    shown.set_viewport_size({"width": width, "height": 900})
    assert shown.evaluate("document.documentElement.scrollWidth") == width
    shown.get_by_text("entries shown").click()
    assert shown.evaluate("document.documentElement.scrollWidth") == width
    heights = shown.locator(".board:visible tbody tr").evaluate_all("rows => rows.map((row) => row.offsetHeight)")
    assert max(heights) < 260


def test_a_name_that_changes_the_text_direction_affects_nothing_beside_it(shown: Page) -> None:
    row = shown.locator(".board:visible tbody tr").filter(has_text="gnp.exe").first
    cells = row.locator("td")
    assert cells.nth(0).bounding_box()["x"] < cells.nth(1).bounding_box()["x"]
    assert row.locator("th bdi").first.text_content() == "evil\u202egnp.exe"


def test_axe_finds_no_violation_with_hostile_data(shown: Page) -> None:
    assert violations(shown) == []
    shown.set_viewport_size({"width": 390, "height": 900})
    shown.emulate_media(color_scheme="dark")
    assert violations(shown) == []


def test_without_scripts_hostile_data_is_text_too(unscripted: Page, folder: Path) -> None:
    unscripted.goto((folder / "leaderboard.html").as_uri())
    assert unscripted.locator(".board:visible").count() == 5
    assert unscripted.locator("img").count() == 0
