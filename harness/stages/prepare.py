"""Prepare: read one language of a suite, check it, join title and text. NLI triples are read by nli.py."""

from __future__ import annotations

import json
from pathlib import Path

from harness.data.corpus import Corpus
from harness.data.corpus_writer import write_corpus
from harness.data.load import load_reported, without_nli
from harness.data.unverified import check_unchanged
from harness.machine.store import Store
from harness.request.cell import Place
from harness.request.suite import Suite
from harness.stages.lineage import prepare_key
from harness.types import Data

FIELDS = ("language", "queries", "train", "dev", "extra_queries", "mined")
DATA_FILE = "data.json"  # the fields, under "rest"; the passages are in files of their own


def prepare(suite: Suite, language: str, place: Place, store: Store) -> Data:
    """Return the checked data of a language; its passages stay on disk."""

    def write(folder: Path) -> None:
        check_unchanged(suite, language, data_dir=place.data_dir, cache_dir=place.cache)
        readable = without_nli(suite, language)
        loaded, report = load_reported(readable, language, data_dir=place.data_dir, cache_dir=place.cache)
        texts = {"passages": loaded.passages} | ({} if loaded.pool is None else {"pool": loaded.pool})
        corpora = {name: write_corpus(folder / f"{name}.arrow", items.items()) for name, items in texts.items()}
        fields = {name: getattr(loaded, name) for name in FIELDS}
        sha256 = {name: written.sha256 for name, written in corpora.items()}
        value = {"rest": fields, "sha256": sha256, "report": report}
        (folder / DATA_FILE).write_text(json.dumps(value, ensure_ascii=False, allow_nan=False), encoding="utf-8")

    folder = store.make("prepare", prepare_key(suite, language), write)
    value = json.loads((folder / DATA_FILE).read_text(encoding="utf-8"))
    fields = value["rest"]
    corpora = {name: Corpus(folder / f"{name}.arrow", sha256) for name, sha256 in value["sha256"].items()}
    return Data(
        language=fields["language"],
        passages=corpora["passages"],
        queries=fields["queries"],
        train={query: tuple(docs) for query, docs in fields["train"].items()},
        dev=fields["dev"],
        extra_queries={doc: tuple(texts) for doc, texts in fields["extra_queries"].items()},
        pool=corpora.get("pool"),
        mined={query: tuple(docs) for query, docs in fields["mined"].items()},
    )


def rows_report(data: Data) -> dict[str, int] | None:
    """Return description of rows that were left out or accepted → their number, of prepared data.

    None where an earlier version prepared them.
    """
    if not isinstance(data.passages, Corpus):
        return None
    stored = json.loads((data.passages.path.parent / DATA_FILE).read_text(encoding="utf-8"))
    report: dict[str, int] | None = stored.get("report")
    return report
