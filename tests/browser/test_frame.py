"""The fixtures of the browser tests: a leaderboard opens without problems, and axe finds a planted violation."""

from pathlib import Path

from playwright.sync_api import Page
from support.axe import violations
from support.fake_records import board

from harness.report.report_files import write_reports


def test_a_leaderboard_opens_from_disk_with_its_table(page: Page, tmp_path: Path) -> None:
    page.goto(write_reports(board(tmp_path, ["base", "mnrl"], {"ko": 7}, [0, 1])).as_uri())
    assert page.locator("tbody th").first.inner_text().startswith(("base", "mnrl"))


def test_axe_finds_an_image_without_a_name(page: Page) -> None:
    page.set_content('<html lang="en"><title>t</title><main><h1>h</h1><img src="data:,"></main></html>')
    assert [violation.partition(":")[0] for violation in violations(page)] == ["image-alt"]


def test_a_leaderboard_has_no_violation(page: Page, tmp_path: Path) -> None:
    page.goto(write_reports(board(tmp_path, ["base", "mnrl"], {"ko": 7}, [0, 1])).as_uri())
    assert violations(page) == []
