"""Prepare: read one language of a suite, check it, join title and text. NLI triples are read apart (nli.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from harness import data
from harness.data import corpus
from harness.data.corpus import Corpus
from harness.machine.store import Store
from harness.request.cell import Place
from harness.request.suite import Suite
from harness.stages.lineage import prepare_key
from harness.types import Data

REST = ("language", "queries", "train", "dev", "extra_queries", "mined")
REST_FILE = "data.json"


def prepare(suite: Suite, language: str, place: Place, store: Store) -> Data:
    """Return the checked data of a language; its passages stay on disk."""

    def write(folder: Path) -> None:
        data.check_unchanged(suite, language, data_dir=place.data_dir, cache_dir=place.cache)
        read = data.load(data.without_nli(suite, language), language, data_dir=place.data_dir, cache_dir=place.cache)
        corpora = {name: corpus.write(folder / f"{name}.arrow", texts.items()) for name, texts in _texts(read).items()}
        rest = {name: getattr(read, name) for name in REST}
        value = {"rest": rest, "sha256": {name: written.sha256 for name, written in corpora.items()}}
        (folder / REST_FILE).write_text(json.dumps(value, ensure_ascii=False, allow_nan=False), encoding="utf-8")

    folder = store.make("prepare", prepare_key(suite, language), write)
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
