"""Each switch of the leaderboard in Chromium: headline, contrasts, figure, table and downloads show one state."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from support.board_page import choose, column, order, saved

from harness.evidence.leaderboard import collate
from harness.report.numbers import hundred, signed
from harness.report.sections.contrasts_section import contrast_views

FAILED = "soft-1"
STATES: tuple[dict[str, str], ...] = (
    {},
    {"measure": "AP"},
    {"language": "fa"},
    {"baseline": "mnrl"},
    {"recipe": "published"},
    {"hide": "clpl"},
    {"measure": "R@100", "language": "ko", "baseline": "mnrl", "hide": "bm25"},
)
SHOWN = {
    "": {"base", "bm25", "clpl", "clpl@published", "mnrl", FAILED},
    "published": {"base", "bm25", "clpl@published", FAILED},
}


def apply(page: Page, state: dict[str, str]) -> None:
    """Change the switches as a reader does."""
    for name, value in state.items():
        if name == "hide":
            page.get_by_text("entries shown").click()
            page.get_by_role("checkbox", name=value, exact=True).uncheck()
        else:
            choose(page, name, value)


@pytest.mark.parametrize("state", STATES, ids=lambda state: " ".join(f"{k}={v}" for k, v in state.items()) or "first")
def test_a_switch_changes_headline_contrasts_figure_table_and_downloads_alike(
    shown: Page, folder: Path, state: dict[str, str]
) -> None:
    apply(shown, state)
    measure, baseline = state.get("measure", "nDCG@10"), state.get("baseline", "base")
    language = state.get("language", "average")
    entries = order(shown)
    assert set(entries) == SHOWN[state.get("recipe", "")] - {state.get("hide", "")}
    measured = [entry for entry in entries if entry != FAILED]

    [view] = [v for v in contrast_views(collate(folder)) if (v.measure, v.language) == (measure, language)]
    pairs = [(row.contrast.entry.name, row.contrast.control.name) for row in view.rows]
    seen = [f"{entry} over {control}" for entry, control in pairs if {entry, control} <= set(entries)]
    assert shown.locator("#contrasts tbody:visible tr:visible .pair").all_inner_texts() == seen
    none_seen = "1 published contrast measured here, all of hidden entries."
    assert shown.locator(".headline:visible").inner_text() == (view.headline if len(seen) == len(pairs) else none_seen)
    assert len(pairs) == 1

    title = shown.locator("#figure-forest figcaption strong").inner_text()
    assert title.startswith(f"Difference to {baseline} in {measure}{'' if language == 'average' else f', {language}'}")
    texts = shown.locator("#figure-forest svg:visible text").all_text_contents()
    assert [text for text in texts if text in SHOWN[""]] == measured

    expected = collate(folder, baseline).rows
    expected = expected[expected["measure"] == measure].set_index(["entry", "language"])
    levels = [cell.split()[0] for cell in column(shown, language)]
    differences = [cell.split()[0] for cell in column(shown, "difference")]
    assert levels == [hundred(expected.loc[(entry, language), "mean"]) for entry in measured]
    assert differences == [
        "baseline" if entry == baseline else signed(expected.loc[(entry, language), "delta_vs_base"])
        for entry in measured
    ]

    languages = [language] if "language" in state else ["ko", "fa", "average"]
    for rows in (list(csv.DictReader(io.StringIO(saved(shown, "CSV")))), json.loads(saved(shown, "JSON"))["rows"]):
        assert [(row["entry"], row["language"]) for row in rows] == [(e, own) for e in entries for own in languages]
        assert {(row["measure"], row["baseline"]) for row in rows if row["entry"] != FAILED} == {(measure, baseline)}
        for row in rows:
            if row["entry"] != FAILED:
                of_row = expected.loc[(row["entry"], row["language"])]
                assert number(row["mean"]) == of_row["mean"]
                if row["entry"] != baseline:
                    assert number(row["delta"]) == of_row["delta_vs_base"]


def number(field: Any) -> float:
    return float(field)
