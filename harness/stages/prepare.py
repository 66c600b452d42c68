"""Prepare: read one language of a suite, check it, join title and text."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from harness import data
from harness.cell import Place
from harness.keys import key
from harness.store import Store
from harness.suite import Suite
from harness.types import Data, NliTriple

VERSION = 2  # 2: passages are stripped, as BEIR and MTEB strip them


def key_of(suite: Suite, language: str) -> str:
    """Return the key: the declared files and what decides which rows are used and how they read."""
    sources = suite.languages[language].model_dump(mode="json")
    rows = {"max_train": suite.max_train, "holdout": suite.evaluation.holdout}
    return key("prepare", VERSION, [], [language, sources, suite.text.title_join, rows])


def prepare(suite: Suite, language: str, place: Place, store: Store) -> Data:
    """Return the checked data of a language."""

    def compute() -> dict[str, Any]:
        return asdict(data.load(suite, language, data_dir=place.data_dir, cache_dir=place.cache))

    value = store.read_json("prepare", key_of(suite, language), compute)
    return Data(
        language=value["language"],
        passages=value["passages"],
        queries=value["queries"],
        train={query: tuple(docs) for query, docs in value["train"].items()},
        dev=value["dev"],
        extra_queries={doc: tuple(texts) for doc, texts in value["extra_queries"].items()},
        nli=tuple(NliTriple(**triple) for triple in value["nli"]),
    )
