"""One language of a suite, from its files to checked `Data`."""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

from harness.data import check
from harness.data.files import locate
from harness.data.readers import nli_reader, retrieval_reader
from harness.data.sources import Nli, Passage, Passages, Retrieval, Stream
from harness.errors import unknown
from harness.keys import derive
from harness.manifest import Text
from harness.suite import Suite
from harness.types import Data

logger = logging.getLogger(__name__)


def load(suite: Suite, language: str, *, data_dir: Path | None = None, cache_dir: Path) -> Data:
    """Return one language of a suite, read and checked, with the suite's holdout and bound applied.

    `data_dir` is looked in before the package and the cache. Raises RequestError for an unknown language or reader
    and DataError for whatever is wrong with the files.
    """
    return load_reported(suite, language, data_dir=data_dir, cache_dir=cache_dir)[0]


def load_reported(
    suite: Suite, language: str, *, data_dir: Path | None = None, cache_dir: Path
) -> tuple[Data, dict[str, int]]:
    """Return what `load` does, and how much was left out on the way, in words → number."""
    where = f"{suite.name}/{language}"
    source, inference = read(suite, language, data_dir=data_dir, cache_dir=cache_dir)
    check.separate(source.queries, source.roles, where)
    check.counts(counted(source, inference), suite.languages[language].counts.model_dump(exclude_none=True), where)
    if suite.evaluation.holdout:
        source = hold_out(source, suite.evaluation.holdout)
        check.some(source.dev, f"{where} with a holdout of {suite.evaluation.holdout}", "dev query")
        check.some(source.train, f"{where} with a holdout of {suite.evaluation.holdout}", "training query")
    if suite.max_train is not None:
        source = draw(source, suite.max_train, language)
    check.separate(source.queries, source.roles, where)
    report = {**source.report, **inference.report}
    logger.info("%s: %s", where, ", ".join(f"{what}: {number}" for what, number in report.items()) or "all rows kept")
    return join(source, inference, language, suite.text), report


def read(suite: Suite, language: str, *, data_dir: Path | None, cache_dir: Path) -> tuple[Retrieval, Nli]:
    """Return the sources of a language as their readers understand them."""
    if language not in suite.languages:
        raise unknown("language", language, suite.languages, f"suite {suite.name}")
    declared = suite.languages[language]
    where = f"suite {suite.name}, language {language}"
    find = partial(locate, data_dir=data_dir, cache_dir=cache_dir, suite=suite.name)
    source = retrieval_reader(declared.retrieval.reader, where)([find(file) for file in declared.retrieval.files])
    if declared.nli is None:
        return source, Nli(())
    return source, nli_reader(declared.nli.reader, where)([find(file) for file in declared.nli.files])


def counted(source: Retrieval, inference: Nli) -> dict[str, int]:
    """Return what a manifest's counts are compared with."""
    return {
        **({"passages": len(source.passages)} if isinstance(source.passages, Mapping) else {}),
        "train_queries": len(source.train),
        "dev_queries": len(source.dev),
        "nli": len(inference.triples),
    }


def hold_out(source: Retrieval, share: float) -> Retrieval:
    """Return the source with that share of its training queries in place of its dev queries.

    Held out is a query whose id's sha256 begins with 8 bytes that, big-endian and divided by 2**64, are below
    `share`. Other training queries and extra queries with the text of a held-out one are left out, and counted.
    """
    held = {query: grades for query, grades in source.train.items() if position(query) < share}
    texts = {check.fold(source.queries[query]) for query in held}
    rest = {query: grades for query, grades in source.train.items() if query not in held}
    train = {query: grades for query, grades in rest.items() if check.fold(source.queries[query]) not in texts}
    extra = {query: grades for query, grades in source.extra.items() if check.fold(source.queries[query]) not in texts}
    left_out = len(rest) - len(train) + len(source.extra) - len(extra)
    report = {**source.report, "queries with the text of a held-out query": left_out}
    return replace(source, train=train, dev=held, extra=extra, report=report)


def position(query: str) -> float:
    """Return the place of a query id in [0, 1) that decides on holding it out."""
    return int.from_bytes(hashlib.sha256(query.encode()).digest()[:8], "big") / 2**64


def draw(source: Retrieval, most: int, language: str) -> Retrieval:
    """Return the source with at most that many training queries, drawn with a seed of the language's own.

    The passages stay.
    """
    if len(source.train) <= most:
        return source
    drawn = random.Random(derive(0, "max-train", language)).sample(sorted(source.train), most)
    return replace(source, train={query: source.train[query] for query in drawn})


def join(source: Retrieval, inference: Nli, language: str, text: Text) -> Data:
    """Return the data as stages read them, ordered by id; streamed passages stay a stream, in the source's order."""
    return Data(
        language=language,
        passages=texts(source.passages, text),
        queries={query: source.queries[query] for query in sorted({*source.train, *source.dev})},
        train={
            query: tuple(sorted(doc for doc, grade in source.train[query].items() if grade > 0))
            for query in sorted(source.train)
        },
        dev={query: dict(sorted(source.dev[query].items())) for query in sorted(source.dev)},
        extra_queries=extra_queries(source),
        nli=inference.triples,
    )


def texts(passages: Passages, text: Text) -> Mapping[str, str]:
    """Return passage id → title and text as one; of a stream, what can be iterated once through `items()`."""
    if isinstance(passages, Mapping):
        return {doc: joined(passages[doc], text) for doc in sorted(passages)}
    return cast(Mapping[str, str], Stream(lambda: ((doc, joined(row, text)) for doc, row in passages.items())))


def joined(passage: Passage, text: Text) -> str:
    """Return title and text as one, without white space at its ends: BEIR and MTEB strip what they join.

    A passage without a title is its text alone; so is every passage where the suite drops the title.
    """
    titled = text.title and passage.title
    return (f"{passage.title}{text.title_join}{passage.text}" if titled else passage.text).strip()


def extra_queries(source: Retrieval) -> Mapping[str, tuple[str, ...]]:
    """Return passage id → the texts of the extra queries that it answers, ordered by query id."""
    answered: dict[str, list[str]] = {}
    for query in sorted(source.extra):
        for doc in sorted(doc for doc, grade in source.extra[query].items() if grade > 0):
            answered.setdefault(doc, []).append(source.queries[query])
    return {doc: tuple(answered[doc]) for doc in sorted(answered)}
