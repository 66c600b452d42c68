"""A language with a separate training source, and one whose corpus is a stream."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from support import miracl_standin

from harness.data.load import load, load_nli, load_reported, without_nli
from harness.errors import DataError
from harness.request.suite import Suite

ORIGIN = {"licence": "CC0-1.0", "citation": "none"}
BELEBELE = [
    {"link": "a", "flores_passage": "Tea is of leaves.", "question": "which  food is a grain"},  # a query of train
    {"link": "b", "flores_passage": "Bread is of flour.", "question": "what is bread made of"},
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = miracl_standin.use(tmp_path / "home", monkeypatch)
    miracl_standin.fill(home)
    return home


def suite(language: dict[str, Any], **changes: Any) -> Suite:
    return Suite.model_validate(
        {
            "name": "tiny",
            "title": "tiny",
            "description": "tiny",
            "licence": "CC0-1.0",
            "languages": {"ko": language},
            "text": {"title_join": " ", "query_max_length": 8, "passage_max_length": 8},
            "base_model": {"id": "none", "revision": "0" * 40},
            "evaluation": {"measures": ["nDCG@10"], "primary": "nDCG@10", "depth": 10, "encode_batch_size": 2},
            "mining": {"depth": 2},
            "training": {},
            **changes,
        }
    )


def single_source(**counts: int) -> dict[str, Any]:
    source = {"reader": "miracl", "ir_datasets": "tiny/xx", **ORIGIN}
    return {"retrieval": source, "counts": {**miracl_standin.COUNTS, **counts}}


def separate_training(tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "kor_Hang.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in BELEBELE), encoding="utf-8")
    content = path.read_bytes()
    file = {"path": path.name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "url": "http://x"}
    return {
        "retrieval": {"reader": "belebele", "files": [file], **ORIGIN},
        "training": {"reader": "miracl-train", "ir_datasets": "tiny/xx", **ORIGIN},
        "counts": {"passages": 2, "train_queries": 3, "train_positives": 3, "dev_queries": 2, "dev_positives": 2},
    }


def test_a_streamed_corpus_is_joined_while_it_is_read(home: Path, tmp_path: Path) -> None:
    data = load(suite(single_source()), "ko", cache_dir=tmp_path)
    assert dict(data.passages.items())["1#0"] == "Tea Tea is made from leaves."
    assert set(data.train) == {"q1", "q2"}
    assert data.pool is None


def test_without_titles_a_passage_is_its_text(home: Path, tmp_path: Path) -> None:
    untitled = {"title": False, "title_join": " ", "query_max_length": 8, "passage_max_length": 8}
    data = load(suite(single_source(), text=untitled), "ko", cache_dir=tmp_path)
    assert dict(data.passages.items())["1#0"] == "Tea is made from leaves."


@pytest.mark.parametrize("name", ["train_queries", "train_judgments", "train_positives", "dev_judgments"])
def test_a_wrong_count_of_queries_or_judgments_is_rejected(home: Path, tmp_path: Path, name: str) -> None:
    language = single_source(**{name: 9})
    with pytest.raises(
        DataError, match=f"tiny/ko: counts differ from .*: {name} = 9 stated, {miracl_standin.COUNTS[name]} found"
    ):
        load(suite(language), "ko", cache_dir=tmp_path)


def test_a_wrong_count_of_passages_is_rejected_at_the_end_of_the_stream(home: Path, tmp_path: Path) -> None:
    data = load(suite(single_source(passages=9)), "ko", cache_dir=tmp_path)
    with pytest.raises(DataError, match=r"tiny/ko: counts differ from .*: passages = 9 stated, 5 found"):
        list(data.passages.items())


def test_training_reads_the_passages_that_its_judgments_name(home: Path, tmp_path: Path) -> None:
    data, report = load_reported(suite(separate_training(tmp_path)), "ko", data_dir=tmp_path, cache_dir=tmp_path)
    assert data.passages == {"C0": "Tea is of leaves.", "C1": "Bread is of flour."}
    assert data.dev == {"Q0": {"C0": 1}, "Q1": {"C1": 1}}
    assert data.train == {"q1": ("1#0",), "q2": ("2#0",)}  # the third has the text of a dev query
    assert report["training queries with the text of a dev query"] == 1
    assert data.pool is not None
    assert list(dict(data.pool.items())) == ["1#0", "2#0", "3#0"]  # of five


def test_held_out_training_queries_search_the_training_passages(home: Path, tmp_path: Path) -> None:
    evaluation = {"measures": ["nDCG@10"], "primary": "nDCG@10", "depth": 10, "encode_batch_size": 2, "holdout": 0.76}
    data = load(suite(separate_training(tmp_path), evaluation=evaluation), "ko", data_dir=tmp_path, cache_dir=tmp_path)
    assert (set(data.dev), set(data.train)) == ({"q2"}, {"q1"})
    assert set(dict(data.passages.items())) == {"1#0", "2#0", "3#0"}
    assert data.pool is None


def test_a_missing_nli_set_matters_only_if_it_is_read(home: Path, tmp_path: Path) -> None:
    hub = {"id": "made/nli", "revision": "0" * 40, "files": ["nli/*"]}
    with_nli = suite({**single_source(), "nli": {"reader": "hub-nli", "hub": hub, **ORIGIN}})
    assert load(without_nli(with_nli, "ko"), "ko", cache_dir=tmp_path).nli == ()
    with pytest.raises(DataError, match=r"made/nli/nli/\* of suite tiny is missing"):
        load_nli(with_nli, "ko", cache_dir=tmp_path)
