"""Chromium for the tests of pages: no network, and nothing wrong in the console."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, sync_playwright
from support.board_page import five_entries

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium (CHROMIUM names another one), headless."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("no chromium on this machine; `apt-get install chromium`, or name one in CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page 1280 wide that reads this machine's files and its loopback address alone; asking for more fails."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    wrong: list[str] = []
    page = context.new_page()

    def only_here(route: Route) -> None:
        address = urlsplit(route.request.url)
        if address.scheme in ("file", "data", "blob") or address.hostname == "127.0.0.1":
            route.continue_()
        else:
            wrong.append(f"asked for {route.request.url}")
            route.abort()

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            wrong.append(f"console: {message.text}")

    page.route("**/*", only_here)
    page.on("console", said)
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    yield page
    context.close()
    assert wrong == []


@pytest.fixture
def unscripted(browser: Browser) -> Iterator[Page]:
    """A page with scripts off."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The leaderboard of five made-up entries: do not change its folder."""
    return five_entries(tmp_path_factory.mktemp("board"))


@pytest.fixture
def shown(page: Page, folder: Path) -> Page:
    """That leaderboard, opened from disk."""
    page.goto((folder / "leaderboard.html").as_uri())
    return page
