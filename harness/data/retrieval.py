"""What readers return: texts and judgments as the files hold them, before anything is joined or drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

from harness.data.validation import fold
from harness.types import NliTriple

T = TypeVar("T")

Judgments = Mapping[str, Mapping[str, int]]
"""Query id → passage id → relevance grade (≥ 0)."""

Report = Mapping[str, int]
"""What a reader left out or treated in a way of its own, in words → how many."""


@dataclass(frozen=True)
class Passage:
    """One passage; `title` is empty where the source gives none."""

    title: str
    text: str


class Passages(Protocol):
    """Passage id → passage: a mapping, or a stream that can only be passed over."""

    def items(self) -> Iterable[tuple[str, Passage]]: ...


@dataclass(frozen=True)
class Stream(Generic[T]):
    """What is too large to be held: `items()` makes one pass over (id, value); it may raise DataError at its end."""

    make: Callable[[], Iterator[tuple[str, T]]]

    def items(self) -> Iterator[tuple[str, T]]:
        return self.make()


@dataclass(frozen=True)
class Retrieval:
    """Passages, queries and judgments of one language.

    `extra` judges queries that may only serve as negative queries. Every judged id exists. `counts` is what the files
    hold, where something of it was left out. `pool` is what training reads where that is not what is searched.
    """

    passages: Passages
    queries: Mapping[str, str]
    train: Judgments
    dev: Judgments
    extra: Judgments = field(default_factory=dict)
    report: Report = field(default_factory=dict)
    counts: Report = field(default_factory=dict)
    pool: Passages | None = None

    @property
    def roles(self) -> dict[str, Judgments]:
        """The judged queries by what they are for."""
        return {"training": self.train, "dev": self.dev, "extra": self.extra}


def counted(source: Retrieval) -> dict[str, int]:
    """Return what a manifest's counts are compared with; passages that are streamed are counted as they pass."""
    found = {"passages": len(source.passages)} if isinstance(source.passages, Mapping) else {}
    for split, judged in (("train", source.train), ("dev", source.dev)):
        found[f"{split}_queries"] = len(judged)
        found[f"{split}_judgments"] = sum(len(grades) for grades in judged.values())
        found[f"{split}_positives"] = sum(grade > 0 for grades in judged.values() for grade in grades.values())
    return {**found, **source.counts}


def without_leaks(source: Retrieval) -> Retrieval:
    """Return the source without training queries that have the text of a dev query; they are counted."""
    evaluated = {fold(source.queries[query]) for query in source.dev}
    train = {query: grades for query, grades in source.train.items() if fold(source.queries[query]) not in evaluated}
    report = {**source.report, "training queries with the text of a dev query": len(source.train) - len(train)}
    return replace(source, train=train, report=report, counts=counted(source))


@dataclass(frozen=True)
class Nli:
    """Inference triples of one language, in file order."""

    triples: tuple[NliTriple, ...]
    report: Report = field(default_factory=dict)
