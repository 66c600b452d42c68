"""A run with a task of the suite's own pairs: its page, its verification, its exports."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from support.commands import invoke

from harness.machine.bundled import manifests
from harness.results import record

pytestmark = pytest.mark.xdist_group("mteb")

TASK = '[[languages.ko.pair_tasks]]\nname = "mini-nli-pairs"\ntype = "PairClassification"\n'


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the folder of a run, and its cache."""
    root = tmp_path_factory.mktemp("pairs")
    own = root / "with-pairs.toml"
    own.write_text((manifests() / "mini.toml").read_text(encoding="utf-8") + "\n" + TASK, encoding="utf-8")
    request = ("--suite", own, "--methods", "base,bm25,mnrl,nli-simcse", "--langs", "ko", "--seeds", "0,1")
    small = ("--max-train", "40", "--set", "train.epochs=1", "--keep-models", "all")
    result = invoke("run", *request, *small, "--out", root / "out", "--cache-dir", root / "cache", "--jobs", "1")
    assert result.status == 0, result.err
    return root / "out", root / "cache"


def test_every_model_is_scored_and_a_ranker_is_not(finished: tuple[Path, Path]) -> None:
    stored = {(one.entry, one.seed): one for one in record.read_all(finished[0])}
    values = {name: one.tasks["mini-nli-pairs"]["value"] for name, one in stored.items() if one.tasks}
    assert set(values) == {("base", 0), ("mnrl", 0), ("mnrl", 1), ("nli-simcse", 0), ("nli-simcse", 1)}
    assert len(set(values.values())) == 5
    assert {name for name, one in stored.items() if one.tasks and one.tasks["mini-nli-pairs"]["trained_on"]} == {
        ("nli-simcse", 0),
        ("nli-simcse", 1),
    }


def test_the_table_of_gain_and_loss_is_of_the_records(finished: tuple[Path, Path]) -> None:
    stored = {(one.entry, one.seed): one.tasks.get("mini-nli-pairs") for one in record.read_all(finished[0])}
    base, tuned = stored["base", 0], [stored["mnrl", seed] for seed in (0, 1)]
    assert base
    rows = list(csv.DictReader((finished[0] / "ability.csv").read_text(encoding="utf-8").splitlines()))
    (row,) = [row for row in rows if row["entry"] == "mnrl"]
    change = sum(task["value"] for task in tuned if task) / 2 - base["value"]
    assert float(row["change"]) == pytest.approx(change, abs=1e-12)
    assert float(row["change_low"]) < change < float(row["change_high"])


def test_the_folder_is_verified(finished: tuple[Path, Path]) -> None:
    out, cache = finished
    result = invoke(
        "verify", out, "--suite", cache.parent / "with-pairs.toml", "--cells", "mnrl/ko/1", "--cache-dir", cache
    )
    assert result.status == 0, result.out + result.err


def test_cards_and_mtebs_files_call_the_task_the_suites_own(finished: tuple[Path, Path], tmp_path: Path) -> None:
    out, cache = finished
    assert invoke("export", out, "--to", "card", "--out", tmp_path / "card", "--cache-dir", cache).status == 0
    cards = {
        name: (tmp_path / f"card/{name}/ko/0/README.md").read_text(encoding="utf-8") for name in ("mnrl", "nli-simcse")
    }
    assert "mini-nli-pairs, 176 pairs (default)" in cards["mnrl"]
    assert "mini-nli-pairs, 176 pairs, which it was trained on (default)" in cards["nli-simcse"]
    assert "MTEB mini-nli-pairs" not in "".join(cards.values())
    assert invoke("export", out, "--to", "mteb", "--out", tmp_path / "mteb", "--cache-dir", cache).status == 0
    files = sorted((tmp_path / "mteb").rglob("mini-nli-pairs.json"))
    assert len(files) == 5
    assert {row["main_score"] for file in files for row in json.loads(file.read_text())["scores"]["dev"]} == {
        one.tasks["mini-nli-pairs"]["value"] for one in record.read_all(out) if one.tasks
    }
