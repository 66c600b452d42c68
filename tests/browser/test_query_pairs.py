"""Pairs of a query page in Chromium: the selector of contrasts, ranks of relevant passages, kinds of queries."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page
from support.axe import VIEWS, violations
from support.fake_queries import data_of, folder_of, write_pages
from support.fake_records import put
from support.swept_records import put_swept

from harness.results import record
from harness.types import Data

ENTRIES = ["base", "mnrl", "infonce-ance", "clpl", "clpl-intermediate", "clpl-moe"]
HOSTILE_ID = "</script><img/src=x/onerror=alert(1)>&amp;\u202e"


def of_two_lengths(n: int) -> dict[str, str]:
    return {f"ko-q{i:04}": "질문 " * (2 + i % 2) for i in range(n)}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Korean page of four entries with three contrasts and queries of two lengths."""
    folder = folder_of(tmp_path_factory.mktemp("pairs"), ENTRIES, {"ko": 40})
    [file] = write_pages(folder, {"ko": data_of("ko", 40, queries=of_two_lengths(40))})
    return file


def selected(page: Page) -> str:
    return page.locator("#pair-of option:checked").inner_text()


def test_the_selector_of_pairs_shows_a_contrast_and_follows_the_pair(page: Page, file: Path) -> None:
    page.goto(file.as_uri())
    assert selected(page) == "clpl over infonce-ance (arXiv 2412.17364)"
    assert page.locator("#compared").inner_text() == "clpl against infonce-ance"
    page.get_by_label("pair", exact=True).select_option("mnrl over base (arXiv 1705.00652)")
    assert page.locator("#compared").inner_text() == "mnrl against base"
    assert page.url.endswith("#a=mnrl&b=base")
    page.get_by_label("A", exact=True).select_option("clpl")
    assert selected(page) == "as chosen in A and B"
    page.get_by_label("B", exact=True).select_option("infonce-ance")
    assert selected(page) == "clpl over infonce-ance (arXiv 2412.17364)"
    page.get_by_role("button", name="swap A and B").click()
    assert selected(page) == "as chosen in A and B"


@pytest.fixture
def swept(tmp_path: Path) -> Path:
    """A folder of two values of a sweep over an untuned base."""
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.25, "b": 0.5}})
    for weight in (0.1, 0.5):
        put_swept(tmp_path, {"clpl.penalty_weight": weight}, {"ko": weight}, "clpl")
    return tmp_path


def test_swept_entries_have_their_short_names_and_addresses_the_full_ones(
    page: Page, unscripted: Page, swept: Path
) -> None:
    [file] = write_pages(swept, None)
    for view in (unscripted, page):
        view.goto(file.as_uri())
        assert view.locator("#compared").inner_text() == "clpl penalty_weight = 0.5 against base"
        link = view.locator("#pair a").first
        assert link.inner_text() == "clpl penalty_weight = 0.5"
        assert link.get_attribute("href") == "../entries/clpl%5Bclpl.penalty_weight%3D0.5%5D.html"
        assert "A: clpl penalty_weight = 0.5, seed 0" in view.locator(".lists h4").all_inner_texts()
    assert "clpl[" not in page.locator("main").inner_text()
    page.get_by_label("A", exact=True).select_option("clpl penalty_weight = 0.1")
    assert page.url.endswith("#a=clpl%5Bclpl.penalty_weight%3D0.1%5D&b=base")


def test_a_query_of_which_nothing_more_is_known_has_nothing_to_unfold(
    page: Page, unscripted: Page, swept: Path
) -> None:
    for run in swept.rglob("*.run.gz"):
        run.unlink()
    [file] = write_pages(swept, None)
    for view in (unscripted, page):
        view.goto(f"{file.as_uri()}#query=a")
        assert view.locator(".query details").count() == 0
        assert view.locator(".query h3").all_inner_texts() == ["+25.00 a"]
    page.get_by_role("button", name="swap A and B").click()
    assert page.locator(".query h3").all_inner_texts() == ["\N{MINUS SIGN}25.00 a"]


def test_the_kinds_of_queries_are_drawn_as_they_are_written(page: Page, unscripted: Page, file: Path) -> None:
    unscripted.goto(file.as_uri())
    page.goto(f"{file.as_uri()}#a=mnrl&b=base")
    other = page.locator("#panels").inner_text()
    page.get_by_label("pair", exact=True).select_option("clpl over infonce-ance (arXiv 2412.17364)")
    assert page.locator("#panels").inner_text() == unscripted.locator("#panels").inner_text() != other
    for line in ("overall", "reach", "dot"):
        drawn, written = (
            view.locator(f"#panels .{line}").evaluate_all(
                "(lines) => lines.map((line) => Number(line.getAttribute('x2')) + Number(line.getAttribute('x1')))"
            )
            for view in (page, unscripted)
        )
        assert drawn == pytest.approx(written, abs=0.02)  # the written page has two decimals
        assert len(drawn) == 2


def test_swapping_the_entries_turns_the_kinds_of_queries(page: Page, file: Path) -> None:
    page.goto(file.as_uri())
    before = page.locator("#panels .of-difference").all_inner_texts()
    page.get_by_role("button", name="swap A and B").click()
    after = page.locator("#panels .of-difference").all_inner_texts()
    opposite = str.maketrans("+−", "−+")
    assert [text.translate(opposite) for text in after] == before
    assert len(before) == 2


def ranked(folder: Path, query: str, doc: str) -> Path:
    """Write a page of one query whose relevant passage has rank 1 for A, 43 for B, and none for a third entry."""
    others = [f"other-{i}" for i in range(50)]
    places = {"base": 43, "mnrl": 1, "mine": None}
    for entry, place in places.items():
        docs = others if place is None else [*others[: place - 1], doc, *others[place - 1 :]]
        scores = {"AP": {query: float(entry == "mnrl")}}
        stored = put(folder, (entry, "ko", 0), scores)
        order = [(name, 100.0 - i) for i, name in enumerate(docs)]
        record.write(folder, stored, scores, {query: order})
    dev = {query: {doc: 1}}
    [file] = write_pages(folder, {"ko": Data("ko", {doc: "글"}, {query: "질문"}, {}, dev)})
    return file


def test_a_relevant_passage_has_its_rank_in_a_and_in_b(page: Page, unscripted: Page, tmp_path: Path) -> None:
    file = ranked(tmp_path, "ko-q0000", "doc-7")
    unscripted.goto(file.as_uri())
    assert unscripted.locator(".query .ranks").first.inner_text() == "1 vs 43"
    page.goto(file.as_uri())
    item = page.locator(".query ul li").first
    assert item.locator(".about").inner_text() == "✓ relevant, grade 1 · doc-7 · rank 1 vs 43"
    assert page.locator(".query .both").first.inner_text().endswith(" · rank 1 vs 43")
    page.get_by_role("button", name="swap A and B").click()
    assert page.locator(".query .ranks").first.inner_text() == "43 vs 1"
    page.goto(f"{file.as_uri()}#a=mine&b=mnrl")
    assert page.locator(".query .ranks").first.inner_text() == "> 50 vs 1"


def test_hostile_ids_are_text_beside_their_ranks(page: Page, tmp_path: Path) -> None:
    file = ranked(tmp_path, HOSTILE_ID, HOSTILE_ID)
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(file.as_uri())
    page.get_by_role("button", name="swap A and B").click()
    assert page.locator(".query ul li bdi").all_text_contents() == [HOSTILE_ID]
    assert page.locator(".query .ranks").all_inner_texts() == ["43 vs 1"]
    assert page.locator("main img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_axe_finds_no_violation_in_the_kinds_of_queries(page: Page, file: Path, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(file.as_uri())
    assert page.locator("#panels tbody tr").count() == 2
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_relevant_passages_are_marked_on_the_side_where_their_text_begins(page: Page, tmp_path: Path) -> None:
    folder_of(tmp_path, ["base", "mnrl"], {"fa": 12})
    [file] = write_pages(tmp_path, {"fa": data_of("fa", 12)})
    page.goto(file.as_uri())
    item = page.locator(".query li.relevant").first
    item.evaluate("(element) => { element.dir = 'rtl'; }")
    assert item.evaluate("(element) => getComputedStyle(element).borderRightWidth") == "3px"
    assert item.evaluate("(element) => getComputedStyle(element).borderLeftWidth") == "0px"
