"""Columns of training rows: which hold queries, passages and labels, their prompts, and the lengths texts are cut at.

What a column holds is told by its name, or declared by the method (harness.request.column_roles). Queries are cut at
the length of queries, negative queries (`negative_query…`) at that of passages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import CellError
from harness.request import column_roles
from harness.request.column_roles import Role
from harness.request.manifest import Text
from harness.stages.stage_settings import training_lengths
from harness.vectors.lengths import preprocessing

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer

Declared = Mapping[str, Role]  # column → role, as a method declares it
NONE: Declared = {}
KINDS = {"query": "query", "negative_query": "negative_query", "passage": "document"}  # role → whose length a text has


def role(column: str, declared: Declared = NONE) -> Role:
    """Return what a training column holds; raises CellError for an unknown name."""
    known = column_roles.role_of(column, declared)
    if known is None:
        raise CellError(f"column '{column}' of the training rows: its role is unknown; {column_roles.advice(column)}")
    return known


def text_columns(rows: Dataset, declared: Declared = NONE) -> list[str]:
    """Return the names of the columns that hold texts, in order."""
    return [name for name in rows.column_names if role(name, declared) != "label"]


def label_columns(rows: Dataset, declared: Declared = NONE) -> list[str]:
    """Return the names of the columns that hold labels, in order."""
    return [name for name in rows.column_names if role(name, declared) == "label"]


def collator(
    model: SentenceTransformer,
    rows_by_objective: Mapping[str, Sequence[Dataset]],
    text: Text,
    declared: Mapping[str, Declared] | None = None,
    most: int | None = None,
) -> Any:
    """Return the library's collator: it reads each column on its route, with its prompt, cut at its length or `most`.

    So a training reads a text as encoding does, but for passages that training cuts earlier. `declared`: objective →
    the roles that its method declares. Raises CellError for a column that holds labels in one objective and texts in
    another: the library tells them apart by the name alone.
    """
    rows = {objective: datasets[0] for objective, datasets in rows_by_objective.items()}
    roles = {objective: (declared or {}).get(objective, NONE) for objective in rows}
    kinds = {objective: _kinds(rows[objective], roles[objective]) for objective in rows}
    labels = {name for objective in rows for name in label_columns(rows[objective], roles[objective])}
    _check_labels(labels, (name for mapping in kinds.values() for name in mapping))
    prompts = {"query": text.query_prompt, "negative_query": text.query_prompt, "document": text.passage_prompt}
    prompted = {objective: {name: prompts[kind] for name, kind in kinds[objective].items()} for objective in rows}
    lengths = training_lengths(text, most)
    return _collator_class()(
        preprocess_fn=_on_route(preprocessing(model)),
        valid_label_columns=sorted(labels),
        router_mapping=kinds if len(kinds) > 1 else next(iter(kinds.values())),
        prompts=prompted if len(prompted) > 1 else next(iter(prompted.values())),
        max_length={**lengths, "negative_query": lengths["document"]},
    )


def _collator_class() -> Any:
    from sentence_transformers.sentence_transformer.data_collator import SentenceTransformerDataCollator

    class Collator(SentenceTransformerDataCollator):
        """Sends negative queries, which are cut as passages are, on the route of queries."""

        def __call__(self, features: list[dict[str, Any]]) -> dict[str, Any]:
            batch = super().__call__(features)
            return {name: _route(value) if name.endswith("_task") else value for name, value in batch.items()}

    return Collator


def _on_route(preprocess: Callable[..., Any]) -> Callable[..., Any]:
    return lambda inputs, task=None, **options: preprocess(inputs, task=_route(task), **options)


def _route(kind: str | None) -> str | None:
    return "query" if kind == "negative_query" else kind


def declare_prompts(model: SentenceTransformer, text: Text) -> None:
    """Write the prompts that a model was trained with into its declaration, so that the library puts the same ones."""
    model.prompts = {**model.prompts, "query": text.query_prompt, "document": text.passage_prompt}


def _kinds(rows: Dataset, declared: Declared) -> dict[str, str]:
    """Return text column → the kind of text by whose prompt, route and length it is read."""
    return {name: KINDS[role(name, declared)] for name in sorted(text_columns(rows, declared))}


def _check_labels(labels: set[str], texts: Iterable[str]) -> None:
    for name in texts:
        if name in labels:
            raise CellError(f"column '{name}' holds labels in one objective and texts in another; rename one of them")
