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

    `extra` judges queries that may only serve as negative queries. Every judged id exists.
    """

    passages: Passages
    queries: Mapping[str, str]
    train: Judgments
    dev: Judgments
    extra: Judgments = field(default_factory=dict)
    report: Report = field(default_factory=dict)

    @property
    def roles(self) -> dict[str, Judgments]:
        """The judged queries by what they are for."""
        return {"training": self.train, "dev": self.dev, "extra": self.extra}


@dataclass(frozen=True)
class Nli:
    """Inference triples of one language, in file order."""

    triples: tuple[NliTriple, ...]
    report: Report = field(default_factory=dict)
