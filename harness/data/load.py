"""One language of a suite, from its files to checked `Data`."""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from harness.data import train_file, validation
from harness.data.file_status import Where
from harness.data.locate import paths
from harness.data.readers import nli_reader, retrieval_reader
from harness.data.retrieval import Nli, Passage, Passages, Retrieval, Stream, counted, without_leaks
from harness.data.streams import of_number, only
from harness.errors import DataError, unknown
from harness.keys import derive
from harness.request.manifest import Counts, Source, Text
from harness.request.suite import Suite
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
    validation.separate(source.queries, source.roles, where)
    if language not in suite.unverified:
        source = as_promised(source, inference, suite.languages[language].counts, where)
    if suite.evaluation.holdout:
        source = hold_out(source, suite.evaluation.holdout)
        validation.some(source.dev, f"{where} with a holdout of {suite.evaluation.holdout}", "dev query")
        validation.some(source.train, f"{where} with a holdout of {suite.evaluation.holdout}", "training query")
    if suite.max_train is not None:
        source = draw(source, suite.max_train, language)
    validation.separate(source.queries, source.roles, where)
    report = {**source.report, **inference.report}
    logger.info("%s: %s", where, ", ".join(f"{what}: {number}" for what, number in report.items()) or "all rows kept")
    data = join(source, inference, language, suite.text)
    given = suite.train_files.get(language)
    return train_file.apply(data, given, suite.max_train) if given else data, report


def read(suite: Suite, language: str, *, data_dir: Path | None, cache_dir: Path) -> tuple[Retrieval, Nli]:
    """Return the sources of a language as their readers understand them, training's joined to the searched one."""
    if language not in suite.languages:
        raise unknown("language", language, suite.languages, f"suite {suite.name}")
    declared = suite.languages[language]
    place = f"suite {suite.name}, language {language}"
    where = Where(data_dir, cache_dir, suite.name, accept=language in suite.unverified)

    def retrieval(origin: Source) -> Retrieval:
        return retrieval_reader(origin.reader, place)(paths(origin, language, where))

    source = retrieval(declared.retrieval)
    if declared.training is not None:
        source = trained_on(source, retrieval(declared.training), place)
    return source, _nli(declared.nli, language, where)


def _nli(origin: Source | None, language: str, where: Where) -> Nli:
    if origin is None:
        return Nli(())
    place = f"suite {where.suite}, language {language}"
    return nli_reader(origin.reader, place)(paths(origin, language, where))


def load_nli(suite: Suite, language: str, *, data_dir: Path | None = None, cache_dir: Path) -> Nli:
    """Return the NLI triples of a language alone; raises what `load` raises."""
    declared = suite.languages[language]
    given = language in suite.unverified
    found = _nli(declared.nli, language, Where(data_dir, cache_dir, suite.name, accept=given))
    if declared.counts.nli is not None and not given:
        validation.counts({"nli": len(found.triples)}, {"nli": declared.counts.nli}, f"{suite.name}/{language}")
    return found


def without_nli(suite: Suite, language: str) -> Suite:
    """Return the suite without the NLI set of a language: whoever does not train on it does without its files."""
    declared = suite.languages[language]
    counts = declared.counts.model_copy(update={"nli": None})
    bare = declared.model_copy(update={"nli": None, "counts": counts})
    return suite.model_copy(update={"languages": {**suite.languages, language: bare}})


def trained_on(source: Retrieval, training: Retrieval, where: str) -> Retrieval:
    """Return the source with the training queries of another, and its passages that these judge as the pool.

    Left out and counted: training queries with the text of a dev query.
    """
    judged = {doc for grades in training.train.values() for doc in grades}
    queries = {query: source.queries[query] for query in source.dev}
    for query in training.train:
        validation.new(query, queries, where, "query")
    numbers, own = counted(source), counted(training)
    joined = Retrieval(
        passages=source.passages,
        queries={**queries, **{query: training.queries[query] for query in training.train}},
        train=training.train,
        dev=source.dev,
        report={**source.report, **{f"{what} (training)": number for what, number in training.report.items()}},
        counts={name: (own if name.startswith("train_") else numbers)[name] for name in numbers},
        pool=Stream(lambda: only(training.passages.items(), judged)),
    )
    return without_leaks(joined)


def as_promised(source: Retrieval, inference: Nli, counts: Counts, where: str) -> Retrieval:
    """Return the source; raises DataError where it holds another number of anything than the manifest says.

    Passages that are streamed are counted as they pass.
    """
    found = {**counted(source), "nli": len(inference.triples)}
    promised = counts.model_dump(exclude_none=True)
    validation.counts(found, {name: number for name, number in promised.items() if name in found}, where)
    number, passages = promised.get("passages"), source.passages
    if number is None or isinstance(passages, Mapping):
        return source
    return replace(source, passages=Stream(lambda: of_number(passages.items(), number, where)))


def differs(suite: Suite, language: str, *, data_dir: Path | None, cache_dir: Path) -> str:
    """Return how what was read differs from the manifest's counts, "" where it does not; reads the whole corpus."""
    source, inference = read(suite, language, data_dir=data_dir, cache_dir=cache_dir)
    try:
        promised = as_promised(source, inference, suite.languages[language].counts, f"{suite.name}/{language}")
        for _ in promised.passages.items():
            pass
    except DataError as error:
        return str(error)
    return ""


def hold_out(source: Retrieval, share: float) -> Retrieval:
    """Return the source with that share of its training queries in place of its dev queries.

    Held out is a query whose id's sha256 begins with 8 bytes that, big-endian and divided by 2**64, are below
    `share`. Other training queries and extra queries with the text of a held-out one are left out, and counted.
    """
    held = {query: grades for query, grades in source.train.items() if position(query) < share}
    texts = {validation.fold(source.queries[query]) for query in held}
    rest = {query: grades for query, grades in source.train.items() if query not in held}
    train = {query: grades for query, grades in rest.items() if validation.fold(source.queries[query]) not in texts}
    extra = {
        query: grades for query, grades in source.extra.items() if validation.fold(source.queries[query]) not in texts
    }
    left_out = len(rest) - len(train) + len(source.extra) - len(extra)
    report = {**source.report, "queries with the text of a held-out query": left_out}
    held_out = replace(source, train=train, dev=held, extra=extra, report=report)
    return held_out if source.pool is None else replace(held_out, passages=source.pool, pool=None)  # where they have it


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
        pool=None if source.pool is None else texts(source.pool, text),
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
