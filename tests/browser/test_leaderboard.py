"""The leaderboard in Chromium: complete without scripts; controls, sorting, state in the URL, downloads."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page, expect
from support.axe import violations
from support.board_page import choose, column, fragment, go, heads, order, saved, switch, two_claims
from support.fake_records import board, draw, provenance, put

from harness.evidence.leaderboard import collate
from harness.report.numbers import hundred, signed
from harness.report.report_files import write_reports


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_claims(tmp_path_factory.mktemp("judged"))


def test_without_scripts_the_table_of_every_measure_is_complete(unscripted: Page, folder: Path) -> None:
    unscripted.goto((folder / "leaderboard.html").as_uri())
    assert unscripted.locator(".board:visible").count() == 5
    for table in unscripted.locator(".board").all():
        assert table.locator("tbody tr:visible").count() == 6
        assert table.locator("thead th:visible").count() == 9
        assert "soft-1 Title of soft-1" not in table.inner_text()
        assert "failed: out of memory" in table.inner_text()
    assert not unscripted.locator("#controls").is_visible()
    assert unscripted.locator("button").count() == unscripted.locator("#controls button").count()


def test_the_script_shows_the_same_numbers_as_the_page_without_it(shown: Page, unscripted: Page, folder: Path) -> None:
    unscripted.goto((folder / "leaderboard.html").as_uri())
    for i, measure in enumerate(("nDCG@10", "nDCG@5", "R@100", "RR@10", "AP")):
        choose(shown, "measure", measure)
        assert shown.locator(".board:visible").inner_text() == unscripted.locator(".board").nth(i).inner_text()


def test_the_script_rounds_halves_like_the_page(shown: Page) -> None:
    values = [0.78125, 0.12125, -0.00125, 0.00375, 0.5, -0.12375, 0.28499999999999996, -1e-9, 0.005, 1.015]
    assert shown.evaluate("values => values.map(hundred)", values) == [hundred(value) for value in values]
    assert shown.evaluate("values => values.map(signed)", values) == [signed(value) for value in values]
    p_values = [0.0625, 0.0005, 0.1875, 1.0]
    assert shown.evaluate("values => values.map(chance)", p_values) == ["0.062", "< 0.001", "0.188", "1.000"]


def test_one_measure_is_shown_at_a_time(shown: Page) -> None:
    assert shown.locator(".board:visible h3").all_inner_texts() == ["nDCG@10 (primary measure)"]
    choose(shown, "measure", "AP")
    assert shown.locator(".board:visible h3").all_inner_texts() == ["AP"]
    assert fragment(shown) == "measure=AP"
    shown.locator("nav").get_by_role("link", name="R@100").click()
    expect(shown.locator(".board:visible h3")).to_have_text("R@100")
    assert switch(shown, "measure").input_value() == "R@100"


def test_one_language_has_its_own_difference_rank_seeds_and_queries(shown: Page, folder: Path) -> None:
    choose(shown, "language", "fa")
    assert heads(shown)[:5] == ["entry", "difference", "rank", "fa", "seeds"]
    rows = collate(folder).rows
    rows = rows[(rows["language"] == "fa") & (rows["measure"] == "nDCG@10")].set_index("entry")
    deltas = dict(zip(order(shown), column(shown, "difference"), strict=False))
    assert deltas["mnrl"].startswith(signed(rows.loc["mnrl", "delta_vs_base"]))
    assert deltas["base"] == "baseline"
    assert "7 queries" in shown.locator('.board:visible th[data-column="fa"]').inner_text()
    spread = dict(zip(order(shown), column(shown, "seeds"), strict=False))
    assert spread["mnrl"] == f"2 sd {hundred(rows.loc['mnrl', 'seed_sd'])}"
    assert fragment(shown) == "language=fa"
    assert shown.locator("#shown").inner_text().startswith("nDCG@10, fa, 6 of 6 entries, differences to base, ")


def test_any_entry_can_be_the_baseline(shown: Page, folder: Path) -> None:
    choose(shown, "baseline", "mnrl")
    rows = collate(folder, "mnrl").rows
    rows = rows[(rows["language"] == "average") & (rows["measure"] == "nDCG@10")].set_index("entry")
    differences = dict(zip(order(shown), column(shown, "difference"), strict=False))
    for entry in ("base", "clpl", "bm25"):
        low, high = (signed(rows.loc[entry, name]) for name in ("delta_ci_low", "delta_ci_high"))
        p = f"{rows.loc[entry, 'p_adjusted']:.3f}"
        assert differences[entry] == f"{signed(rows.loc[entry, 'delta_vs_base'])} [{low}, {high}] p {p}"
    assert differences["mnrl"] == "baseline"
    assert "to mnrl" in shown.locator(".board:visible thead").inner_text()


def test_the_queries_of_two_entries_are_a_link_away(page: Page, folder: Path) -> None:
    go(page, folder, "language=ko&baseline=mnrl")
    links = page.locator('.board:visible a[href^="queries/"]')
    assert "queries/ko.html#a=clpl@published&b=mnrl" in [link.get_attribute("href") for link in links.all()]


def test_a_recipe_keeps_untrained_entries(shown: Page) -> None:
    choose(shown, "recipe", "published")
    assert set(order(shown)) == {"base", "bm25", "clpl@published", "soft-1"}
    choose(shown, "recipe", "corrected")
    assert set(order(shown)) == {"base", "bm25", "clpl", "mnrl", "soft-1"}


def test_entries_can_be_hidden_and_shown(shown: Page) -> None:
    shown.get_by_text("entries shown").click()
    shown.get_by_role("checkbox", name="bm25").uncheck()
    shown.get_by_role("checkbox", name="clpl@published").uncheck()
    assert set(order(shown)) == {"base", "clpl", "mnrl", "soft-1"}
    assert "4 of 6 entries" in shown.locator("#shown").inner_text()
    shown.get_by_role("button", name="show all").click()
    assert len(order(shown)) == 6
    assert shown.get_by_role("checkbox", name="bm25").is_checked()


def test_a_column_sorts_descending_ascending_and_not(shown: Page) -> None:
    first = order(shown)
    head = shown.locator('.board:visible th[data-column="ko"]')
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    falling = order(shown)
    assert [float(cell.split()[0]) for cell in column(shown, "ko")] == sorted(
        (float(cell.split()[0]) for cell in column(shown, "ko")), reverse=True
    )
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert order(shown) == [*falling[:-1][::-1], "soft-1"]
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") is None
    assert order(shown) == first


def test_numbers_sort_as_numbers_and_failed_entries_are_last(page: Page, folder: Path) -> None:
    go(page, folder, "sort=minutes:asc&hide=base,bm25,clpl")
    assert column(page, "minutes") == ["9.00", "10.00"]
    assert column(page, "memory") == ["600 MiB", "3.0 GiB"]
    assert order(page) == ["mnrl", "clpl@published", "soft-1"]
    go(page, folder, "sort=minutes:desc&hide=base,bm25,clpl")
    assert order(page) == ["clpl@published", "mnrl", "soft-1"]


def test_the_url_stores_the_view(page: Page, folder: Path) -> None:
    go(page, folder, "measure=AP&language=ko&baseline=mnrl&recipe=published&hide=bm25&sort=difference:asc")
    first = page.locator(".board:visible").inner_text()
    assert switch(page, "measure").input_value() == "AP"
    assert switch(page, "recipe").input_value() == "published"
    assert set(order(page)) == {"base", "clpl@published", "soft-1"}
    choose(page, "language", "fa")
    choose(page, "language", "ko")
    assert fragment(page) == "measure=AP&language=ko&baseline=mnrl&recipe=published&hide=bm25&sort=difference:asc"
    page.reload()
    assert page.locator(".board:visible").inner_text() == first
    page.evaluate("location.hash = 'language=fa'")
    expect(page.locator(".board:visible h3")).to_have_text("nDCG@10 (primary measure)")
    assert switch(page, "language").input_value() == "fa"


def test_what_a_link_asks_for_in_vain_is_said_until_the_next_switch_and_nothing_moves(page: Page, folder: Path) -> None:
    notice = page.locator("#unknown")
    go(page, folder, "measure=MAP&language=ko&hide=bm25,gone")
    expect(notice).to_be_visible()
    assert notice.get_attribute("role") == "status"
    assert notice.inner_text() == (
        "This link asks for measure MAP and entry gone, which this page does not have; shown: nDCG@10, 5 of 6 entries."
    )
    assert switch(page, "language").input_value() == "ko"
    assert violations(page) == []
    place = "() => document.querySelector('#scores').getBoundingClientRect().top + scrollY"
    before = page.evaluate(place)
    choose(page, "language", "fa")
    expect(notice).not_to_be_visible()
    assert page.evaluate(place) == before
    page.evaluate("location.hash = 'colour=red&measure=<img src=x>'")
    expect(notice).to_have_text(
        "This link asks for switch colour and measure <img src=x>, which this page does not have; shown: nDCG@10."
    )
    page.evaluate("location.hash = 'measure=AP'")
    expect(notice).not_to_be_visible()


def test_a_view_in_the_query_of_the_address_is_said_not_to_be_read(page: Page, folder: Path) -> None:
    address = (folder / "leaderboard.html").as_uri()
    page.goto(f"{address}?measure=AP&from=mail#language=fa")
    asked = "This link asks for query ?measure=AP&from=mail (a view stands after #), which this page does not have."
    expect(page.locator("#unknown")).to_have_text(asked)
    assert (switch(page, "measure").input_value(), switch(page, "language").input_value()) == ("nDCG@10", "fa")
    page.goto(f"{address}?from=mail")
    expect(page.locator("#unknown")).not_to_be_visible()


def test_a_link_to_what_the_page_has_says_nothing(page: Page, folder: Path) -> None:
    for fragment_of in ("", "claims", "measure=AP&language=ko&hide=bm25&baseline=mnrl&recipe=published&sort=ko:desc"):
        go(page, folder, fragment_of)
        assert page.locator("#unknown").inner_text() == ""


def test_unknown_names_in_the_url_are_ignored(page: Page, folder: Path) -> None:
    go(page, folder, "measure=MAP&language=xx&baseline=x&recipe=y&hide=x,%zz,bm25&sort=x:asc&__proto__=1&constructor=2")
    assert page.locator(".board:visible h3").inner_text() == "nDCG@10 (primary measure)"
    assert set(order(page)) == {"base", "clpl", "clpl@published", "mnrl", "soft-1"}
    assert page.locator(".board:visible [aria-sort]").count() == 0  # the page's own order


def test_the_pages_own_order_is_that_of_no_column_and_said_in_words(page: Page, tmp_path: Path) -> None:
    board(tmp_path, ["base", "clpl", "mnrl"], {"ko": 9, "fa": 7}, [0, 1])
    for language, n in (("ko", 9), ("fa", 7)):
        ranker = provenance("bm25", language, None)
        ranker["entry"]["method"] = "bm25"
        scores = {measure: dict.fromkeys(values, 0.99) for measure, values in draw("bm25", language, 0, n).items()}
        put(tmp_path, ("bm25", language, 0), scores, provenance=ranker)
    write_reports(tmp_path)
    go(page, tmp_path, "")
    own = "highest average nDCG@10 first, rows without a model last"
    assert page.locator(".board:visible [aria-sort]").count() == 0
    assert page.locator("#shown").inner_text().endswith(f", {own}")
    averages = [float(cell.split()[0]) for cell in column(page, "average")]
    assert order(page)[len(averages) - 1] == "bm25"
    assert averages[:-1] == sorted(averages[:-1], reverse=True)
    assert averages[-1] == max(averages)
    head = page.locator('.board:visible th[data-column="average"]')
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert page.locator("#shown").inner_text().endswith(", sorted by average, highest first")
    falling = [float(cell.split()[0]) for cell in column(page, "average")]
    assert falling == sorted(averages, reverse=True)


def below_the_bar(page: Page) -> float:
    """Return how far below the switches, which stay at the top of the window, the claims begin."""
    bar, claims = (page.locator(part).bounding_box() for part in ("#controls", "#claims"))
    assert bar
    assert claims
    return claims["y"] - bar["y"] - bar["height"]


def test_a_section_is_reached_by_its_anchor(page: Page, folder: Path) -> None:
    go(page, folder, "claims")
    assert below_the_bar(page) == pytest.approx(8, abs=2)
    go(page, folder, "language=ko")
    page.get_by_role("link", name="Published claims").click()
    assert below_the_bar(page) == pytest.approx(8, abs=2)
    assert switch(page, "language").input_value() == "ko"


def test_the_csv_has_the_shown_rows_with_raw_numbers(page: Page, folder: Path) -> None:
    go(page, folder, "measure=AP&language=ko&hide=base&sort=ko:asc")
    text = saved(page, "CSV")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert text.count("\r\n") == len(rows) + 1
    assert [row["entry"] for row in rows] == order(page)
    expected = collate(folder).rows
    expected = expected[(expected["language"] == "ko") & (expected["measure"] == "AP")].set_index("entry")
    mnrl = next(row for row in rows if row["entry"] == "mnrl")
    for name in ("mean", "ci_low", "ci_high", "seed_sd", "delta_ci_low", "delta_ci_high", "p_adjusted"):
        assert float(mnrl[name]) == expected.loc["mnrl", name], name
    assert float(mnrl["delta"]) == expected.loc["mnrl", "delta_vs_base"]
    assert (mnrl["baseline"], mnrl["n_queries"], mnrl["n_seeds"], mnrl["minutes"]) == ("base", "9", "2", "9")
    assert rows[-1] == dict.fromkeys(rows[-1], "") | {
        "suite": "fake", "entry": "soft-1", "language": "ko", "measure": "AP", "baseline": "base",
        "failed": "out of memory",
    }  # fmt: skip


def test_the_json_has_every_shown_language_and_null_for_missing_numbers(shown: Page, folder: Path) -> None:
    content = json.loads(saved(shown, "JSON"))
    assert (content["suite"], content["measure"], content["language"], content["baseline"]) == (
        "fake",
        "nDCG@10",
        "all",
        "base",
    )
    assert [row["language"] for row in content["rows"][:3]] == ["ko", "fa", "average"]
    assert len(content["rows"]) == 6 * 3
    expected = collate(folder).rows
    best = content["rows"][2]
    named = (expected["entry"] == best["entry"]) & (expected["language"] == "average")
    assert best["mean"] == expected[named & (expected["measure"] == "nDCG@10")]["mean"].item()
    failed = next(row for row in content["rows"] if row["entry"] == "soft-1")
    assert (failed["mean"], failed["failed"]) == (None, "out of memory")


def test_a_served_page_works_like_one_from_disk(page: Page, folder: Path) -> None:
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        page.goto(f"http://127.0.0.1:{server.server_port}/leaderboard.html#sort=average:asc")
        assert order(page)[-1] == "soft-1"
        assert len(list(csv.DictReader(io.StringIO(saved(page, "CSV"), newline="")))) == 6 * 3
        server.shutdown()


def test_verdicts_are_shown_in_the_rows_of_their_claims(page: Page, unscripted: Page, judged: Path) -> None:
    unscripted.goto((judged / "leaderboard.html").as_uri())
    page.goto((judged / "leaderboard.html").as_uri())
    assert page.locator(".board").inner_text() == unscripted.locator(".board").inner_text()
    inconclusive = "inconclusive (underpowered)"
    assert column(page, "verdict") == [f"{inconclusive} ko", "not reproduced ko", ""]  # an average is in no column
    go(page, judged, "sort=verdict:asc&language=ko")
    assert order(page) == ["infonce-ance@published", "base", "mnrl"]
    go(page, judged, "sort=verdict:desc&language=ko")
    assert order(page) == ["base", "infonce-ance@published", "mnrl"]


class Quiet(SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, format: str, *args: object) -> None:
        pass
