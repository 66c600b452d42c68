"""The data of the leaderboard's script: every number of the page, unrounded, and the differences to every entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.fake_records import board, put, put_failed

from harness.evidence.leaderboard import collate
from harness.report.script_data import script_data
from harness.report.table_view import tables


def data_of(folder: Path) -> dict[str, Any]:
    found = collate(folder)
    text = json.dumps(script_data(found, tables(found), ["ko"]), allow_nan=False)
    return dict(json.loads(text))


def test_every_row_of_the_leaderboard_is_there_unrounded(tmp_path: Path) -> None:
    data = data_of(board(tmp_path, ["base", "clpl", "mnrl"], {"ko": 7, "fa": 5}, [0, 1]))
    names = [entry["name"] for entry in data["entries"]]
    rows = collate(tmp_path).rows
    assert len(rows) == 3 * 3 * 5
    for row in rows.to_dict("records"):
        measure, entry = data["measures"].index(row["measure"]), names.index(row["entry"])
        score = data["scores"][measure][entry][data["languages"].index(row["language"])]
        assert score[:5] == [row["n_queries"], row["n_seeds"], row["mean"], row["ci_low"], row["ci_high"]]
    assert data["languages"] == ["ko", "fa", "average"]
    assert data["compared"] == ["ko"]


def test_a_difference_is_told_once_and_its_p_for_either_baseline(tmp_path: Path) -> None:
    data = data_of(board(tmp_path, ["base", "clpl", "mnrl"], {"ko": 7}, [0, 1]))
    names = [entry["name"] for entry in data["entries"]]
    for baseline in ("base", "mnrl"):
        rows = collate(tmp_path, baseline).rows
        rows = rows[(rows["language"] == "ko") & (rows["measure"] == "AP")].set_index("entry")
        own = next(one for one in data["baselines"] if names[one["entry"]] == baseline)
        for place, entry in enumerate(names):
            found = own["differences"][data["measures"].index("AP")][place][0]
            if entry == baseline:
                assert found is None
            else:
                expected = [rows.loc[entry, name] for name in ("p_adjusted", "delta_vs_base", "delta_ci_low")]
                assert found[:3] == pytest.approx(expected if place > own["entry"] else expected[:1], rel=1e-12)


def test_more_entries_than_are_compared_each_with_each_leave_the_one_baseline(tmp_path: Path) -> None:
    entries = ["base", *(f"entry-{i:02}" for i in range(21))]
    data = data_of(board(tmp_path, entries, {"ko": 3}, [0]))
    [only] = data["baselines"]
    assert data["entries"][only["entry"]]["name"] == "base"
    other = next(i for i, entry in enumerate(data["entries"]) if entry["name"] == "entry-07")
    assert len(only["differences"][0][other][0]) == 4


def test_what_there_is_not_is_null_and_what_failed_has_its_reason(tmp_path: Path) -> None:
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.5}})
    put_failed(tmp_path, ("clpl", "fa", 0), "out of\nmemory")
    data = data_of(tmp_path)
    assert [entry["failed"] for entry in data["entries"]] == ["", "out of memory"]
    assert data["scores"] == [[[None, [1, 1, 0.5, None, None, None, 1, 1, 1, ""], None], [None, None, None]]]
    assert data["baselines"] == []


def test_what_is_not_trained_has_no_recipe(tmp_path: Path) -> None:
    data = data_of(board(tmp_path, ["base", "mnrl"], {"ko": 3}, [0]))
    assert {entry["name"]: entry["recipe"] for entry in data["entries"]} == {"base": "", "mnrl": "corrected"}
