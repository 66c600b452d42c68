"""What readers return: texts and judgments as the files hold them, before anything is joined or drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from harness.types import NliTriple

T = TypeVar("T")

Judgments = Mapping[str, Mapping[str, int]]
"""Query id → passage id → relevance grade (≥ 0)."""

Report = Mapping[str, int]
"""Description of rows that a reader left out or changed → their number."""


@dataclass(frozen=True)
class Passage:
    """One passage; `title` is empty if the source gives none."""

    title: str
    text: str


class Passages(Protocol):
    """Passage id → passage: a mapping, or a stream that can only be iterated."""

    def items(self) -> Iterable[tuple[str, Passage]]: ...


@dataclass(frozen=True)
class Stream(Generic[T]):
    """Rows too large for memory: `items()` makes one pass over (id, value); it may raise DataError at its end."""

    make: Callable[[], Iterator[tuple[str, T]]]

    def items(self) -> Iterator[tuple[str, T]]:
        return self.make()


@dataclass(frozen=True)
class RetrievalData:
    """Passages, queries and judgments of one language.

    `extra` judges queries that may only serve as negative queries. Every judged id exists. `counts` holds what the
    files contain, if some of it was left out. `pool` holds the passages that training reads, if these are not the
    ones that are searched.
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
        """The judgments by the role of their queries."""
        return {"training": self.train, "dev": self.dev, "extra": self.extra}


def row_counts(raw: RetrievalData) -> dict[str, int]:
    """Return the counts that are compared with the manifest's, without those of streamed passages."""
    counts = {"passages": len(raw.passages)} if isinstance(raw.passages, Mapping) else {}
    for split, judgments in (("train", raw.train), ("dev", raw.dev)):
        counts[f"{split}_queries"] = len(judgments)
        counts[f"{split}_judgments"] = sum(len(grades) for grades in judgments.values())
        counts[f"{split}_positives"] = sum(grade > 0 for grades in judgments.values() for grade in grades.values())
    return {**counts, **raw.counts}


@dataclass(frozen=True)
class NliData:
    """Inference triples of one language, in file order; `selected` counts the rows of a selection by quality."""

    triples: tuple[NliTriple, ...]
    report: Report = field(default_factory=dict)
    selected: Report = field(default_factory=dict)


@dataclass(frozen=True)
class SentencePairs:
    """Pairs of sentences, each with its label (0 or 1) or its score."""

    left: tuple[str, ...]
    right: tuple[str, ...]
    values: tuple[float, ...]
    report: Report = field(default_factory=dict)
