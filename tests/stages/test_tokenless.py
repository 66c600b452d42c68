"""Queries and passages without a token: counted where a ranker ranks, and a warning in the record and on its pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from support.commands import DATA, invoke, read_json, tiny_suite

from harness.machine.stage_run import StageRun
from harness.stages.consult import consult
from harness.stages.tokenless import counted, warnings
from harness.types import Ranking
from methods.bm25 import BM25
from tests.stages.conftest import Workbench


class Silent:
    """A ranker of a user that does not say which texts have tokens."""

    def search(self, passages: Mapping[str, str], queries: Mapping[str, str], depth: int) -> Ranking:
        return {query: [] for query in queries}


def test_texts_without_a_token_are_counted() -> None:
    passages, queries = {"a": "tea", "b": "😀", "c": "…"}, {"q": "?!", "r": "茶"}
    assert counted(BM25(), passages, queries) == {"queries": (1, 2), "passages": (2, 3)}
    assert counted(Silent(), passages, queries) == {}


def test_a_record_and_its_pages_warn_of_queries_and_passages_without_a_token(tmp_path: Path) -> None:
    corpus = "".join(
        json.dumps({"_id": f"d{i}", "title": "", "text": text}) + "\n" for i, text in enumerate("🍵☕🌾", 1)
    )
    changes = {
        "queries.jsonl": DATA["queries.jsonl"].replace(b"which food is a grain", b"?!"),
        "corpus.jsonl": corpus.encode(),
    }
    manifest = tiny_suite(tmp_path / "suite", changes)
    out = tmp_path / "out"
    ran = invoke(
        "run", "--suite", manifest, "--data-dir", manifest.parent, "--methods", "bm25", "--jobs", "1", "--out", out
    )
    assert ran.status == 0, ran.err
    record = read_json(out / "records/bm25/en/0.json")
    assert record["measures"] == {"nDCG@10": 0.0}
    notes = [
        "bm25: 1 of 1 queries have no token and find nothing",
        "bm25: 3 of 3 passages have no token and are never found",
    ]
    assert record["provenance"]["warnings"] == notes
    assert out.joinpath("leaderboard.md").read_text("utf-8").count("- Warning: bm25: 1 of 1 queries") == 1
    for page in ("leaderboard.html", "entries/bm25.html"):
        html = out.joinpath(page).read_text("utf-8")
        assert all(f"Warning: <bdi>{note} (1 cell, first bm25/en/0)</bdi>" in html for note in notes)


def test_the_experts_of_a_method_are_counted_too(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("soft-1", store)
    training = bench.mined(cell, store)
    first = min(training.data.train)
    data = replace(training.data, queries={**training.data.queries, first: "😀"})
    consult(cell, replace(training, data=data), store)
    assert list(warnings(store.runs)) == ["expert bm25: 1 of 48 queries have no token and find nothing"]


def test_outputs_without_counts_warn_of_nothing() -> None:
    assert list(warnings([StageRun(stage="retrieve", key="", seconds=0, cached=True)])) == []
