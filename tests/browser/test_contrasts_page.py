"""Contrasts and the first figure in Chromium: every switch changes headline, contrasts, figure and table."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from support.board_page import choose, go, order

from harness.evidence.leaderboard import collate
from harness.report.report_files import write_reports
from harness.report.report_formats import Format
from harness.report.sections import contrasts_section
from harness.report.sections.contrasts_section import contrast_views


@pytest.fixture(scope="module")
def penalties(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed results of a sweep over a penalty, with its page written again."""
    results = Path(__file__).parents[2] / "results" / "wikiqa-penalty"
    folder = Path(shutil.copytree(results, tmp_path_factory.mktemp("penalty") / "run"))
    write_reports(folder, formats=[Format.html], show_texts=False)
    return folder


def headline(page: Page) -> str:
    return page.locator(".headline:visible").inner_text()


def contrasts(page: Page) -> list[str]:
    return page.locator("#contrasts tbody:visible tr:visible .pair").all_inner_texts()


def drawn_names(page: Page) -> list[str]:
    """Return the names of the rows of the forest plot, each of which has a number after it."""
    return page.locator("#figure-forest text[text-anchor=end]").all_text_contents()[:-1:2]


def test_measure_and_language_change_headline_contrasts_figure_and_table_alike(shown: Page, folder: Path) -> None:
    views = {(view.measure, view.language): view for view in contrast_views(collate(folder))}
    assert headline(shown) == views["nDCG@10", "average"].headline
    for measure, language in (("AP", ""), ("AP", "fa"), ("R@100", "ko"), ("nDCG@10", "")):
        choose(shown, "measure", measure)
        choose(shown, "language", language)
        view = views[measure, language or "average"]
        assert headline(shown) == view.headline
        names = [f"{row.contrast.entry.name} over {row.contrast.control.name}" for row in view.rows]
        assert contrasts(shown) == names
        title = shown.locator("#figure-forest figcaption strong").inner_text()
        assert f" in {measure}" in title
        assert shown.locator(".board:visible h3").inner_text().startswith(measure)


def test_a_linked_view_opens_on_its_headline_contrasts_and_figure(page: Page, folder: Path) -> None:
    go(page, folder, "measure=AP&language=fa&baseline=mnrl")
    view = next(view for view in contrast_views(collate(folder)) if (view.measure, view.language) == ("AP", "fa"))
    assert headline(page) == view.headline
    expect(page.locator("#figure-forest figcaption strong")).to_have_text("Difference to mnrl in AP, fa, × 100.")
    assert page.locator("#figure-forest svg:visible").count() == 1


def test_the_figure_has_the_shown_rows_and_the_chosen_baseline(shown: Page) -> None:
    choose(shown, "baseline", "mnrl")
    assert drawn_names(shown) == [name for name in order(shown) if name != "soft-1"]
    shown.get_by_role("button", name="entry", exact=True).click()
    assert drawn_names(shown) == [name for name in order(shown) if name != "soft-1"]
    assert drawn_names(shown) == sorted(drawn_names(shown))
    shown.get_by_text("entries shown").click()
    shown.get_by_label("clpl", exact=True).uncheck()
    assert "clpl" not in drawn_names(shown)
    assert [name for name in contrasts(shown) if "clpl over" in name] == []


def test_contrasts_of_hidden_entries_are_counted(shown: Page, folder: Path) -> None:
    before = contrasts(shown)
    entry = before[0].split(" over ")[0]
    shown.get_by_text("entries shown").click()
    shown.get_by_label(entry, exact=True).uncheck()
    hidden = sum(entry in name.split(" over ") for name in before)
    assert len(contrasts(shown)) == len(before) - hidden < len(before)
    assert f", {hidden} of {len(before)} contrasts hidden, " in shown.locator("#shown").inner_text()
    assert headline(shown) == f"{hidden} published contrast measured here, all of hidden entries."
    shown.get_by_role("button", name="show all").click()
    assert headline(shown) == contrast_views(collate(folder))[0].headline


def test_the_headline_counts_and_names_the_contrasts_that_are_shown(page: Page, penalties: Path) -> None:
    view = contrast_views(collate(penalties))[0]
    assert {word for row in view.rows for word, _ in row.words} == {"same direction", "reversed", "equivalent"}
    entries = list(dict.fromkeys(row.contrast.entry.name for row in view.rows))
    for hidden in ([], entries[:1], entries[1:], entries[:2], entries[-2:]):
        go(page, penalties, f"hide={','.join(quote(entry, safe='') for entry in hidden)}")
        rows = [row for row in view.rows if not {row.contrast.entry.name, row.contrast.control.name} & set(hidden)]
        gone = len(view.rows) - len(rows)
        counted = f"here, without {gone} of hidden entries:" if gone else "here:"
        all_hidden = f"{gone} published contrasts measured here, all of hidden entries."
        expected = contrasts_section.headline(rows).replace("here:", counted) if rows else all_hidden
        assert headline(page) == expected
        assert (f"{gone} of {len(view.rows)} contrasts hidden" in page.locator("#shown").inner_text()) == bool(gone)


def test_without_scripts_the_primary_view_is_shown(unscripted: Page, folder: Path) -> None:
    unscripted.goto((folder / "leaderboard.html").as_uri())
    view = contrast_views(collate(folder))[0]
    assert headline(unscripted) == view.headline
    assert len(contrasts(unscripted)) == len(view.rows)


def test_the_first_screen_holds_headline_contrasts_and_verdicts(page: Page, folder: Path) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto((folder / "leaderboard.html").as_uri())
    for part in (".headline:visible", "#contrasts tbody:visible tr:last-child .chip"):
        box = page.locator(part).last.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 900
