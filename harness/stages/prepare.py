"""Prepare: read one language of a suite, check it, join title and text. NLI triples are read apart (inference.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from harness.data.corpus import Corpus
from harness.data.corpus_writer import write_corpus
from harness.data.load import load, without_nli
from harness.data.unverified import check_unchanged
from harness.keys import key
from harness.machine.store import Store
from harness.request.cell import Place
from harness.request.suite import Suite
from harness.types import Data

VERSION = 4  # 2: passages are stripped, as BEIR and MTEB strip them; 3: passages on disk; 4: NLI apart
ELSEWHERE: Mapping[str, bool | set[str]] = {"nli": True, "tasks": True, "counts": {"nli"}}  # read by other stages
REST = ("language", "queries", "train", "dev", "extra_queries", "mined")
REST_FILE = "data.json"


def key_of(suite: Suite, language: str) -> str:
    """Return the key: the declared files and what decides which rows are used and how they read."""
    sources = suite.languages[language].model_dump(mode="json", exclude=ELSEWHERE)
    rows = {"max_train": suite.max_train, "holdout": suite.evaluation.holdout}
    given = suite.train_files.get(language)
    own = [given.sha256 if given else "", suite.unverified.get(language, "")]
    return key("prepare", VERSION, [], [language, sources, [suite.text.title, suite.text.title_join], rows, own])


def prepare(suite: Suite, language: str, place: Place, store: Store) -> Data:
    """Return the checked data of a language; its passages stay on disk."""

    def write(folder: Path) -> None:
        check_unchanged(suite, language, data_dir=place.data_dir, cache_dir=place.cache)
        read = load(without_nli(suite, language), language, data_dir=place.data_dir, cache_dir=place.cache)
        corpora = {name: write_corpus(folder / f"{name}.arrow", texts.items()) for name, texts in _texts(read).items()}
        rest = {name: getattr(read, name) for name in REST}
        value = {"rest": rest, "sha256": {name: written.sha256 for name, written in corpora.items()}}
        (folder / REST_FILE).write_text(json.dumps(value, ensure_ascii=False, allow_nan=False), encoding="utf-8")

    folder = store.make("prepare", key_of(suite, language), write)
    value = json.loads((folder / REST_FILE).read_text(encoding="utf-8"))
    rest = value["rest"]
    corpora = {name: Corpus(folder / f"{name}.arrow", sha256) for name, sha256 in value["sha256"].items()}
    return Data(
        language=rest["language"],
        passages=corpora["passages"],
        queries=rest["queries"],
        train={query: tuple(docs) for query, docs in rest["train"].items()},
        dev=rest["dev"],
        extra_queries={doc: tuple(texts) for doc, texts in rest["extra_queries"].items()},
        pool=corpora.get("pool"),
        mined={query: tuple(docs) for query, docs in rest["mined"].items()},
    )


def _texts(read: Data) -> dict[str, Mapping[str, str]]:
    return {"passages": read.passages} if read.pool is None else {"passages": read.passages, "pool": read.pool}
