"""Small files, and suites that declare them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.download_server import Server, serving

from harness.request.data_sources import File
from harness.request.suite import Suite

DeclareSuite = Callable[..., Suite]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A server of one file, and the environment in which ir_datasets downloads from it."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setenv("IR_DATASETS_DL_DISABLE_PBAR", "true")
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path / "ir_datasets"))
    with serving() as state:
        yield state


def declared(path: Path, url: str | None = None) -> dict[str, Any]:
    content = path.read_bytes()
    return {"path": path.name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "url": url}


@pytest.fixture
def declare() -> Callable[..., File]:
    """Declare the file at a path with its current content."""
    return lambda path, url=None: File.model_validate(declared(path, url))


@pytest.fixture
def suite() -> DeclareSuite:
    """Declare a suite with the language `ko`."""

    def make(
        files: Sequence[Path],
        counts: Mapping[str, int],
        *,
        reader: str = "beir",
        nli: Path | None = None,
        url: str | None = None,
        holdout: float = 0.0,
        max_train: int | None = None,
        title_join: str = " ",
    ) -> Suite:
        origin = {"licence": "CC0-1.0", "citation": "none"}
        language: dict[str, Any] = {
            "retrieval": {"reader": reader, "files": [declared(path, url) for path in files], **origin},
            "counts": dict(counts),
        }
        if nli is not None:
            language["nli"] = {"reader": "nli-jsonl", "files": [declared(nli)], **origin}
        return Suite.model_validate(
            {
                "name": "tiny",
                "title": "tiny",
                "description": "tiny",
                "licence": "CC0-1.0",
                "languages": {"ko": language},
                "text": {"title_join": title_join, "query_max_length": 8, "passage_max_length": 8},
                "base_model": {"id": "none", "revision": "0" * 40},
                "evaluation": {
                    "measures": ["nDCG@10"],
                    "primary": "nDCG@10",
                    "depth": 10,
                    "encode_batch_size": 2,
                    "holdout": holdout,
                },
                "mining": {"depth": 2},
                "training": {},
                "max_train": max_train,
            }
        )

    return make


CORPUS = """\
{"_id": "d1", "title": "Tea", "text": "Tea is a drink made from leaves."}
{"_id": "d2", "title": "", "text": "Coffee is a drink made from beans."}
{"_id": "d3", "title": "Rice", "text": "Rice is a grain."}
"""
QUERIES = """\
{"_id": "q1", "text": "which drink is made from leaves"}
{"_id": "q2", "text": "which drink is made from beans"}
{"_id": "q3", "text": "which food is a grain"}
{"_id": "q4", "text": "what grows in wet fields"}
{"_id": "q5", "text": "never judged"}
"""
TRAIN = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\nq2\td2\t1\n"
DEV = "query-id\tcorpus-id\tscore\nq3\td3\t2\n"
EXTRA = "query-id\tcorpus-id\tscore\nq4\td3\t1\n"
COUNTS = {"passages": 3, "train_queries": 2, "dev_queries": 1}


@pytest.fixture
def beir(tmp_path: Path) -> list[Path]:
    """Files in BEIR's layout: 3 passages, 2 training queries, 1 dev and 1 extra query, 1 query without a judgment."""
    folder = tmp_path / "beir"
    folder.mkdir()
    contents = {
        "corpus.jsonl": CORPUS,
        "queries.jsonl": QUERIES,
        "train.tsv": TRAIN,
        "dev.tsv": DEV,
        "extra.tsv": EXTRA,
    }
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8")
    return [folder / name for name in contents]


# the first 8 bytes of sha256, modulo 3, are 2 for Tea_plant (train) and 0 for Bread (dev)
SQUAD = {
    "data": [
        {
            "title": "Tea_plant",
            "paragraphs": [
                {
                    "context": "Tea is made from leaves.",
                    "qas": [
                        {"id": "t1", "question": "What is tea made from?", "answers": []},
                        {"id": "t2", "question": "Who drinks it?", "answers": [], "is_impossible": True},
                    ],
                },
                {"context": "Leaves are picked by hand.", "qas": [{"id": "t3", "question": "How are they picked?"}]},
            ],
        },
        {
            "title": "Bread",
            "paragraphs": [
                {"context": "Bread is made from flour.", "qas": [{"id": "b1", "question": "What is bread made from?"}]}
            ],
        },
    ]
}


@pytest.fixture
def squad(tmp_path: Path) -> Callable[[Any], Path]:
    """Write a value as a SQuAD file."""

    def write(value: Any) -> Path:
        path = tmp_path / "squad.json"
        path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        return path

    return write


@pytest.fixture
def article() -> Callable[[int], dict[str, Any]]:
    """Return a copy of an article of SQUAD: 0 is train, 1 is dev."""
    return lambda index: json.loads(json.dumps(SQUAD["data"][index]))
