"""The data of the leaderboard's script: unrounded scores, and differences to every baseline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.fake_records import board, draw, put, put_failed

from harness.evidence.leaderboard import collate
from harness.report.script_data import script_data
from harness.report.table_view import tables


def data_of(folder: Path) -> dict[str, Any]:
    leaderboard = collate(folder)
    text = json.dumps(script_data(leaderboard, tables(leaderboard), ["ko"]), allow_nan=False)
    return dict(json.loads(text))


def test_every_row_of_the_leaderboard_is_included_unrounded(tmp_path: Path) -> None:
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


def test_a_difference_is_included_once_under_the_baseline_that_comes_first(tmp_path: Path) -> None:
    data = data_of(board(tmp_path, ["base", "clpl", "mnrl"], {"ko": 7}, [0, 1]))
    names = [entry["name"] for entry in data["entries"]]
    for baseline in ("base", "mnrl"):
        rows = collate(tmp_path, baseline).rows
        rows = rows[(rows["language"] == "ko") & (rows["measure"] == "AP")].set_index("entry")
        column = next(item for item in data["baselines"] if names[item["entry"]] == baseline)
        for i, entry in enumerate(names):
            difference = column["differences"][data["measures"].index("AP")][i][0]
            if i <= column["entry"]:
                assert difference is None
            else:
                expected = [rows.loc[entry, name] for name in ("p_adjusted", "delta_vs_base", "delta_ci_low")]
                assert difference == [*map(pytest.approx, expected), difference[3], ""]


def test_too_many_entries_are_compared_with_one_baseline_only(tmp_path: Path) -> None:
    entries = ["base", *(f"entry-{i:02}" for i in range(41))]
    data = data_of(board(tmp_path, entries, {"ko": 3}, [0]))
    [only] = data["baselines"]
    assert data["entries"][only["entry"]]["name"] == "base"
    other = next(i for i, entry in enumerate(data["entries"]) if entry["name"] == "entry-07")
    assert len(only["differences"][0][other][0]) == 5


def test_missing_values_are_null_and_failed_entries_have_their_reason(tmp_path: Path) -> None:
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.5}})
    put_failed(tmp_path, ("clpl", "fa", 0), "out of\nmemory")
    data = data_of(tmp_path)
    assert [entry["failed"] for entry in data["entries"]] == ["", "out of memory"]
    assert data["scores"] == [[[None, [1, 1, 0.5, None, None, None, 1, 1, "a", ""], None], [None, None, None]]]
    assert data["baselines"] == []


def test_an_untrained_entry_has_no_recipe(tmp_path: Path) -> None:
    data = data_of(board(tmp_path, ["base", "mnrl"], {"ko": 3}, [0]))
    assert {entry["name"]: entry["recipe"] for entry in data["entries"]} == {"base": "", "mnrl": "corrected"}


def test_every_seed_is_included_lowest_first_and_a_single_one_is_not(tmp_path: Path) -> None:
    data = data_of(board(tmp_path, ["base", "mnrl"], {"ko": 7, "fa": 5}, [1, 0]))
    names = [entry["name"] for entry in data["entries"]]
    for measure, name in enumerate(data["measures"]):
        assert data["seeds"][measure][names.index("base")] == [None, None]
        for language, n in (("ko", 7), ("fa", 5)):
            means = [round(sum(draw("mnrl", language, seed, n)[name].values()) / n, 5) for seed in (0, 1)]
            seeds = data["seeds"][measure][names.index("mnrl")][data["languages"].index(language)]
            assert seeds == pytest.approx(means, abs=1e-5)


def test_geometry_has_each_language_and_their_mean_and_time_that_of_computed_cells(tmp_path: Path) -> None:
    scores = {"AP": {"a": 0.5}}
    for language, uniformity in (("ko", -1.0), ("fa", -3.0)):
        after = {"uniformity": uniformity, "alignment": 1.0, "anisotropy": 0.1}
        put(tmp_path, ("mnrl", language, 0), scores, geometry={"before": after, "after": after}, seconds=4.0)
        put(tmp_path, ("clpl", language, 0), scores, seconds=0.0)
    data = data_of(tmp_path)
    mnrl = [entry["name"] for entry in data["entries"]].index("mnrl")
    by_language = dict(zip(data["languages"], data["geometry"][mnrl], strict=True))
    assert {language: values[:2] for language, values in by_language.items()} == {
        "ko": [-1.0, 1.0],
        "fa": [-3.0, 1.0],
        "average": [-2.0, 1.0],
    }
    assert data["geometry"][1 - mnrl] is None
    assert [data["entries"][i]["seconds"] for i in (mnrl, 1 - mnrl)] == [4.0, None]
