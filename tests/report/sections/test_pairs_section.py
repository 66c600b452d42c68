"""Every two entries in one table: the same numbers, letters and rule as the rest of the report."""

from __future__ import annotations

import dataclasses
from itertools import combinations
from pathlib import Path

import pytest
from support.commands import REPOSITORY
from support.fake_records import board, draw, put, put_failed

from harness.evidence.leaderboard import Leaderboard, collate
from harness.report.figures.leaderboard_figures import first_view
from harness.report.figures.view import State, View
from harness.report.numbers import p_value, signed
from harness.report.report_files import write_reports
from harness.report.script_data import script_data
from harness.report.sections.pairs_section import PairTable, has_pairs, pair_table
from harness.report.table_view import tables
from harness.stats.letters import share_letter
from harness.stats.rules import is_shown


def view_of(leaderboard: Leaderboard) -> View:
    return first_view(script_data(leaderboard, tables(leaderboard), leaderboard.languages))


@pytest.fixture(scope="module")
def wikiqa() -> tuple[Leaderboard, View]:
    leaderboard = collate(REPOSITORY / "results" / "wikiqa")
    return leaderboard, view_of(leaderboard)


@pytest.mark.parametrize("language", ["", "ko", "hi", "fa"])
def test_two_entries_are_tied_exactly_where_they_share_a_letter(
    wikiqa: tuple[Leaderboard, View], language: str
) -> None:
    _, view = wikiqa
    table = pair_table(dataclasses.replace(view, state=dataclasses.replace(view.state, language=language)))
    assert len(table.rows) == 14
    marks = set()
    for i, j in combinations(range(14), 2):
        cell = table.rows[i].cells[j]
        assert cell is not None
        assert (cell.mark == "tie") == share_letter(table.rows[i].letters, table.rows[j].letters)
        marks.add(cell.mark)
    assert marks >= {"tie", "higher"}


def test_each_cell_is_the_contrast_of_its_row_with_its_column(wikiqa: tuple[Leaderboard, View]) -> None:
    leaderboard, view = wikiqa
    measure = leaderboard.measures[-1]
    table = pair_table(View(view.data, State(measure, view.state.baseline, "hi")))
    names = [row.name for row in table.rows]
    contrasts = [contrast for contrast in leaderboard.contrasts if contrast.language == "hi"]
    assert len(contrasts) == 14 * 13
    for contrast in contrasts:
        cell = table.rows[names.index(contrast.entry)].cells[names.index(contrast.baseline)]
        assert cell is not None
        p, delta = float(contrast.p_adjusted[-1]), float(contrast.delta[-1])
        assert (cell.delta, cell.p) == (signed(delta), p_value(p))
        assert cell.mark == ("tie" if not is_shown(p) else "higher" if delta > 0 else "lower")
        assert cell.href == f"queries/hi.html#a={contrast.entry}&b={contrast.baseline}"
    assert [row.cells[i] for i, row in enumerate(table.rows)] == [None] * 14


def test_a_pair_without_a_p_says_why_and_is_a_tie(tmp_path: Path) -> None:
    board(tmp_path, ["base", "mnrl"], {"ko": 7}, [0])
    put(tmp_path, ("clpl", "ko", 0), draw("base", "ko", 0, 7), trained=False)
    table = pair_table(view_of(collate(tmp_path)))
    cells = {(row.name, other.name): row.cells[j] for row in table.rows for j, other in enumerate(table.rows)}
    one_seed, identical = cells["mnrl", "base"], cells["clpl", "base"]
    assert one_seed is not None
    assert (one_seed.p, one_seed.mark) == ("one seed", "tie")
    assert identical is not None
    assert (identical.p, identical.mark, identical.delta) == ("identical", "tie", "+0.00")


def test_entries_without_a_score_are_left_out_and_the_caption_counts_the_pairs(tmp_path: Path) -> None:
    board(tmp_path, ["base", "clpl", "mnrl"], {"ko": 9, "fa": 7}, [0, 1])
    put_failed(tmp_path, ("soft-1", "ko", 0), "x")
    view = view_of(collate(tmp_path))
    table = pair_table(view)
    assert sorted(row.name for row in table.rows) == ["base", "clpl", "mnrl"]
    differ = sum(cell.mark == "higher" for row in table.rows for cell in row.cells if cell)
    assert table.caption == f"{differ} of 3 pairs shown to differ."
    alone = pair_table(View(view.data, State("AP", "base", hide=frozenset({"base", "clpl"}))))
    assert alone == PairTable(
        "Every two entries in AP, average, × 100", alone.rows, "Fewer than two entries that are shown were measured."
    )
    assert [row.name for row in alone.rows] == ["mnrl"]


def test_a_page_whose_entries_were_not_all_compared_has_no_table(tmp_path: Path) -> None:
    entries = ["base", *(f"entry-{i:02}" for i in range(41))]
    board(tmp_path / "many", entries, {"ko": 3}, [0])
    assert not has_pairs(view_of(collate(tmp_path / "many")))
    page = write_reports(tmp_path / "many").read_text(encoding="utf-8")
    assert 'id="pairwise"' not in page
    assert 'name="pairs"' not in page
    put(tmp_path / "one", ("base", "ko", 0), {"AP": {"a": 0.5}})
    assert not has_pairs(view_of(collate(tmp_path / "one")))
