"""The switches over a leaderboard of several base models."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page
from support.board_page import choose, column, fragment, go, order
from support.model_runs import folder_of

from harness.report.report_files import write_reports


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = folder_of(tmp_path_factory.mktemp("models"), entries=("base", "bm25", "mnrl"))
    write_reports(folder)
    return folder


def test_each_entry_is_compared_with_the_base_of_its_model_or_all_with_one(page: Page, folder: Path) -> None:
    go(page, folder, "")
    own = dict(zip(order(page), column(page, "difference"), strict=True))
    assert (own["base@A"], own["base@B"], own["bm25"]) == ("baseline", "baseline", "")
    assert "p " in own["mnrl@A"]
    choose(page, "baseline", "base@A")
    assert fragment(page) == "baseline=base@A"
    one = dict(zip(order(page), column(page, "difference"), strict=True))
    assert one["base@A"] == "baseline"
    assert one["mnrl@A"] == own["mnrl@A"]
    assert one["base@B"] != "baseline"
    assert one["bm25"]
    choose(page, "baseline", "own base")
    assert fragment(page) == ""
    assert dict(zip(order(page), column(page, "difference"), strict=True)) == own
