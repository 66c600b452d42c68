"""Every example runs as it stands."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from action_steps import ACTION, Job
from documents import REPOSITORY, commands, imported
from support.commands import invoke, read_json

EXAMPLES = REPOSITORY / "examples"
WORKFLOW: dict[str, Any] = yaml.safe_load((EXAMPLES / "gate/embeddings.yml").read_text(encoding="utf-8"))
SMALL = ("--seeds", "0", "--max-train", "24", "--device", "cpu")


def test_the_readme_of_the_examples_names_each_of_them() -> None:
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    folders = [path.name for path in EXAMPLES.iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert [folder for folder in folders if f"[{folder}]({folder})" not in text] == []


def test_the_method_trains(tmp_path: Path) -> None:
    arguments = ("--methods", "base,symmetric", "--langs", "ko", *SMALL, "--out", tmp_path / "out")
    result = invoke("run", *arguments, "--methods-path", EXAMPLES / "symmetric_mnrl")
    assert result.status == 0, result.err
    record = read_json(tmp_path / "out/records/symmetric/ko/0.json")
    assert (record["status"], record["trained"]) == ("done", True)
    assert record["provenance"]["entry"]["equations"]["symmetric"].startswith("l_i = -½ log(")


def test_the_methods_loss_is_the_mean_of_both_directions() -> None:
    import torch
    from torch.nn.functional import cross_entropy

    module = imported(EXAMPLES / "symmetric_mnrl/symmetric.py")
    queries = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    passages = torch.tensor([[0.8, 0.6], [1.0, 0.0], [0.6, -0.8]])
    similarities = queries @ passages.T / 0.1  # [3, 3]
    rows = torch.arange(3)
    expected = (cross_entropy(similarities, rows) + cross_entropy(similarities.T, rows)) / 2
    loss: Any = module.PLUGIN(temperature=0.1).loss(torch.nn.Identity())
    assert loss.compute_loss_from_embeddings([queries, passages], rows).item() == pytest.approx(expected.item())


def test_the_suite_runs_with_its_own_data(tmp_path: Path) -> None:
    suite = ("--suite", EXAMPLES / "faq_suite/faq.toml")
    result = invoke("run", *suite, "--methods", "base,bm25,mnrl", *SMALL, "--out", tmp_path / "out")
    assert result.status == 0, result.err
    for entry in ("base", "bm25", "mnrl"):
        record = read_json(tmp_path / f"out/records/{entry}/en/0.json")
        assert (record["suite"], record["status"], record["n_queries"]) == ("faq", "done", 12)


def test_a_folder_of_data_becomes_a_leaderboard_by_the_commands_that_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(EXAMPLES / "faq_suite", "my-data", ignore=shutil.ignore_patterns("*.toml"))
    init, run, report, pin = list(commands(REPOSITORY / "docs/own-suite.md"))[:4]
    assert [words[0] for words in (init, run, report)] == ["suite", "run", "report"]
    run = [*run, "--seeds", "0", "--device", "cpu"]
    for words in (init, run, report, pin, run):
        result = invoke(*words)
        assert result.status == 0, result.err
    assert "nothing to run" in result.err  # pinning the files that were run computes nothing again
    assert (tmp_path / "runs/my-data/leaderboard.html").is_file()


def test_the_workflow_is_short_and_uses_inputs_of_the_action() -> None:
    assert len((EXAMPLES / "gate/embeddings.yml").read_text(encoding="utf-8").splitlines()) <= 11
    (job,) = WORKFLOW["jobs"].values()
    inputs = job["steps"][-1]["with"]
    assert set(inputs) <= set(ACTION["inputs"])
    assert {name for name, declared in ACTION["inputs"].items() if declared.get("required")} <= set(inputs)


def test_the_workflow_gates_your_own_model(tmp_path: Path) -> None:
    (job,) = WORKFLOW["jobs"].values()
    inputs = job["steps"][-1]["with"]
    trained = invoke("run", "--methods", "mnrl", "--langs", "ko", *SMALL, "--out", tmp_path / "trained")
    assert trained.status == 0, trained.err
    exported = invoke("export", tmp_path / "trained", "--to", "card", "--out", tmp_path / "models")
    assert exported.status == 0, exported.err
    project = tmp_path / "project"
    shutil.copytree(tmp_path / "models/mnrl/ko/0", project / inputs["base-model"])
    gate = Job(project, inputs)
    ran = gate.run("Run")
    assert ran.status == 0, ran.err
    folder = project / gate.value("${{ steps.run.outputs.results }}")
    update = invoke("check", folder, "--baseline", project / inputs["baseline"], "--update")
    assert update.status == 0, update.err
    checked = gate.run("Check")
    assert (checked.status, "mini: passed: 3 same" in checked.out) == (0, True), checked.out + checked.err
