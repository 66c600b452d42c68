"""Two machines' parts of a request on two base models, joined and completed; and the same on one model alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from support.commands import invoke, read_json, snapshot
from support.model_runs import REQUEST, encoder

from harness.evidence.leaderboard import collate


@dataclass(frozen=True)
class Runs:
    alone: Path
    first: Path
    joined: Path
    before: dict[str, tuple[int, str]]  # the joined records, before an entry was added
    err: str


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    top = tmp_path_factory.mktemp("models")
    models = {name: encoder(top / f"model-{name}", seed) for name, seed in (("A", 1), ("B", 2))}
    tail = ("--cache-dir", top / "cache", "--jobs", "2")
    folders = {name: top / name for name in ("A", "B", "alone", "joined")}
    for name, model in (*models.items(), ("alone", models["A"])):
        given = str(model) if name == "alone" else f"{name}={model}"
        run = invoke(*REQUEST, "--methods", "base,mnrl", "--base-model", given, "--out", folders[name], *tail)
        assert run.status == 0, run.err
    merged = invoke("merge", folders["A"], folders["B"], "--out", folders["joined"])
    assert merged.status == 0, merged.err
    before = snapshot(folders["joined"] / "records")
    added = invoke("run", "--methods", "bm25", "--out", folders["joined"], *tail)
    assert added.status == 0, added.err
    return Runs(folders["alone"], folders["A"], folders["joined"], before, added.err)


def test_a_named_model_trains_nothing_that_the_unnamed_one_has(runs: Runs) -> None:
    for seed in (0, 1):
        alone = read_json(runs.alone / f"records/mnrl/ko/{seed}.json")
        named = read_json(runs.joined / f"records/mnrl@A/ko/{seed}.json")
        keys = [{run["stage"]: run["key"] for run in record["stages"]} for record in (alone, named)]
        assert keys[0]["train"] == keys[1]["train"]
        assert keys[0]["retrieve"] == keys[1]["retrieve"]
        assert {run["stage"]: run["cached"] for run in alone["stages"]}["train"]
        assert alone["provenance"]["model"] == named["provenance"]["model"]
        assert alone["cell_key"] != named["cell_key"]


def test_the_statistics_of_one_model_are_those_of_its_own_folder(runs: Runs) -> None:
    own = {(row.entry, row.language): row for row in collate(runs.alone).evidence}
    for row in collate(runs.joined).evidence:
        if row.entry.endswith("@A"):
            expected = own[row.entry.removesuffix("@A"), row.language]
            for field in ("mean", "low", "high", "delta", "delta_low", "delta_high", "p", "p_equivalence"):
                assert getattr(row, field).tobytes() == getattr(expected, field).tobytes()


def test_an_entry_is_added_for_all_and_nothing_is_written_again(runs: Runs) -> None:
    after = snapshot(runs.joined / "records")
    assert {name: after[name] for name in runs.before} == runs.before
    assert {name.partition("/")[0] for name in after.keys() - runs.before.keys()} == {"bm25"}
    assert "keeps 6 cells, adds entries bm25" in runs.err
    run = read_json(runs.joined / "run.json")
    assert run["request"]["methods"] == ["base", "mnrl", "bm25"]
    assert list(run["resolved"]["models"]) == ["A", "B"]
    assert {name.partition("@")[0] for name in run["resolved"]["entries"]} == {"base", "mnrl", "bm25"}
    assert len(run["merged"]) == 2
    assert len(run["additions"]) == 1
    assert collate(runs.joined).results.absent == ()


def test_the_joined_folder_proves_itself_and_its_request_has_nothing_to_run(runs: Runs) -> None:
    verified = invoke("verify", runs.joined, "--tables-only")
    assert verified.status == 0, verified.out
    planned = invoke("run", "--out", runs.joined, "--dry-run", "--cache-dir", runs.first.parent / "cache")
    assert "0 of 7 cells to run" in planned.out


def test_another_option_than_the_folders_is_refused_in_one_line(runs: Runs) -> None:
    refused = invoke("run", "--max-train", "9", "--out", runs.joined, "--cache-dir", runs.first.parent / "cache")
    assert refused.status == 2
    assert "(it differs in max_train 40 → 9);" in refused.line


def test_a_cell_of_a_named_model_is_run_again_bit_for_bit(runs: Runs) -> None:
    arguments = ("verify", runs.joined, "--cells", "mnrl@B/ko/0", "--cache-dir", runs.first.parent / "cache")
    models = read_json(runs.joined / "run.json")["request"]["base_model"]
    assert invoke(*arguments, "--base-model", models.split(",")[0]).line.endswith(
        "say where it is here with --base-model"
    )
    verified = invoke(*arguments, "--base-model", models)
    assert verified.status == 0, verified.out
    assert "bitwise" in verified.out
