"""From what readers return to the `Data` that stages read: title and text joined, everything ordered by id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from harness.data.raw_data import NliData, Passage, Passages, RetrievalData, Stream
from harness.request.manifest import Text
from harness.types import Data


def assemble(raw: RetrievalData, nli: NliData, language: str, text: Text) -> Data:
    """Return the data ordered by id; streamed passages stay a stream, in the source's order."""
    return Data(
        language=language,
        passages=passage_texts(raw.passages, text),
        queries={query: raw.queries[query] for query in sorted({*raw.train, *raw.dev})},
        train={query: _relevant(raw.train[query]) for query in sorted(raw.train)},
        dev={query: dict(sorted(raw.dev[query].items())) for query in sorted(raw.dev)},
        extra_queries=_extra_queries(raw),
        nli=nli.triples,
        pool=None if raw.pool is None else passage_texts(raw.pool, text),
    )


def _relevant(grades: Mapping[str, int]) -> tuple[str, ...]:
    """Return the ids of the relevant passages, ascending."""
    return tuple(sorted(doc for doc, grade in grades.items() if grade > 0))


def passage_texts(passages: Passages, text: Text) -> Mapping[str, str]:
    """Return passage id → joined title and text; a stream gives a mapping of which only `items()` works, once."""
    if isinstance(passages, Mapping):
        return {doc: join_title(passages[doc], text) for doc in sorted(passages)}
    return cast(Mapping[str, str], Stream(lambda: ((doc, join_title(row, text)) for doc, row in passages.items())))


def join_title(passage: Passage, text: Text) -> str:
    """Return title and text joined, stripped as BEIR and MTEB strip what they join.

    A passage without a title is its text alone; so is every passage if the suite drops the title.
    """
    titled = text.title and passage.title
    return (f"{passage.title}{text.title_join}{passage.text}" if titled else passage.text).strip()


def _extra_queries(raw: RetrievalData) -> Mapping[str, tuple[str, ...]]:
    """Return passage id → the texts of the extra queries that it answers, ordered by query id."""
    texts: dict[str, list[str]] = {}
    for query in sorted(raw.extra):
        for doc in _relevant(raw.extra[query]):
            texts.setdefault(doc, []).append(raw.queries[query])
    return {doc: tuple(texts[doc]) for doc in sorted(texts)}
