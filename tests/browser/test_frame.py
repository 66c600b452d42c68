"""The fixtures of the browser tests: a leaderboard opens without problems, and axe finds a planted violation."""

import re
from pathlib import Path

from playwright.sync_api import Page
from support.axe import violations
from support.commands import REPOSITORY
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


def test_style_sheets_change_colours_by_scheme_alone_and_with_the_scheme_nothing_else() -> None:
    """So a page is checked by axe once in each scheme and once in each width."""
    colour = re.compile(r"color|background|fill|stroke|shadow|opacity|outline|border|var\(--")
    conditions = []
    for sheet in sorted((REPOSITORY / "report_templates").glob("*.css.j2")):
        for condition, rules in re.findall(r"@media ([^{]+) \{((?:[^{}]|\{[^{}]*\})*)\}", sheet.read_text("utf-8")):
            conditions.append(condition)
            if "width" in condition:
                assert not colour.search(rules), (sheet.name, condition)
            elif "scheme" in condition:
                assert not re.sub(r"--[\w-]+:[^;]+;|:root|[{}\s]", "", rules), (sheet.name, condition)
    assert {"(max-width: 40rem)", "(prefers-color-scheme: dark)"} <= set(conditions)
