"""The words of the project as types; methods import this module of the harness and no other.

suite, entry, cell, record: see the README. Nothing here imports torch.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, runtime_checkable

from harness.keys import derive, digest, texts_sha256

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from torch import nn

Progress = Callable[[str, int, int], None]  # stage, steps done, steps in all


class Need(StrEnum):
    """Training data beyond (query, positive passage) that a method asks a suite for."""

    HARD_NEGATIVES = "hard_negatives"
    NEGATIVE_QUERIES = "negative_queries"
    EXPERT_SCORES = "expert_scores"
    NLI = "nli"


Family = Literal["ranking", "regression", "nli"]
"""Which of a suite's training settings a method takes: each family was tuned once, on training queries."""


@dataclass(frozen=True)
class NliTriple:
    """One premise with a sentence that follows from it and one that cannot be true beside it."""

    premise: str
    entailment: str
    contradiction: str


@dataclass(frozen=True)
class Data:
    """One language of one suite, read and checked.

    `passages` holds title and text already joined as the suite says; it may lie on disk. `train` and `dev` map a
    query id to the ids of the passages that are relevant to it (`dev` with grades, as judged). `extra_queries` maps a
    passage id to queries that may only serve as negative queries: they are neither trained on as anchors nor
    evaluated. `pool` is what training reads and mines from where that is not what is searched (None: it is).
    `mined` holds negatives that came with the training rows, query id → passage ids of the pool, best first.
    """

    language: str
    passages: Mapping[str, str]
    queries: Mapping[str, str]
    train: Mapping[str, tuple[str, ...]]
    dev: Mapping[str, Mapping[str, int]]
    extra_queries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    nli: tuple[NliTriple, ...] = ()
    pool: Mapping[str, str] | None = None
    mined: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def training_passages(self) -> Mapping[str, str]:
        """The passages that training reads and mines from."""
        return self.passages if self.pool is None else self.pool

    @property
    def digests(self) -> dict[str, str]:
        """sha256 of corpus, queries, both sets of judgments and the rest of the training rows."""
        return {
            "corpus": texts_sha256(self.passages),
            "queries": texts_sha256(self.queries),
            "train": digest({query: sorted(docs) for query, docs in self.train.items()}),
            "dev": digest(dict(self.dev)),
            "extra_queries": digest({doc: list(texts) for doc, texts in self.extra_queries.items()}),
            "nli": digest([[t.premise, t.entailment, t.contradiction] for t in self.nli]),
            "pool": "" if self.pool is None else texts_sha256(self.pool),
            "mined": digest({query: list(docs) for query, docs in self.mined.items()}),
        }

    @property
    def key(self) -> str:
        return digest(self.digests)


EVALUATION_DIGESTS = ("corpus", "queries", "dev")
"""The digests of `Data` that tell what an entry is evaluated on."""


@dataclass(frozen=True)
class TrainingData:
    """What a method may build its examples from, for one cell.

    `negatives` holds mined passages of each training query, best first; `negative_queries` the queries that a
    mined passage answers; `expert_scores` the scores in [0, 1] of every expert for (query id, passage id). `most`
    bounds the number of pairs (None: all of them).
    """

    data: Data
    seed: int
    negatives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    negative_queries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    expert_scores: Mapping[tuple[str, str], tuple[float, ...]] = field(default_factory=dict)
    most: int | None = None

    @property
    def passages(self) -> Mapping[str, str]:
        """Passage id → text, of every passage that a training row may hold."""
        return self.data.training_passages

    @property
    def queries(self) -> Mapping[str, str]:
        """Query id → text."""
        return self.data.queries

    def rng(self, name: str) -> random.Random:
        """Return a generator of its own for one named draw."""
        return random.Random(derive(self.seed, "examples", name))

    def pairs(self) -> list[tuple[str, str]]:
        """Return the (query id, relevant passage id) of the training split, sorted: all, or a seeded draw of `most`.

        Of two draws under one seed, the larger holds the smaller.
        """
        pairs = sorted((query, doc) for query, docs in self.data.train.items() for doc in docs)
        if self.most is None or self.most >= len(pairs):
            return pairs
        self.rng("pairs").shuffle(pairs)
        return sorted(pairs[: self.most])


@runtime_checkable
class Method(Protocol):
    """A training objective. A frozen dataclass whose fields are its hyper-parameters.

    It may have `equation: ClassVar[str]`, what it computes in a few lines of plain text with the symbols explained, as
    may an adapter and a ranker: records and the entry's page show it.
    """

    needs: ClassVar[frozenset[Need]]
    family: ClassVar[Family]

    def examples(self, data: TrainingData) -> Dataset:
        """Return the training rows, columns in the order that the loss reads, at most one named `label`."""
        ...

    def loss(self, model: SentenceTransformer) -> nn.Module:
        """Return the loss, in the calling convention of sentence-transformers."""
        ...


@runtime_checkable
class Adapter(Protocol):
    """A change to the network before training.

    One that cannot change every network may have `problem(model) -> str`, which says in a few words why not ("" where
    it can): an entry is then refused before anything is computed.
    """

    def register(self) -> None:
        """Make transformers know the model types that `apply` leaves, so that a saved model opens."""
        ...

    def apply(self, model: SentenceTransformer) -> None:
        """Change `model` in place; leave `requires_grad` on what is to be trained."""
        ...


@runtime_checkable
class Ranker(Protocol):
    """A ranking that needs neither training nor vectors (the lexical anchor)."""

    def search(self, passages: Mapping[str, str], queries: Mapping[str, str], depth: int) -> Ranking:
        """Return the `depth` best passages of every query."""
        ...


Ranking = Mapping[str, Sequence[tuple[str, float]]]
"""Query id → (passage id, score), best first, scores strictly decreasing in float32."""

Scores = Mapping[str, Mapping[str, float]]
"""Measure → query id → value, unrounded."""
