"""What a published number was measured with: conditions that are stated, assumed, or unknown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field, StrictBool, StrictInt, StrictStr, model_validator

from harness.request.data_sources import Revision
from harness.request.manifest import Precision
from harness.schema import Strict
from harness.types import NegativeQueries, TrainingRows

QUOTED = ("query_prompt", "passage_prompt", "title_join")  # texts in which spaces count
V = TypeVar("V")
Kind = Literal["ranker", "untrained", "trained"]  # of the entry that a claim is about
Tokens = Annotated[StrictInt, Field(gt=2)]


class Known(Strict, Generic[V]):
    """One condition: `{ stated = VALUE, source = "…" }`, or `{ assumed = VALUE, why = "…" }`."""

    stated: V | None = None
    source: str = ""
    assumed: V | None = None
    why: str = ""

    @model_validator(mode="after")
    def _one_basis(self) -> Known[V]:
        stated, assumed = self.stated is not None, self.assumed is not None
        if stated == assumed or bool(self.source) != stated or bool(self.why) != assumed:
            raise ValueError('write { stated = VALUE, source = "…" }, { assumed = VALUE, why = "…" } or "unknown"')
        return self

    @property
    def value(self) -> V:
        """The value, whatever it rests on."""
        value = self.assumed if self.stated is None else self.stated
        assert value is not None
        return value

    @property
    def basis(self) -> str:
        """What the value rests on: `stated: SOURCE` or `assumed: WHY`."""
        return f"stated: {self.source}" if self.stated is not None else f"assumed: {self.why}"


class Conditions(Strict):
    """What a number was measured with; None stands for unknown.

    Lengths are in tokens, special ones included. The tier is that of the claim's suite. `{language}` in a text stands
    for the claim's language.
    """

    base_model: Known[StrictStr] | None = None  # hub id
    model_revision: Known[Revision] | None = None
    query_prompt: Known[StrictStr] | None = None
    passage_prompt: Known[StrictStr] | None = None
    query_length: Known[Tokens] | None = None
    passage_length: Known[Tokens] | None = None
    precision: Known[Precision] | None = None  # of the encoder, for passages
    query_precision: Known[Precision] | None = None
    title: Known[StrictBool] | None = None  # whether passages have their title
    title_join: Known[StrictStr] | None = None  # between title and text
    dataset_revision: Known[StrictStr] | None = None  # the first digits of a hub revision, or an ir_datasets id
    depth: Known[StrictInt] | None = None  # passages retrieved per query
    training_rows: Known[TrainingRows] | None = None
    negatives: Known[Literal["ance", "random", "none"]] | None = None
    negative_queries: Known[NegativeQueries] | None = None
    analyzer: Known[StrictStr] | None = None  # what turns a text into the tokens of a lexical ranking

    @model_validator(mode="before")
    @classmethod
    def _without_unknown(cls, table: object) -> object:
        if not isinstance(table, Mapping):
            return table
        return {name: condition for name, condition in table.items() if condition != "unknown"}

    def known(self) -> dict[str, Known[object]]:
        """Return the conditions that are not unknown, by name."""
        known = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: condition for name, condition in known.items() if condition is not None}


TEXT = ("title", "title_join", "dataset_revision", "depth")
ENCODER = ("base_model", "model_revision", "query_prompt", "passage_prompt", "query_length", "passage_length")
PRECISIONS = ("precision", "query_precision")
TRAINING = ("training_rows", "negatives", "negative_queries")
APPLICABLE: Mapping[Kind, tuple[str, ...]] = {
    "ranker": (*TEXT, "analyzer"),
    "untrained": (*ENCODER, *PRECISIONS, *TEXT),
    "trained": (*ENCODER, *PRECISIONS, *TEXT, *TRAINING),
}
"""The conditions that change the number of an entry of each kind."""


def label(condition: str) -> str:
    """Return the name of a condition in a sentence."""
    return condition.replace("_", " ")


def shown(condition: str, value: object) -> str:
    """Return the value of a condition in a sentence.

    >>> shown("title", False), shown("query_prompt", "query: "), shown("query_length", 128), shown("title_join", "\\n")
    ('dropped', '"query: "', '128', '"\\\\n"')
    """
    if condition == "title":
        return "joined" if value else "dropped"
    if condition in QUOTED:
        return json.dumps(value, ensure_ascii=False)
    return str(value)[:12] if condition == "model_revision" else str(value)
