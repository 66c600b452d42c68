"""The concepts of the project as types. Methods import this module of the harness and no other.

Suite, entry, cell and record are defined in docs/architecture.md. Nothing here imports torch.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, TypeVar, runtime_checkable

from harness.keys import derive, digest, texts_sha256

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from torch import nn

T = TypeVar("T", str, tuple[str, str])
Progress = Callable[[str, int, int], None]  # stage, steps done, total steps


class Need(StrEnum):
    """Training data that a method needs besides (query, positive passage)."""

    HARD_NEGATIVES = "hard_negatives"
    NEGATIVE_QUERIES = "negative_queries"
    EXPERT_SCORES = "expert_scores"
    NLI = "nli"


Family = Literal["ranking", "regression", "nli"]
"""The family of a method selects the suite's training settings: each was tuned once, on training queries."""


TrainingRows = Literal["train split", "train file", "authors' rows"]
"""Where training queries and passages come from: the suite, a file of the user, or the files of a paper's authors."""

NegativeQueries = Literal["none", "training queries", "of the training rows", "written"]
"""Where the queries that negatives answer come from: other training queries, the rows themselves, or a writer."""


@dataclass(frozen=True)
class NliTriple:
    """A premise, a sentence that it entails, and a sentence that contradicts it."""

    premise: str
    entailment: str
    contradiction: str


@dataclass(frozen=True)
class Data:
    """One language of one suite, read and validated.

    `passages` has title and text joined as the suite says, and may be on disk. `train` maps a query id to the ids of
    its relevant passages, `dev` to judged passages with their grades. `extra_queries` maps a passage id to queries that
    serve only as negative queries: they are neither anchors in training nor evaluated. `pool` has the passages that
    training reads and mines from, if these are not the searched ones (otherwise None). `mined` maps a query id to
    negatives that came with the training rows, ids of the pool, best first; `mined_queries` maps (query id, id of such
    a negative) to the queries that the row gives this negative.
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
    mined_queries: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    @property
    def training_passages(self) -> Mapping[str, str]:
        """The passages that training reads and mines from."""
        return self.passages if self.pool is None else self.pool

    @property
    def digests(self) -> dict[str, str]:
        """The sha256 of each part: corpus, queries, judgments and the other training data."""
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
    """The data from which a method builds its training examples, for one cell.

    `negatives` maps a training query to its mined passages, best first; `negative_queries` maps a mined passage to the
    queries that it answers; `expert_scores` maps (query id, passage id) to the scores of all experts, in [0, 1]. `most`
    limits the number of pairs (None: no limit). `pool_size` is the number of passages that the negatives were mined
    from (None: they came with the rows, or there are none).
    limits the number of pairs (None: no limit). `epoch` is set where rows are drawn again in each epoch, one per query;
    with None, rows are drawn once for all epochs.
    """

    data: Data
    seed: int
    negatives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    negative_queries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    expert_scores: Mapping[tuple[str, str], tuple[float, ...]] = field(default_factory=dict)
    most: int | None = None
    pool_size: int | None = None
    epoch: int | None = None

    @property
    def passages(self) -> Mapping[str, str]:
        """Passage id → text, for every passage that may occur in a training row."""
        return self.data.training_passages

    @property
    def queries(self) -> Mapping[str, str]:
        """Query id → text."""
        return self.data.queries

    def rng(self, name: str) -> random.Random:
        """Return a separate generator for one named draw, of the epoch if rows are drawn in each."""
        epoch = () if self.epoch is None else (self.epoch,)
        return random.Random(derive(self.seed, "examples", name, *epoch))

    def pairs(self) -> list[tuple[str, str]]:
        """Return the (query id, relevant passage id) pairs for training, sorted: all, or a seeded sample of `most`.

        Under one seed, a larger sample contains every smaller one. With `epoch`, each query has one pair, whose passage
        is drawn from its relevant ones.
        """
        if self.epoch is None:
            return self._sample([(query, doc) for query, docs in self.data.train.items() for doc in docs])
        rng = self.rng("positives")
        drawn = {query: rng.choice(docs) for query, docs in sorted(self.data.train.items())}
        return [(query, drawn[query]) for query in self._sample(list(drawn))]

    def queries_of_negative(self, query: str, doc: str) -> tuple[str, ...]:
        """Return the queries that a mined passage of a training query answers.

        They are those that the training row itself gives the passage, if it gives any.
        """
        return self.data.mined_queries.get((query, doc)) or self.negative_queries[doc]

    def _sample(self, items: list[T]) -> list[T]:
        """Return at most `most` of the items, sorted; the draw is the same in every epoch."""
        items = sorted(items)
        if self.most is None or self.most >= len(items):
            return items
        random.Random(derive(self.seed, "examples", "pairs")).shuffle(items)
        return sorted(items[: self.most])


@runtime_checkable
class Method(Protocol):
    """A training objective. A frozen dataclass whose fields are its hyper-parameters.

    A method, an adapter or a ranker may have `equation: ClassVar[str]`: its formula and symbols in a few lines of plain
    text, shown in records and on the entry's page.
    """

    needs: ClassVar[frozenset[Need]]
    family: ClassVar[Family]

    def examples(self, data: TrainingData) -> Dataset:
        """Return the training rows, with columns in the order that the loss reads; at most one is named `label`."""
        ...

    def loss(self, model: SentenceTransformer) -> nn.Module:
        """Return the loss, with the calling convention of sentence-transformers.

        The loss gets the rows' `label` as its second argument. One that leaves pairs of query and passage out may have
        `masked_pairs(labels) -> int`: how many in a batch, which the record adds up.
        """
        ...


@runtime_checkable
class Adapter(Protocol):
    """A change to the network before training.

    An adapter that does not support every network may have `problem(model) -> str`: it returns in a few words why it
    cannot change the model ("" if it can), and the entry is then rejected before anything is computed. For entries with
    a `checkpoint`, it has `load(model, folder)`: it puts the network that a paper's code saved in `folder` in the place
    of the model's, and raises ValueError with the reason where it cannot.
    """

    def register(self) -> None:
        """Register the model types that `apply` creates with transformers, so that a saved model can be loaded."""
        ...

    def apply(self, model: SentenceTransformer) -> None:
        """Change `model` in place; leave `requires_grad` on for the parameters to train."""
        ...


@runtime_checkable
class Ranker(Protocol):
    """A ranking without training and without vectors, such as BM25.

    A lexical ranker may have `analyzer: ClassVar[str]`: what turns a text into its tokens, in a few words; records hold
    it, and published numbers are compared only with those of the same analyzer. It may also have
    `has_tokens(text) -> bool`: records then warn of queries and passages in which it finds no token.
    """

    def search(self, passages: Mapping[str, str], queries: Mapping[str, str], depth: int) -> Ranking:
        """Return the `depth` best passages for each query."""
        ...


Ranking = Mapping[str, Sequence[tuple[str, float]]]
"""Query id → (passage id, score), best first, scores strictly decreasing in float32."""

Scores = Mapping[str, Mapping[str, float]]
"""Measure → query id → value, unrounded."""
