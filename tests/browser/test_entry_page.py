"""The page of an entry in Chromium: copying, links, no scripts, hostile text, screen widths and colour schemes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from support.axe import VIEWS, violations
from support.entry_records import cell, folder_of, run
from support.fake_records import put_failed

from harness.errors import REASON
from harness.evidence.leaderboard import collate
from harness.report.entries import entry_pages

SIGNATURE = "Copy the signature of ko, seed 0"


def write_entry_pages(folder: Path) -> Path:
    """Write the pages of a folder's entries and return the folder."""
    for name, html in entry_pages.files(folder, collate(folder)).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(html, encoding="utf-8")
    (folder / "leaderboard.html").touch()
    return folder


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of four entries and their pages, shared by tests: do not write into it."""
    return write_entry_pages(folder_of(tmp_path_factory.mktemp("entries")))


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture
def served(reported: Path) -> Iterator[str]:
    """The URL of the served folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(reported)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("text_id", ["signature", "check", "again"])
def test_a_served_page_copies_each_text_and_announces_it(page: Page, served: str, text_id: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=served)
    page.goto(f"{served}/entries/clpl.html")
    button = page.locator(f'[data-copies="ko-0.{text_id}"]')
    button.click()
    name = button.get_attribute("aria-label")
    assert name is not None
    expect(page.get_by_role("status")).to_have_text(f"copied: {name.removeprefix('Copy ')}")
    text = page.locator(f'[id="ko-0.{text_id}"]').text_content()
    assert text
    assert page.evaluate("navigator.clipboard.readText()") == text


def test_a_page_from_disk_copies_by_keyboard(page: Page, reported: Path) -> None:
    page.goto((reported / "entries/clpl.html").as_uri())
    page.get_by_role("button", name=SIGNATURE).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("copied: the signature of ko, seed 0")


def test_without_the_clipboard_api_the_text_is_copied_from_a_selection(page: Page, reported: Path) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.goto((reported / "entries/clpl.html").as_uri())
    page.evaluate("document.addEventListener('copy', () => { window.copied = String(getSelection()); })")
    page.get_by_role("button", name=SIGNATURE).click()
    expect(page.get_by_role("status")).to_have_text("copied: the signature of ko, seed 0")
    assert page.evaluate("window.copied") == page.locator('[id="ko-0.signature"]').text_content()


def test_if_copying_fails_the_text_is_selected_and_the_status_says_so(page: Page, reported: Path) -> None:
    page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined}); document.execCommand = () => false;"
    )
    page.goto((reported / "entries/clpl.html").as_uri())
    page.get_by_role("button", name=SIGNATURE).click()
    expect(page.get_by_role("status")).to_contain_text("the signature of ko, seed 0 is selected")
    assert page.evaluate("String(getSelection())") == page.locator('[id="ko-0.signature"]').text_content()


def test_a_row_links_to_its_cell_and_the_page_to_the_leaderboard(page: Page, reported: Path) -> None:
    page.goto((reported / "entries/clpl.html").as_uri())
    page.get_by_role("link", name="fa, seed 0").click()
    assert page.url.endswith("#fa-0")
    assert page.locator("section:target h3").inner_text() == "fa, seed 0"
    page.get_by_role("link", name="Leaderboard of fake").click()
    assert page.url == (reported / "leaderboard.html").as_uri()


def test_every_linked_file_is_served(page: Page, served: str) -> None:
    for entry in ("base", "clpl", "clpl@published", "broken"):
        page.goto(f"{served}/entries/{entry}.html")
        hrefs = page.eval_on_selector_all("main a", "links => links.map(link => link.href)")
        assert len(hrefs) > 3
        for href in {href for href in hrefs if href.startswith(served)}:
            assert page.request.get(href).ok, href


def test_without_scripts_all_content_is_visible_and_no_button(unscripted: Page, reported: Path) -> None:
    unscripted.goto((reported / "entries/clpl.html").as_uri())
    assert unscripted.locator("button").count() > 0
    assert unscripted.locator("button:visible").count() == 0
    for text_id in ("signature", "check", "again"):
        assert unscripted.locator(f'[id="ko-0.{text_id}"]').is_visible()
    assert unscripted.locator("table.cells tbody tr").count() == 4
    assert unscripted.locator("section.cell").count() == 4


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("entry", ["clpl", "base", "broken"])
def test_axe_finds_no_violation(page: Page, reported: Path, entry: str, width: int, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((reported / f"entries/{entry}.html").as_uri())
    page.eval_on_selector_all("details", "details => details.forEach(element => { element.open = true; })")
    if entry == "clpl":
        page.get_by_role("button", name=SIGNATURE).click()
        expect(page.get_by_role("status")).not_to_be_empty()
    assert violations(page) == []


LONG = "ع" * 100 + "<script>document.title = 'ran'</script>\u202e\"'" + "long" * 2500
ENTRY = "<img src=x onerror=\"document.title='ran'\">'&\u202e"


@pytest.mark.parametrize("width", [1280, 360])
def test_hostile_and_very_long_text_runs_no_script_and_keeps_the_page_width(
    page: Page, tmp_path: Path, width: int
) -> None:
    changes = {
        **dict.fromkeys(("title", "about", "paper", "recipe", "method", "negatives"), LONG),
        **{"departures": [LONG], "settings": {"clpl": {"x": LONG}}, "equations": {LONG: LONG}},
    }
    cell(tmp_path, ENTRY, "ko", 0, **changes)
    cell(tmp_path, ENTRY, "ko", 1)
    put_failed(tmp_path, (ENTRY, "ko", 2), LONG)
    [html] = (write_entry_pages(run(tmp_path, ("ko",), suite=LONG)) / "entries").iterdir()
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(html.as_uri())
    page.eval_on_selector_all("details", "details => details.forEach(element => { element.open = true; })")
    assert page.title() == f"{ENTRY}: fake"
    assert page.locator("main img, main script").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert LONG[:REASON] in page.locator(".notice").inner_text()


@pytest.mark.parametrize("entry", ["clpl", "base", "broken"])
def test_on_a_narrow_screen_only_tables_scroll(page: Page, reported: Path, entry: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto((reported / f"entries/{entry}.html").as_uri())
    page.eval_on_selector_all("details", "details => details.forEach(element => { element.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_printed_page_has_no_buttons(page: Page, reported: Path) -> None:
    page.emulate_media(media="print")
    page.goto((reported / "entries/clpl.html").as_uri())
    assert page.locator("button").count() > 0
    assert page.locator("button:visible").count() == 0
