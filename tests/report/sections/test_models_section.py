"""Base models side by side, on the page and in its other forms."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from support.model_runs import folder_of

from harness.evidence.leaderboard import collate
from harness.report.report_files import write_reports
from harness.report.script_data import script_data
from harness.report.table_view import tables


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = folder_of(tmp_path_factory.mktemp("models"), entries=("base", "bm25", "mnrl"), languages=("ko", "hi"))
    write_reports(folder)
    return folder


def test_the_page_has_levels_and_gains_of_every_model_in_one_table(page: Path) -> None:
    html = (page / "leaderboard.html").read_text(encoding="utf-8")
    section = html[html.index('<section id="models">') : html.index('<section id="pictures">')]
    assert [section.count(f">{name}<") for name in ("base", "mnrl")] == [1, 1]
    assert "no base model" in section
    assert section.count('class="line mean') == 5
    markdown = (page / "leaderboard.md").read_text(encoding="utf-8")
    rows = [line for line in markdown[markdown.index("## Base models") :].splitlines() if line.startswith("|")][:5]
    assert rows[0] == "| entry | A | Δ | p | B | Δ | p |"
    assert {row.count("|") for row in rows} == {8}
    assert "- Base model: A: org/A at revision" in markdown


def test_every_form_names_the_baseline_of_each_entry(page: Path) -> None:
    with (page / "evidence.csv").open(encoding="utf-8", newline="") as lines:
        baselines = {row["entry"]: row["baseline"] for row in csv.DictReader(lines)}
    assert baselines == {
        "base@A": "base@A",
        "base@B": "base@B",
        "bm25": "base",
        "mnrl@A": "base@A",
        "mnrl@B": "base@B",
    }
    assert "own base" in (page / "leaderboard.tex").read_text(encoding="utf-8")
    assert json.loads((page / "leaderboard.json").read_text(encoding="utf-8"))["models"] == ["A", "B"]


def test_the_script_knows_the_own_baseline_of_every_entry(page: Path) -> None:
    board = collate(page)
    data = script_data(board, tables(board), ())
    names = [entry["name"] for entry in data["entries"]]
    own = dict(zip(names, data["own"], strict=True))
    assert {name: own[name] is not None and names[own[name]] for name in names} == {
        "base@A": "base@A",
        "base@B": "base@B",
        "bm25": False,
        "mnrl@A": "base@A",
        "mnrl@B": "base@B",
    }
    assert data["baseline"] == "own base"


def test_a_page_of_one_model_has_no_such_section(tmp_path: Path) -> None:
    write_reports(folder_of(tmp_path, ()))
    for name in ("leaderboard.html", "leaderboard.md"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "Base models" not in text
        assert "to own base" not in text
