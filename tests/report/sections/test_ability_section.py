"""Gain on retrieval against loss elsewhere: values from records, intervals over seeds, what is left out and why."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import t as student
from support.fake_records import board, draw, put

from harness.evidence.leaderboard import Leaderboard, collate
from harness.report.report_files import write_reports
from harness.report.sections.ability_section import AbilityRow, ability_tables, finding

VALUES: dict[tuple[str, str], tuple[float, ...]] = {  # entry, language → AP of its seeds
    ("base", "ko"): (0.60,),
    ("base", "hi"): (0.70,),
    ("mnrl", "ko"): (0.50, 0.52, 0.57),
    ("mnrl", "hi"): (0.66, 0.68, 0.70),
    ("clpl", "ko"): (0.61, 0.62, 0.63),
    ("clpl", "hi"): (0.71, 0.72, 0.73),
    ("nli-simcse", "ko"): (0.9, 0.9, 0.9),
    ("nli-simcse", "hi"): (0.8, 0.8, 0.8),
}


def task(value: float, kind: str = "PairClassification", **fields: Any) -> dict[str, Any]:
    described = {"type": kind, "dataset": "pairs.tsv", "revision": "0" * 64, "subset": "default", "languages": ["kor"]}
    numbers = {"value": value, "scores": {"cosine_ap": value}, "mteb": "2.0", "seconds": 1.0}
    return {**described, "split": "dev", "main_score": "cosine_ap", **numbers, **fields}


def lifted(entry: str, language: str, seed: int) -> Any:
    """Return the scores of the base, raised for what is tuned."""
    gain = 0.0 if entry == "base" else 0.2 + seed / 100
    scores = draw("base", language, 0, 40)
    return {measure: {q: 0.5 * value + gain for q, value in values.items()} for measure, values in scores.items()}


def written(folder: Path, values: dict[tuple[str, str], tuple[float, ...]] = VALUES) -> Leaderboard:
    board(folder, ["base"], {"ko": 40, "hi": 40}, [0])
    for (entry, language), scores in values.items():
        for seed, value in enumerate(scores):
            other = {
                "a retrieval task": task(0.1 * seed, "Retrieval"),
                "pairs": task(value, trained_on=entry == "nli-simcse"),
            }
            put(folder, (entry, language, seed), lifted(entry, language, seed), tasks=other)
    return collate(folder)


def rows(page: Leaderboard, language: str) -> dict[str, AbilityRow]:
    entries = ["clpl", "mnrl", "nli-simcse", "base"]
    (table,) = (table for table in ability_tables(page, entries) if table.language == language)
    return {row.entry: row for row in table.rows}


def test_the_change_is_the_mean_over_seeds_less_the_base_with_students_interval_over_seeds(tmp_path: Path) -> None:
    row = rows(written(tmp_path), "ko")["mnrl"]
    values = np.array(VALUES["mnrl", "ko"])
    half = student.ppf(0.975, 2) * values.std(ddof=1) / np.sqrt(3)
    assert row.change is not None
    assert row.change.value == pytest.approx(values.mean() - 0.60)
    assert (row.change.low, row.change.high) == pytest.approx(
        (values.mean() - 0.60 - half, values.mean() - 0.60 + half)
    )
    assert row.n_seeds == 3


def test_the_gain_is_that_of_the_leaderboard(tmp_path: Path) -> None:
    page = written(tmp_path)
    expected = page.rows[(page.rows.entry == "mnrl") & (page.rows.language == "ko") & (page.rows.measure == "nDCG@10")]
    gain = rows(page, "ko")["mnrl"].gain
    assert (gain.value, gain.low, gain.high) == tuple(
        float(expected[name].item()) for name in ("delta_vs_base", "delta_ci_low", "delta_ci_high")
    )


def test_the_average_weights_languages_equally_and_comes_first(tmp_path: Path) -> None:
    page = written(tmp_path)
    assert [table.language for table in ability_tables(page, ["mnrl", "clpl"])] == ["average", "ko", "hi"]
    parts = [rows(page, language)["mnrl"].change for language in ("ko", "hi", "average")]
    ko, hi, average = (part.value for part in parts if part)
    assert average == pytest.approx((ko + hi) / 2)


def test_an_entry_trained_on_the_pairs_has_no_change_and_retrieval_tasks_are_not_elsewhere(tmp_path: Path) -> None:
    page = written(tmp_path)
    by_entry = rows(page, "ko")
    assert (by_entry["nli-simcse"].change, by_entry["nli-simcse"].trained_on) == (None, ("pairs",))
    assert "base" not in by_entry
    assert ability_tables(page, ["mnrl"])[0].tasks == ("pairs",)


def test_one_seed_gives_a_value_without_an_interval(tmp_path: Path) -> None:
    page = written(tmp_path, {**VALUES, ("mnrl", "ko"): (0.5,), ("mnrl", "hi"): (0.6,)})
    row = rows(page, "ko")["mnrl"]
    assert row.change is not None
    assert row.gain.low is row.gain.high is row.change.low is row.change.high is None
    assert row.change.value == pytest.approx(-0.1)


def test_an_entry_that_lacks_a_task_is_left_out(tmp_path: Path) -> None:
    written(tmp_path)
    for seed in (0, 1):
        put(tmp_path, ("late", "ko", seed), lifted("late", "ko", seed))
    page = collate(tmp_path)
    assert "late" not in {row.entry for table in ability_tables(page, ["late", "mnrl"]) for row in table.rows}


def test_the_finding_counts_gains_and_losses(tmp_path: Path) -> None:
    table = ability_tables(written(tmp_path), ["clpl", "mnrl", "nli-simcse", "base"])[0]
    assert finding(table, "nDCG@10") == (
        "Of 2 entries, 2 gain in nDCG@10; of these, 1 score lower on the other tasks, 1 with both intervals clear of 0."
    )


def test_every_format_has_the_tables_and_a_run_without_tasks_has_none(tmp_path: Path) -> None:
    folder = tmp_path / "with"
    written(folder)
    write_reports(folder)
    page = (folder / "leaderboard.html").read_text(encoding="utf-8")
    assert page.count('<section id="ability">') == page.count('aria-labelledby="ability-title ability-desc"') == 1
    assert "trained on <bdi>pairs</bdi>" in page
    markdown = (folder / "leaderboard.md").read_text(encoding="utf-8")
    assert "| mnrl |" in markdown.partition("## Gain on retrieval, loss elsewhere")[2]
    listed = list(csv.DictReader((folder / "ability.csv").read_text(encoding="utf-8").splitlines()))
    assert {(row["entry"], row["language"], row["change"] == "") for row in listed} >= {
        ("mnrl", "average", False),
        ("nli-simcse", "ko", True),
    }
    document = json.loads((folder / "leaderboard.json").read_text(encoding="utf-8"))
    assert [table["language"] for table in document["ability"]] == ["average", "ko", "hi"]

    without = board(tmp_path / "without", ["base", "mnrl"], {"ko": 20}, [0, 1])
    write_reports(without)
    assert 'id="ability"' not in (without / "leaderboard.html").read_text(encoding="utf-8")
    assert not (without / "ability.csv").exists()
    assert "ability" not in json.loads((without / "leaderboard.json").read_text(encoding="utf-8"))
