"""What axe-core finds wrong with a page."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

VIEWS = ((1280, "light"), (390, "dark"))
"""Width and colour scheme: both of either, as neither changes what the other shows (tests/browser/test_frame.py)."""


OPTIONS = "{resultTypes: ['violations'], selectors: false, preload: false}"  # selectors take half of the time


def violations(page: Page, part: str = "") -> list[str]:
    """Return each violation as `rule: element`, of WCAG 2 A and AA and of axe's best practices.

    `part` is a CSS selector of what is looked at, the whole page by default.
    """
    [source] = Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")
    page.evaluate(source.read_text(encoding="utf-8"))  # the page's policy admits no script element but its own
    found = page.evaluate(f"(part) => axe.run(part || document, {OPTIONS})", part)
    return [f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]]
