"""Losses of sentence-transformers as methods, and rows as people have them: the cases beside the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.commands import REPOSITORY, Result, invoke, read_json

CASES = REPOSITORY.parent / "shared/cases"
SUITE = ("--suite", CASES / "crlf/crlf.toml", "--data-dir", CASES / "crlf", "--seeds", "0", "--device", "cpu")
PROMPTS = ("--set", 'text.query_prompt="query: "', "--set", 'text.passage_prompt="passage: "')
METHODS = "cached,symm,triplet,cosent,marginmse,softmax,cosent-score,marginmse-scores"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not beside this checkout")


def run(*arguments: Any) -> Result:
    return invoke("run", *SUITE, *arguments)


def test_losses_of_the_library_train_as_methods_with_prompts_and_any_of_its_label_names(tmp_path: Path) -> None:
    result = run("--methods-path", CASES / "plugins", "--methods", METHODS, *PROMPTS, "--out", tmp_path)
    assert result.status == 0, result.err
    records = {name: read_json(tmp_path / f"records/{name}/en/0.json") for name in METHODS.split(",")}
    assert {record["status"] for record in records.values()} == {"done"}
    for named, other in (("cosent", "cosent-score"), ("marginmse", "marginmse-scores")):
        columns = [records[name]["provenance"]["training"]["columns"] for name in (named, other)]
        assert [names[-1] for names in columns] == ["label", "score"]
        assert records[named]["measures"] == records[other]["measures"]


def test_a_loss_with_a_guide_model_trains(tmp_path: Path) -> None:
    base = run("--methods", "base", "--out", tmp_path / "base", "--cache-dir", tmp_path / "cache")
    assert base.status == 0, base.err
    (guide,) = {path.parent for path in (tmp_path / "cache/base").rglob("modules.json")}
    arguments = ("--methods-path", CASES / "plugins", "--methods", "gist", "--set", f"gist.guide={guide}")
    result = run(*arguments, "--out", tmp_path / "out", "--cache-dir", tmp_path / "cache")
    assert result.status == 0, result.err


def test_a_query_column_has_the_prompt_and_length_of_queries_under_each_of_its_names(tmp_path: Path) -> None:
    names = ("named-query", "named-question", "named-sentence1")
    length = ("--set", "text.query_max_length=8")
    result = run(
        *("--methods-path", CASES / "columns", "--methods", ",".join(names), *PROMPTS, *length, "--out", tmp_path)
    )
    assert result.status == 0, result.err
    records = [read_json(tmp_path / f"records/{name}/en/0.json") for name in names]
    assert records[0]["measures"] == records[1]["measures"] == records[2]["measures"]
    weights = {tuple(record["provenance"]["model"]["weights"].values()) for record in records}
    assert len(weights) == 1
