"""Methods of a user's own in a run: a helper beside them reaches the workers and the keys, roles decide the prompts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.commands import Result, invoke, read_json, tiny_suite, write_plugin

from harness.request import plugin_sources

METHOD = """
from dataclasses import dataclass
from typing import ClassVar

@dataclass(frozen=True)
class PLUGIN:
    needs: ClassVar = frozenset()
    family: ClassVar = "ranking"
    columns: ClassVar = {"ask": "query", "found": "passage", "grade": "label"}

    def examples(self, data):
        from datasets import Dataset
        from rows import labelled

        return Dataset.from_dict(labelled(data))

    def loss(self, model):
        from sentence_transformers.sentence_transformer.losses import CoSENTLoss

        return CoSENTLoss(model)
"""
HELPER = """
def labelled(data):
    pairs = data.pairs()
    return {
        "ask": [data.queries[query] for query, _ in pairs],
        "found": [data.passages[doc] for _, doc in pairs],
        "grade": [float(number % 2) for number in range(len(pairs))],
    }
"""
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the method of the folder `own`, which has a helper, on the suite of three passages with prompts."""
    manifest = tiny_suite(tmp_path / "suite")
    write_plugin(tmp_path / "own", "mine", METHOD)
    (tmp_path / "own/rows.py").write_text(HELPER, encoding="utf-8")

    def command(*arguments: str) -> Result:
        plugin_sources._digest.cache_clear()  # as in a new process
        return invoke(
            *("run", "--suite", manifest, "--data-dir", tmp_path / "suite", "--out", tmp_path / "out"),
            *("--seeds", "0", "--device", "cpu", "--jobs", "1", "--methods", "mine"),
            *("--methods-path", tmp_path / "own", "--cache-dir", tmp_path / "cache"),
            *("--set", 'text.query_prompt="? "', "--set", 'text.passage_prompt="- "', *arguments),
        )

    return command


def test_an_edit_of_a_helper_trains_its_method_again_and_one_of_another_file_does_not(run: Run, tmp_path: Path) -> None:
    result = run()
    assert result.status == 0, result.err
    record = read_json(tmp_path / "out/records/mine/en/0.json")
    assert record["provenance"]["training"]["columns"] == ["ask", "found", "grade"]
    (tmp_path / "own/other.py").write_text("X = 1\n", encoding="utf-8")
    assert "0 of 1 cells to run" in run("--dry-run").out
    (tmp_path / "own/rows.py").write_text(HELPER.replace("number % 2", "1 - number % 2"), encoding="utf-8")
    assert "1 of 1 cells to run, 0 of them already trained" in run("--dry-run").out


def test_an_unknown_column_fails_in_one_line_with_the_names_that_are_known(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own/rows.py").write_text(HELPER.replace('"found"', '"content"'), encoding="utf-8")
    result = run()
    assert result.status != 0
    line = next(line for line in result.err.splitlines() if "column 'content'" in line)
    assert 'its role is unknown; declare it (columns: ClassVar = {"content": "passage"}) or use a known name' in line
    assert "label: label, labels, score, scores)" in line


def test_a_row_without_a_text_fails_with_its_column_and_row(run: Run, tmp_path: Path) -> None:
    empty = HELPER.replace("data.passages[doc] for", "data.passages[doc] if doc != 'd2' else '' for")
    (tmp_path / "own/rows.py").write_text(empty, encoding="utf-8")
    result = run()
    assert result.status != 0
    assert "mine: column 'found' of the training rows is empty in row 1; give it a text" in result.err
