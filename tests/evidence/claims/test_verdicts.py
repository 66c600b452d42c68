"""Verdicts on published claims: what a run's scores lead to."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from support.fake_records import draw, put

from harness.evidence.claims import verdicts
from harness.evidence.claims.claims_file import load
from harness.evidence.claims.verdicts import Line
from harness.evidence.leaderboard import Leaderboard, collate
from harness.report.report_files import write_reports
from harness.stats.intervals import difference
from harness.stats.power import minimum_detectable

BGE = {"id": "BAAI/bge-m3", "revision": "5617a9f61b028005a4858fdac845db406aefb181"}
CLP = "arXiv 2412.17364"
CLPL, CONTROL = "clpl@published", "infonce-ance@published"  # published in Korean: 67.05 and 66.89, a gain of 0.16
N = 213


def run(folder: Path, means: dict[str, float], seeds: int = 5, noise: float = 0.0) -> Leaderboard:
    """Return a run of Korean MIRACL without titles, entries of these means whose queries differ by `noise` on each."""
    generator = np.random.Generator(np.random.PCG64(5))
    queries = generator.uniform(-0.2, 0.2, N)
    queries -= queries.mean()
    for entry, mean in means.items():
        own = generator.standard_normal(N) * noise
        for seed in range(1 if entry == "base" else seeds):
            wobble = generator.standard_normal(N) * 0.01
            values = mean + queries + (own - own.mean()) + (wobble - wobble.mean()) + 0.001 * (seed - (seeds - 1) / 2)
            scores = {"nDCG@5": {f"q{i:03}": float(value) for i, value in enumerate(values)}}
            put(folder, (entry, "ko", seed), scores, suite="miracl")
    table = {"name": "miracl", "tier": "full", "text": {"title": False}, "base_model": BGE, "evaluation": {}}
    (folder / "run.json").write_text(json.dumps({"suite": table, "resolved": {"languages": ["ko"]}}))
    return collate(folder)


def line(board: Leaderboard, entry: str) -> Line:
    (found,) = [one for one in board.lines if (one.claim.paper, one.claim.entry) == (CLP, entry) and _korean(one)]
    return found


def _korean(one: Line) -> bool:
    return one.claim.language == "ko"


def test_a_run_that_gives_the_published_numbers_reproduces_them(tmp_path: Path) -> None:
    board = run(tmp_path, {"base": 0.6436, CONTROL: 0.6689, CLPL: 0.6705})
    assert line(board, "base").verdict == "reproduced"  # no control
    assert line(board, CONTROL).verdict == "reproduced"  # a gain of 2.53 over base
    rows = board.rows.set_index(["entry", "language", "measure"])["verdict"]
    assert rows[CONTROL, "ko", "nDCG@5"] == "reproduced"
    assert rows[CONTROL, "average", "nDCG@5"] == "not comparable"


def test_a_gain_too_small_for_the_queries_is_inconclusive_beside_what_would_have_been_found(tmp_path: Path) -> None:
    board = run(tmp_path, {"base": 0.6436, CONTROL: 0.6689, CLPL: 0.6705}, noise=0.1)
    found = line(board, CLPL)
    assert (found.verdict, found.reason) == ("inconclusive (underpowered)", "")
    assert found.gain is not None
    own, other = (board.scored[entry, "ko"].values for entry in (CLPL, CONTROL))
    assert found.gain.detectable == pytest.approx(float(minimum_detectable(difference(own, other))[0]))
    assert found.gain.claimed == pytest.approx(0.0016)
    assert found.gain.detectable > 10 * found.gain.claimed
    write_reports(tmp_path, board)
    (row,) = [
        row
        for row in csv.DictReader((tmp_path / "claims.csv").read_text(encoding="utf-8").splitlines())
        if (row["row"], row["language"]) == ("ANCE-CLP", "ko")
    ]
    assert (row["verdict"], row["level"], row["gain"]) == ("inconclusive (underpowered)", "same", "open")
    assert float(row["minimum_detectable"]) == found.gain.detectable
    assert float(row["claimed_gain"]) == pytest.approx(0.0016)
    assert float(row["effect_ratio"]) == pytest.approx(1, abs=0.01)
    for name in ("leaderboard.md", "leaderboard.html"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "inconclusive (underpowered)" in text
        assert f"{100 * found.gain.detectable:.2f}" in text


def test_a_gain_of_another_size_or_at_another_level_is_a_direction_only(tmp_path: Path) -> None:
    assert line(run(tmp_path / "size", {CONTROL: 0.6389, CLPL: 0.6705}), CLPL).verdict == "direction only"
    board = run(tmp_path / "level", {"base": 0.5436, CONTROL: 0.5689})
    assert line(board, CONTROL).verdict == "direction only"
    assert line(board, "base").verdict == "not reproduced"


def test_a_gain_that_turns_into_a_loss_is_not_reproduced(tmp_path: Path) -> None:
    found = line(run(tmp_path, {CONTROL: 0.6805, CLPL: 0.6705}), CLPL)
    assert (found.verdict, found.level and found.level.judged()) == ("not reproduced", "same")


def test_a_level_within_the_reach_of_another_seed_is_open(tmp_path: Path) -> None:
    for seed, mean in enumerate((0.65, 0.70, 0.72)):  # 67.05 is published; mean 69.00, sd 3.6
        put(tmp_path, (CLPL, "ko", seed), {"nDCG@5": {"a": mean, "b": mean}}, suite="miracl")
        put(tmp_path, (CONTROL, "ko", seed), {"nDCG@5": {"a": mean, "b": mean}}, suite="miracl")
    table = {"name": "miracl", "tier": "full", "text": {"title": False}, "base_model": BGE}
    (tmp_path / "run.json").write_text(json.dumps({"suite": table, "resolved": {"languages": ["ko"]}}))
    found = line(collate(tmp_path), CLPL)
    assert found.level is not None
    assert found.level.reach == pytest.approx(
        4.3027 * np.std([0.65, 0.70, 0.72], ddof=1) * (1 + 1 / 3) ** 0.5, rel=1e-4
    )
    assert found.level.judged() == "open"


def test_one_seed_of_what_is_trained_cannot_show_a_gain(tmp_path: Path) -> None:
    found = line(run(tmp_path, {"base": 0.6436, CONTROL: 0.6689}, seeds=1), CONTROL)
    assert found.verdict == "inconclusive (underpowered)"
    assert found.level is not None
    assert found.level.reach == math.inf


def test_without_its_control_a_claim_is_not_comparable_and_shows_its_level(tmp_path: Path) -> None:
    found = line(run(tmp_path, {"base": 0.6436, CLPL: 0.6705}), CLPL)
    assert found.verdict == "not comparable"
    assert found.reason == "not comparable: its control infonce-ance@published: not measured in this run"
    assert found.measured == pytest.approx(0.6705)


def test_the_clp_table_against_cells_of_wikiqa_is_not_comparable_throughout(tmp_path: Path) -> None:
    entries = ["base", "infonce-random", "infonce-ance", "clpl", "clpl-intermediate", "clpl-moe"]
    names = ["base", *(f"{entry}@published" for entry in entries[1:])]
    for entry in names:
        for language in ("ko", "hi", "fa"):
            scores = draw(entry, language, 0, 5, ("nDCG@10", "nDCG@5"))
            put(tmp_path, (entry, language, 0), scores, suite="wikiqa")
    suite = {"name": "wikiqa", "tier": "full", "text": {"title": True}, "base_model": {"layers": 4}}
    (tmp_path / "run.json").write_text(json.dumps({"suite": suite, "resolved": {"languages": ["ko", "hi", "fa"]}}))
    board = collate(tmp_path)
    lines = [one for one in board.lines if one.claim.paper == CLP]
    assert len(lines) == 28
    assert {one.verdict for one in lines} == {"not comparable"}
    assert {one.reason for one in lines} == {"not comparable: other suite (wikiqa, not miracl)"}
    assert set(board.rows["verdict"]) == {""}


def test_two_comparable_claims_on_a_row_leave_its_verdict_empty() -> None:
    (claim,) = [c for c in load() if (c.row, c.language) == ("ANCE-CLP", "ko")]
    good, bad, other = Line(claim, "reproduced"), Line(claim, "not reproduced"), Line(claim, "not comparable")
    row = (claim.entry, "ko", "nDCG@5")
    assert verdicts.verdicts_by_row([good, bad], "miracl") == {}
    assert verdicts.verdicts_by_row([good, other, other], "miracl@untitled") == {row: "reproduced"}
    assert verdicts.verdicts_by_row([other, other], "miracl") == {}
    assert verdicts.verdicts_by_row([good], "wikiqa") == {}
