"""The query view in Chromium: choosing entries, searching, linking, from disk and served, with hostile texts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from support.axe import violations
from support.fake_queries import data_of, folder_of, write_pages

from harness.evidence.leaderboard import collate

ENTRIES = ["base", "mnrl", "clpl"]
LANGUAGES = {"fa": 60, "ko": 60}
HOSTILE = "<script>window.broken = 1</script></script>\"'><img src=x onerror='window.broken = 1'>\u202e\u2067 evil"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up run of three entries with its query pages."""
    made = folder_of(tmp_path_factory.mktemp("queries"), ENTRIES, LANGUAGES)
    write_pages(made, {language: data_of(language, n) for language, n in LANGUAGES.items()})
    return made


@pytest.fixture
def address(folder: Path) -> str:
    return (folder / "queries/ko.html").as_uri()


def won_and_lost(folder: Path, a: str, b: str) -> tuple[list[str], list[str]]:
    """Return the ten queries won and lost most, from the records."""
    scored = collate(folder).scored
    order = np.argsort(scored[b, "ko"].over_seeds[:, 0] - scored[a, "ko"].over_seeds[:, 0])
    names = [f"ko-q{i:04}" for i in order]
    return names[:10], names[:-11:-1]


def shown(page: Page, section: str) -> list[str]:
    """Return the ids of the queries below a heading."""
    return page.locator(f"section[aria-labelledby={section}] .query h3 bdi").all_inner_texts()


def test_the_page_opens_on_the_best_entry_against_the_baseline(page: Page, address: str, folder: Path) -> None:
    page.goto(address)
    a = page.locator("#a option:checked").inner_text()
    assert a in ("mnrl", "clpl")
    assert page.locator("#b option:checked").inner_text() == "base"
    assert (shown(page, "won"), shown(page, "lost")) == won_and_lost(folder, a, "base")


def test_any_two_entries_can_be_chosen(page: Page, address: str, folder: Path) -> None:
    page.goto(address)
    page.get_by_label("A", exact=True).select_option("mnrl")
    page.get_by_label("B", exact=True).select_option("clpl")
    assert (shown(page, "won"), shown(page, "lost")) == won_and_lost(folder, "mnrl", "clpl")
    assert page.locator("#compared").inner_text() == "mnrl against clpl"
    assert page.url.endswith("#a=mnrl&b=clpl")


def test_the_written_page_and_the_drawn_one_show_the_same(page: Page, unscripted: Page, address: str) -> None:
    unscripted.goto(address)
    page.goto(address)
    for part in ("#pair", "#balance", "#status"):
        assert page.locator(part).inner_text() == unscripted.locator(part).inner_text()
    for one in page.locator(".query summary").all()[1:]:
        one.click()
    for one in unscripted.locator(".query summary").all()[1:]:
        one.click()
    drawn, written = (one.locator("#results").inner_text().split() for one in (page, unscripted))
    assert drawn == written
    assert len(written) > 1000


def test_without_scripts_there_are_no_controls(unscripted: Page, address: str) -> None:
    unscripted.goto(address)
    assert not unscripted.locator("#a").is_visible()
    assert unscripted.locator(".query").count() == 20
    assert unscripted.locator(".query ol").first.locator("li").count() == 5


def test_swapping_turns_won_into_lost(page: Page, address: str) -> None:
    page.goto(address)
    won, lost = shown(page, "won"), shown(page, "lost")
    rows = page.locator("#balance tbody tr").all_inner_texts()
    page.get_by_role("button", name="swap A and B").click()
    assert (shown(page, "won"), shown(page, "lost")) == (lost, won)
    turned = page.locator("#balance tbody tr").all_inner_texts()
    assert turned[0].replace("+", "-").split()[3:] == rows[2].split()[3:]
    page.get_by_role("button", name="swap A and B").click()
    assert page.locator("#balance tbody tr").all_inner_texts() == rows


def test_an_entry_against_itself_swaps_the_two(page: Page, address: str) -> None:
    page.goto(f"{address}#a=mnrl&b=clpl")
    page.get_by_label("A", exact=True).select_option("clpl")
    assert page.locator("#compared").inner_text() == "clpl against mnrl"
    page.goto(f"{address}#a=base&b=base")
    assert page.locator("#compared").inner_text().startswith("base against ")
    assert page.locator("#compared").inner_text() != "base against base"


def test_won_or_lost_alone_and_more_of_them(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("queries", exact=True).select_option("lost by A")
    assert page.locator("#won").count() == 0
    assert len(shown(page, "lost")) == 10
    assert page.url.endswith("&show=lost")
    page.get_by_label("of each").select_option("all that are here")
    assert len(shown(page, "lost")) > 10
    expect(page.locator("#status")).to_have_text(f"Shown: {len(shown(page, 'lost'))} lost by A.")


def test_a_search_finds_ids_and_texts_won_or_lost(page: Page, address: str) -> None:
    page.goto(address)
    kept = page.evaluate("JSON.parse(document.getElementById('data').textContent).queries.map((one) => one.query_id)")
    page.get_by_label("search").fill(kept[7].upper())
    assert shown(page, "found") == [kept[7]]
    expect(page.locator("#status")).to_have_text(f"Found: 1 of the {len(kept)} queries that are here.")
    page.get_by_label("search").fill(f"질문 {int(kept[3][-4:])}:")
    assert shown(page, "found") == [kept[3]]
    page.get_by_label("search").fill("no such text")
    assert shown(page, "found") == []
    page.get_by_label("search").fill("")
    assert len(shown(page, "won")) == 10


def test_an_opened_query_is_in_the_address_and_opens_from_it(page: Page, address: str) -> None:
    page.goto(f"{address}#a=clpl&b=mnrl")
    query = shown(page, "lost")[4]
    page.locator(f"[data-query={query}] summary").click()
    assert page.url.endswith(f"#a=clpl&b=mnrl&query={query}")
    page.reload()
    assert page.locator(f"[data-query={query}] .body").is_visible()
    assert page.locator(f"[data-query={query}] summary").evaluate("(one) => one === document.activeElement")
    page.locator(f"[data-query={query}] summary").click()
    assert page.url.endswith("#a=clpl&b=mnrl")


def test_a_linked_query_that_is_not_among_the_first_is_shown_above_them(page: Page, address: str) -> None:
    page.goto(f"{address}#a=clpl&b=mnrl")
    page.get_by_label("of each").select_option("all that are here")
    query = shown(page, "won")[-1]
    page.goto("about:blank")
    page.goto(f"{address}#a=clpl&b=mnrl&query={query}")
    assert shown(page, "linked") == [query]
    assert page.locator(f"[data-query={query}] .lists").is_visible()


def test_the_address_changes_what_is_shown(page: Page, address: str, folder: Path) -> None:
    page.goto(address)
    page.evaluate("location.hash = '#a=base&b=clpl&show=won'")
    expect(page.locator("#compared")).to_have_text("base against clpl")
    assert shown(page, "won") == won_and_lost(folder, "base", "clpl")[0]
    assert page.locator("#show").input_value() == "won"


def test_an_address_that_names_nothing_of_the_page_is_told(page: Page, address: str) -> None:
    page.goto(f"{address}#a=nobody&show=%E0%A4%A&query=none")
    assert page.locator("#b option:checked").inner_text() == "base"
    expect(page.locator("#status")).to_contain_text("names an entry a that is not here")
    expect(page.locator("#status")).to_contain_text("is not among those that are here")


def test_the_keyboard_reaches_everything(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("A", exact=True).focus()
    before = page.locator("#compared").inner_text()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#compared").inner_text() == " against ".join(reversed(before.split(" against ")))
    assert page.evaluate("document.activeElement.id") == "swap"
    reached = []
    for _ in range(10):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert reached[:4] == ["b", "show", "count", "search"]
    assert "SUMMARY" in reached
    second = page.locator(".query").nth(1)
    second.locator("summary").focus()
    page.keyboard.press("Enter")
    assert second.locator(".body").is_visible()


def test_a_pair_whose_queries_were_not_chosen_says_so(page: Page, tmp_path: Path) -> None:
    folder_of(tmp_path, ["base", *(f"entry-{i:02}" for i in range(21))], {"ko": 400}, [0])
    [file] = write_pages(tmp_path, {"ko": data_of("ko", 400)})
    told = "The queries won and lost most by these two are not all here."
    page.goto(f"{file.as_uri()}#a=entry-00&b=base")
    kept = page.evaluate("JSON.parse(document.getElementById('data').textContent).queries.length")
    assert kept < 400
    expect(page.locator("#status")).not_to_contain_text(told)
    page.get_by_label("B", exact=True).select_option("entry-01")
    expect(page.locator("#status")).to_contain_text(told)
    assert not page.locator("#balance").is_visible()
    assert len(shown(page, "won")) > 0


@pytest.fixture
def served(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/queries/fa.html"
        server.shutdown()


def test_a_served_page_asks_for_nothing_else(page: Page, served: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served}#a=mnrl&b=clpl")
    page.get_by_role("button", name="swap A and B").click()
    page.locator(".query summary").nth(3).click()
    assert page.locator("#compared").inner_text() == "clpl against mnrl"
    assert [one for one in asked if not one.endswith("favicon.ico")] == [served]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["ko", "fa"])
def test_axe_finds_nothing_and_the_page_is_no_wider(
    page: Page, folder: Path, scheme: str, width: int, language: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((folder / f"queries/{language}.html").as_uri())
    page.locator(".query summary").nth(2).click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_lists_stand_side_by_side_and_on_a_narrow_screen_one_below_the_other(page: Page, address: str) -> None:
    page.goto(address)
    lists = page.locator(".lists").first.locator("section")
    one, other = lists.nth(0).bounding_box(), lists.nth(1).bounding_box()
    assert one
    assert other
    assert (one["y"], one["x"] + one["width"] < other["x"]) == (other["y"], True)
    page.set_viewport_size({"width": 390, "height": 900})
    one, other = lists.nth(0).bounding_box(), lists.nth(1).bounding_box()
    assert one
    assert other
    assert (one["x"], one["y"] + one["height"] <= other["y"]) == (other["x"], True)


def test_persian_is_set_from_the_right(page: Page, folder: Path) -> None:
    page.goto((folder / "queries/fa.html").as_uri())
    page.get_by_role("button", name="swap A and B").click()  # drawn by the script
    text = page.locator(".query li .text").first
    assert (text.get_attribute("dir"), text.get_attribute("lang")) == ("rtl", "fa")
    assert text.evaluate("(one) => getComputedStyle(one).direction") == "rtl"


def test_the_print_has_every_shown_query_open(page: Page, address: str) -> None:
    page.goto(address)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".query .body").count() == 20


@pytest.mark.parametrize("scripts", [True, False])
def test_hostile_texts_neither_run_nor_break_the_layout(
    page: Page, unscripted: Page, tmp_path: Path, scripts: bool
) -> None:
    long = "x" * 10_000
    folder_of(tmp_path, ["base", "mnrl"], {"ko": 12})
    queries = {f"ko-q{i:04}": text for i, text in enumerate((HOSTILE, long, "\u202eabc", "]]>--><!--", "</title>"))}
    passages = {f"doc-{i:02}": f"{HOSTILE} {long}" if i % 2 else HOSTILE for i in range(12)}
    [file] = write_pages(tmp_path, {"ko": data_of("ko", 12, queries=queries, passages=passages)})
    one = page if scripts else unscripted
    one.set_viewport_size({"width": 390, "height": 900})
    one.goto(file.as_uri())
    for summary in one.locator(".query summary").all()[1:]:
        summary.click()
    assert one.locator("main img, main script").count() == 0
    assert HOSTILE in one.locator(".query .text").all_text_contents()
    assert f"{'x' * 600}…" in one.locator(".query .text").all_text_contents()
    widest = max(box["x"] + box["width"] for text in one.locator(".query .text").all() if (box := text.bounding_box()))
    assert widest <= 390
    if scripts:
        assert one.evaluate("window.broken") is None
        assert one.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(one) == []


def test_hostile_names_and_ids_neither_run_nor_break_the_layout(page: Page, tmp_path: Path) -> None:
    name = "\"'><img src=x onerror=alert(1)>&b=base\u202e+50%"
    folder_of(tmp_path, ["base", name], {"ko": 12})
    [file] = write_pages(tmp_path, None)
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(file.as_uri())
    page.get_by_role("button", name="swap A and B").click()
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    assert page.locator("#compared bdi").all_text_contents() == ["base", name]
    assert page.locator("main img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
