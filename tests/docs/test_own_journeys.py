"""The journeys of the documents from an empty folder: own loss, rows and model, and the gate."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest
from documents import REPOSITORY, blocks
from support.commands import Result, invoke, read_json
from support.model_runs import encoder

DOCS = REPOSITORY / "docs"
SHORT = ("--set", "text.query_max_length=32", "--set", "text.passage_max_length=32")  # what tiny models read
QUICK = ("--seeds", "0", "--max-train", "12", "--device", "cpu", "--jobs", "1")


def section(document: str, title: str) -> str:
    """Return a section of a document, from its heading to the next one of any level."""
    text = (DOCS / document).read_text(encoding="utf-8")
    _, _, rest = text.partition(f"# {title}\n")
    assert rest, title
    return rest.partition("\n#")[0]


def shown(text: str, path: Path) -> dict[str, list[str]]:
    """Return language → the fenced blocks of a section."""
    path.write_text(text, encoding="utf-8")
    found: dict[str, list[str]] = {}
    for block in blocks(path):
        found.setdefault(block.language, []).append(block.code)
    return found


def commands(code: str) -> list[list[str]]:
    return [shlex.split(line)[1:] for line in code.replace("\\\n", " ").splitlines() if line.startswith("harness ")]


def test_a_loss_of_ones_own_trains_from_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shown(section("methods.md", "From an empty folder"), tmp_path / "section.md")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taught").mkdir()
    (tmp_path / "taught/pairs.py").write_text(found["python"][0], encoding="utf-8")
    (tmp_path / "taught/pairs.toml").write_text(found["toml"][0], encoding="utf-8")
    lines = commands(found["sh"][0])
    assert len(lines) <= 3
    for words in lines:
        result = invoke(*words, *QUICK)
        assert result.status == 0, result.err
    record = read_json(tmp_path / "runs/taught/records/pairs/ko/0.json")
    assert (record["status"], record["provenance"]["training"]["columns"]) == ("done", ["query", "passage", "score"])
    assert record["provenance"]["training"]["rows"] == 36


def test_rows_of_ones_own_train_from_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shown(section("suites.md", "Train files"), tmp_path / "section.md")
    monkeypatch.chdir(tmp_path)
    row = json.loads(found["json"][0])
    rows = [
        {
            key: [f"{key} {number} {place}" for place in range(len(value))]
            if isinstance(value, list)
            else f"q {number}"
            for key, value in row.items()
        }
        for number in range(12)
    ]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    lines = commands(found["sh"][0])
    assert len(lines) <= 3
    for words in lines:
        result = invoke(*words, *QUICK)
        assert result.status == 0, result.err
    data = read_json(tmp_path / "runs/own-rows/records/clpl/ko/0.json")["provenance"]["data"]
    assert (data["train_file"]["rows"], data["training_rows"]) == (12, "train file")


def test_a_model_of_ones_own_is_measured_and_trained_from_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = shown(section("quickstart.md", "Your own model"), tmp_path / "section.md")
    monkeypatch.chdir(tmp_path)
    encoder(tmp_path / "path/to/model", seed=1)
    lines = commands(found["sh"][0])
    assert len(lines) <= 3
    for words in lines:
        result = invoke(*words, *QUICK, *SHORT, "--langs", "ko")
        assert result.status == 0, result.err
    names = {path.parent.parent.name for path in (tmp_path / "runs/own/records").rglob("0.json")}
    assert names == {"base", "mnrl", "infonce-ance"}


def test_the_gate_passes_a_repetition_and_fails_a_lost_score_and_a_lost_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    baseline, later = shown(section("gate.md", "From an empty folder"), tmp_path / "section.md")["sh"]
    assert max(len(list(commands(baseline))), len(list(commands(later)))) <= 3
    monkeypatch.chdir(tmp_path)
    own = ("run", "--methods", "base,bm25", "--langs", "ko", *QUICK)
    assert invoke(*own, "--out", "runs/own", "--cache-dir", "cache").status == 0
    (built,) = {path.parent for path in (tmp_path / "cache/base").rglob("modules.json")}
    shutil.copytree(built, tmp_path / "model")

    def run(code: str, out: str) -> list[Result]:
        results = []
        for words in commands(code.replace("runs/model", "runs/first").replace("runs/new", out)):
            options = (*QUICK, *SHORT, "--langs", "ko") if words[0] == "run" else ()
            results.append(invoke(*words, *options))
        return results

    assert [result.status for result in run(baseline, "")] == [0, 0]
    assert [result.status for result in run(later, "runs/same")] == [0, 0]
    shutil.rmtree(tmp_path / "model")
    encoder(tmp_path / "model", seed=1)  # with random weights: worse than the suite's own
    done, checked = run(later, "runs/worse")
    assert (done.status, checked.status) == (0, 1), checked.err
    assert "FAIL" in checked.out.upper()
    shutil.copytree(tmp_path / "runs/own", tmp_path / "runs/part")
    shutil.rmtree(tmp_path / "runs/part/records/bm25")
    assert invoke("check", "runs/part", "--baseline", "runs/own").status == 1
    shutil.rmtree(tmp_path / "runs/part/records/base")
    assert invoke("check", "runs/part", "--baseline", "runs/own").status == 3
