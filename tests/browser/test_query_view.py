"""The query view in Chromium: selecting entries, searching, linking, from disk and served, with hostile texts."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from support.axe import VIEWS, violations
from support.commands import DATA, tiny_suite
from support.fake_queries import data_of, folder_of, write_pages

from harness.data.titled_passages import TitledPassages
from harness.evidence.leaderboard import collate
from harness.evidence.texts import LanguageTexts
from harness.report.numbers import hundred, signed
from harness.request import suite as suites

ENTRIES = ["base", "mnrl", "clpl"]
LANGUAGES = {"fa": 60, "ko": 60}
HOSTILE = "<script>window.broken = 1</script></script>\"'><img src=x onerror='window.broken = 1'>\u202e\u2067 evil"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up run of three entries with its query pages."""
    folder = folder_of(tmp_path_factory.mktemp("queries"), ENTRIES, LANGUAGES)
    write_pages(folder, {language: data_of(language, n) for language, n in LANGUAGES.items()})
    return folder


@pytest.fixture
def url(folder: Path) -> str:
    return (folder / "queries/ko.html").as_uri()


def won_and_lost(folder: Path, a: str, b: str) -> tuple[list[str], list[str]]:
    """Return the ten queries with the largest gains, and those with the largest losses, from the records."""
    scored = collate(folder).scored
    order = np.argsort(scored[b, "ko"].over_seeds[:, 0] - scored[a, "ko"].over_seeds[:, 0])
    names = [f"ko-q{i:04}" for i in order]
    return names[:10], names[:-11:-1]


def shown(page: Page, section: str) -> list[str]:
    """Return the ids of the queries below a heading."""
    return page.locator(f"section[aria-labelledby={section}] .query h3 bdi").all_inner_texts()


def test_the_page_opens_on_the_best_entry_against_the_baseline(page: Page, url: str, folder: Path) -> None:
    page.goto(url)
    a = page.locator("#a option:checked").inner_text()
    assert a in ("mnrl", "clpl")
    assert page.locator("#b option:checked").inner_text() == "base"
    assert (shown(page, "won"), shown(page, "lost")) == won_and_lost(folder, a, "base")


def test_any_two_entries_can_be_selected(page: Page, url: str, folder: Path) -> None:
    page.goto(url)
    page.get_by_label("A", exact=True).select_option("mnrl")
    page.get_by_label("B", exact=True).select_option("clpl")
    assert (shown(page, "won"), shown(page, "lost")) == won_and_lost(folder, "mnrl", "clpl")
    assert page.locator("#compared").inner_text() == "mnrl against clpl"
    assert page.url.endswith("#a=mnrl&b=clpl")


def test_the_page_drawn_by_the_script_shows_the_same_as_the_written_page(
    page: Page, unscripted: Page, url: str
) -> None:
    unscripted.goto(url)
    page.goto(url)
    for part in ("#pair", "#balance", "#status"):
        assert page.locator(part).inner_text() == unscripted.locator(part).inner_text()
    for view in (page, unscripted):
        for summary in view.locator(".query summary").all()[1:]:
            summary.click()
    drawn, written = (view.locator("#results").inner_text().split() for view in (page, unscripted))
    assert drawn == written
    assert len(written) > 1000


def test_numbers_are_those_of_the_leaderboard_whoever_writes_them(page: Page, unscripted: Page, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, ["base", "mnrl"], {"ko": 1100})
    [file] = write_pages(folder, {"ko": data_of("ko", 1100)})
    unscripted.goto(file.as_uri())
    page.goto(file.as_uri())
    page.get_by_role("button", name="swap A and B").click()
    for view in (page, unscripted):
        assert view.locator("#balance tr", has_text="all").locator("td").first.inner_text() == "1,100"
    halves = [0.78125, 0.12125, -0.00125, 0.00375, -1e-9]
    assert page.evaluate("values => values.map(hundred)", halves) == [hundred(value) for value in halves]
    assert page.evaluate("values => values.map(signed)", halves) == [signed(value) for value in halves]


def test_without_scripts_there_are_no_controls(unscripted: Page, url: str) -> None:
    unscripted.goto(url)
    assert not unscripted.locator("#a").is_visible()
    assert unscripted.locator(".query").count() == 20
    assert unscripted.locator(".query ol").first.locator("li").count() == 5


def test_swapping_the_entries_swaps_won_and_lost(page: Page, url: str) -> None:
    page.goto(url)
    won, lost = shown(page, "won"), shown(page, "lost")
    rows = page.locator("#balance tbody tr").all_inner_texts()
    page.get_by_role("button", name="swap A and B").click()
    assert (shown(page, "won"), shown(page, "lost")) == (lost, won)
    swapped = page.locator("#balance tbody tr").all_inner_texts()
    assert swapped[0].replace("+", "−").split()[3:] == rows[2].split()[3:]
    page.get_by_role("button", name="swap A and B").click()
    assert page.locator("#balance tbody tr").all_inner_texts() == rows


def test_selecting_the_other_entry_swaps_the_two(page: Page, url: str) -> None:
    page.goto(f"{url}#a=mnrl&b=clpl")
    page.get_by_label("A", exact=True).select_option("clpl")
    assert page.locator("#compared").inner_text() == "clpl against mnrl"
    page.goto(f"{url}#a=base&b=base")
    assert page.locator("#compared").inner_text().startswith("base against ")
    assert page.locator("#compared").inner_text() != "base against base"


def test_only_won_or_only_lost_queries_can_be_shown_and_more_of_them(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_label("queries", exact=True).select_option("lost by A")
    assert page.locator("#won").count() == 0
    assert len(shown(page, "lost")) == 10
    assert page.url.endswith("&show=lost")
    page.get_by_label("of each").select_option("all on this page")
    assert len(shown(page, "lost")) > 10
    expect(page.locator("#status")).to_have_text(f"Shown: {len(shown(page, 'lost'))} lost by A.")


def test_a_search_finds_ids_and_texts(page: Page, url: str) -> None:
    page.goto(url)
    kept = page.evaluate(
        "JSON.parse(document.getElementById('data').textContent).queries.map((query) => query.query_id)"
    )
    page.get_by_label("search").fill(kept[7].upper())
    assert shown(page, "found") == [kept[7]]
    expect(page.locator("#status")).to_have_text(f"Found: 1 of the {len(kept)} queries on this page.")
    page.get_by_label("search").fill(f"질문 {int(kept[3][-4:])}:")
    assert shown(page, "found") == [kept[3]]
    page.get_by_label("search").fill("no such text")
    assert shown(page, "found") == []
    page.get_by_label("search").fill("")
    assert len(shown(page, "won")) == 10


def test_an_opened_query_is_in_the_url_and_opens_from_it(page: Page, url: str) -> None:
    page.goto(f"{url}#a=clpl&b=mnrl")
    query = shown(page, "lost")[4]
    page.locator(f"[data-query={query}] summary").click()
    assert page.url.endswith(f"#a=clpl&b=mnrl&query={query}")
    page.reload()
    assert page.locator(f"[data-query={query}] .body").is_visible()
    assert page.locator(f"[data-query={query}] summary").evaluate("(element) => element === document.activeElement")
    page.locator(f"[data-query={query}] summary").click()
    assert page.url.endswith("#a=clpl&b=mnrl")


def test_a_linked_query_beyond_the_first_is_shown_above_them(page: Page, url: str) -> None:
    page.goto(f"{url}#a=clpl&b=mnrl")
    page.get_by_label("of each").select_option("all on this page")
    query = shown(page, "won")[-1]
    page.goto("about:blank")
    page.goto(f"{url}#a=clpl&b=mnrl&query={query}")
    assert shown(page, "linked") == [query]
    assert page.locator(f"[data-query={query}] .lists").is_visible()


def test_a_change_of_the_url_changes_the_view(page: Page, url: str, folder: Path) -> None:
    page.goto(url)
    page.evaluate("location.hash = '#a=base&b=clpl&show=won'")
    expect(page.locator("#compared")).to_have_text("base against clpl")
    assert shown(page, "won") == won_and_lost(folder, "base", "clpl")[0]
    assert page.locator("#show").input_value() == "won"


def test_unknown_names_in_the_url_are_reported_in_the_status(page: Page, url: str) -> None:
    page.goto(f"{url}#a=nobody&show=%E0%A4%A&query=none")
    assert page.locator("#b option:checked").inner_text() == "base"
    expect(page.locator("#status")).to_contain_text("Entry a of the URL is not on this page.")
    expect(page.locator("#status")).to_contain_text("The query of the URL is not on this page.")


def test_switches_and_choices_that_the_page_does_not_have_are_reported_until_the_next_change(
    page: Page, url: str
) -> None:
    page.goto(f"{url}#a=base&b=clpl&show=some&measure=AP&query=")
    status = page.locator("#status")
    expect(status).to_contain_text("Switch measure of the URL is not on this page. Choice some of the URL is not on")
    assert page.locator("#show").input_value() == "both"
    page.locator("#show").select_option("won")
    expect(status).not_to_contain_text("URL")
    page.goto(f"{url}#won")
    expect(status).not_to_contain_text("URL")


def test_every_control_is_reached_by_keyboard(page: Page, url: str) -> None:
    page.goto(url)
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


def test_a_pair_whose_queries_are_not_all_on_the_page_says_so(page: Page, tmp_path: Path) -> None:
    folder_of(tmp_path, ["base", *(f"entry-{i:02}" for i in range(21))], {"ko": 400}, [0])
    [file] = write_pages(tmp_path, {"ko": data_of("ko", 400)})
    notice = "The queries won and lost most by these two are not all on this page."
    page.goto(f"{file.as_uri()}#a=entry-00&b=base")
    kept = page.evaluate("JSON.parse(document.getElementById('data').textContent).queries.length")
    assert kept < 400
    expect(page.locator("#status")).not_to_contain_text(notice)
    page.get_by_label("B", exact=True).select_option("entry-01")
    expect(page.locator("#status")).to_contain_text(notice)
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


def test_a_served_page_requests_only_itself(page: Page, served: str) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{served}#a=mnrl&b=clpl")
    page.get_by_role("button", name="swap A and B").click()
    page.locator(".query summary").nth(3).click()
    assert page.locator("#compared").inner_text() == "clpl against mnrl"
    assert [request for request in requests if not request.endswith("favicon.ico")] == [served]


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("language", ["ko", "fa"])
def test_axe_finds_no_violation_and_the_page_keeps_its_width(
    page: Page, folder: Path, scheme: str, width: int, language: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((folder / f"queries/{language}.html").as_uri())
    page.locator(".query summary").nth(2).click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_lists_are_side_by_side_and_stacked_on_a_narrow_screen(page: Page, url: str) -> None:
    page.goto(url)
    lists = page.locator(".lists").first.locator("section")
    first, second = lists.nth(0).bounding_box(), lists.nth(1).bounding_box()
    assert first
    assert second
    assert (first["y"], first["x"] + first["width"] < second["x"]) == (second["y"], True)
    page.set_viewport_size({"width": 390, "height": 900})
    first, second = lists.nth(0).bounding_box(), lists.nth(1).bounding_box()
    assert first
    assert second
    assert (first["x"], first["y"] + first["height"] <= second["y"]) == (second["x"], True)


def test_persian_text_runs_from_right_to_left(page: Page, folder: Path) -> None:
    page.goto((folder / "queries/fa.html").as_uri())
    page.get_by_role("button", name="swap A and B").click()  # drawn by the script
    text = page.locator(".query li .text").first
    assert (text.get_attribute("dir"), text.get_attribute("lang")) == ("rtl", "fa")
    assert text.evaluate("(element) => getComputedStyle(element).direction") == "rtl"


def titled_page(folder: Path, titles: tuple[str, ...]) -> str:
    """Return the address of a Persian page whose passages have these titles in turn."""
    run = folder_of(folder / "run", ["base", "mnrl"], {"fa": 12})
    rows = [{"_id": f"doc-{i:02}", "title": titles[i % len(titles)], "text": f"متن {i}"} for i in range(12)]
    corpus = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode() + DATA["corpus.jsonl"]
    suite = suites.load(str(tiny_suite(folder / "suite", {"corpus.jsonl": corpus})))
    joined = {row["_id"]: f"{row['title']} {row['text']}".strip() for row in rows}
    files = TitledPassages(suite, "en", None, folder)
    write_pages(run, {"fa": LanguageTexts(data_of("fa", 12, passages=joined), files)})
    return (run / "queries/fa.html").as_uri()


@pytest.mark.parametrize("drawn", [False, True])
def test_a_title_is_bold_above_its_text_and_nothing_stands_for_a_missing_one(
    page: Page, tmp_path: Path, drawn: bool
) -> None:
    page.goto(titled_page(tmp_path, ("قله", "C++", "")))
    if drawn:
        page.get_by_role("button", name="swap A and B").click()
    shown = {}
    for item in page.locator(".query details[open] ol > li").all():
        lines = item.locator(".text").all()
        number = int(item.locator(".about bdi").inner_text().removeprefix("doc-"))
        shown[number % 3] = [line.inner_text() for line in lines]
        assert lines[-1].inner_text() == f"متن {number}"
        assert lines[-1].evaluate("(line) => getComputedStyle(line).fontWeight") == "400"
        if number % 3 < 2:
            title, text = lines
            assert title.evaluate("(line) => getComputedStyle(line).fontWeight") == "600"
            ends = [line.evaluate("(line) => line.getBoundingClientRect().right") for line in (title, text)]
            assert ends[0] == ends[1]
            assert title.get_attribute("dir") == "rtl"
            assert title.locator("bdi").evaluate("(line) => line.matches(':dir(rtl)')") == (number % 3 == 0)
    assert {i: lines[:-1] for i, lines in shown.items()} == {0: ["قله"], 1: ["C++"], 2: []}
    assert violations(page) == []


def test_a_hostile_title_is_text(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(titled_page(tmp_path, (HOSTILE, "x" * 10_000)))
    page.get_by_role("button", name="swap A and B").click()
    assert set(page.locator(".query .title").all_text_contents()) == {HOSTILE, f"{'x' * 600}…"}
    assert page.locator("main img, main script").count() == 0
    assert page.evaluate("window.broken") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []


def test_printing_opens_every_shown_query(page: Page, url: str) -> None:
    page.goto(url)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".query .body").count() == 20


@pytest.mark.parametrize("scripts", [True, False])
def test_hostile_texts_run_no_script_and_keep_the_layout(
    page: Page, unscripted: Page, tmp_path: Path, scripts: bool
) -> None:
    long = "x" * 10_000
    folder_of(tmp_path, ["base", "mnrl"], {"ko": 12})
    queries = {f"ko-q{i:04}": text for i, text in enumerate((HOSTILE, long, "\u202eabc", "]]>--><!--", "</title>"))}
    passages = {f"doc-{i:02}": f"{HOSTILE} {long}" if i % 2 else HOSTILE for i in range(12)}
    [file] = write_pages(tmp_path, {"ko": data_of("ko", 12, queries=queries, passages=passages)})
    view = page if scripts else unscripted
    view.set_viewport_size({"width": 390, "height": 900})
    view.goto(file.as_uri())
    for summary in view.locator(".query summary").all()[1:]:
        summary.click()
    assert view.locator("main img, main script").count() == 0
    assert HOSTILE in view.locator(".query .text").all_text_contents()
    assert f"{'x' * 600}…" in view.locator(".query .text").all_text_contents()
    widest = max(box["x"] + box["width"] for text in view.locator(".query .text").all() if (box := text.bounding_box()))
    assert widest <= 390
    if scripts:
        assert view.evaluate("window.broken") is None
        assert view.evaluate("document.documentElement.scrollWidth") <= 390
        assert violations(view) == []


def test_hostile_names_and_ids_run_no_script_and_keep_the_layout(page: Page, tmp_path: Path) -> None:
    name = "\"'><img src=x onerror=alert(1)>&b=base\u202e+50%"
    folder_of(tmp_path, ["base", name], {"ko": 12})
    [file] = write_pages(tmp_path, None)
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(file.as_uri())
    page.get_by_role("button", name="swap A and B").click()
    opened = page.url
    page.goto("about:blank")
    page.goto(opened)
    assert page.locator("#compared bdi").all_text_contents() == ["base", name]
    assert page.locator("main img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
