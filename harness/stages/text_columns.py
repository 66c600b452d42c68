"""Columns of training rows: which hold queries, passages and labels, their prompts, and the lengths texts are cut at.

What a column holds is told by its name, or declared by the method (harness.request.column_roles). Queries are cut at
the length of queries, negative queries (`negative_query…`) at that of passages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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


def role(column: str, declared: Declared = NONE) -> Role:
    """Return what a training column holds; raises CellError for an unknown name."""
    known = column_roles.role_of(column, declared)
    if known is None:
        raise CellError(f"column '{column}' of the training rows: its role is unknown; {column_roles.advice(column)}")
    return known


def is_query(column: str, declared: Declared = NONE) -> bool:
    """Return whether a training column holds queries."""
    return role(column, declared) in ("query", "negative_query")


def is_cut_as_query(column: str, declared: Declared = NONE) -> bool:
    """Return whether a training column is cut at the length of queries."""
    return role(column, declared) == "query"


def text_columns(rows: Dataset, declared: Declared = NONE) -> list[str]:
    """Return the names of the columns that hold texts, in order."""
    return [name for name in rows.column_names if role(name, declared) != "label"]


def label_columns(rows: Dataset, declared: Declared = NONE) -> list[str]:
    """Return the names of the columns that hold labels, in order."""
    return [name for name in rows.column_names if role(name, declared) == "label"]


def prompted(rows: Dataset, text: Text, declared: Declared = NONE) -> Dataset:
    """Return the rows with the suite's prompts before the texts, as encoding puts them."""
    if not (text.query_prompt or text.passage_prompt):
        return rows
    columns = text_columns(rows, declared)
    prompts = {name: text.query_prompt if is_query(name, declared) else text.passage_prompt for name in columns}
    return rows.map(lambda row: {name: prompts[name] + row[name] for name in columns})


def collator(
    model: SentenceTransformer,
    rows_by_objective: Mapping[str, Sequence[Dataset]],
    text: Text,
    declared: Mapping[str, Declared] | None = None,
    most: int | None = None,
) -> Any:
    """Return the library's collator, told which columns hold queries and labels, and to cut texts at `most` tokens.

    `declared`: objective → the roles that its method declares. Raises CellError for a column that holds labels in one
    objective and texts in another: the library tells them apart by the name alone.
    """
    from sentence_transformers.sentence_transformer.data_collator import SentenceTransformerDataCollator

    rows = {objective: datasets[0] for objective, datasets in rows_by_objective.items()}
    roles = {objective: (declared or {}).get(objective, NONE) for objective in rows}
    kinds = {objective: _kinds(rows[objective], roles[objective]) for objective in rows}
    labels = {name for objective in rows for name in label_columns(rows[objective], roles[objective])}
    _check_labels(labels, (name for mapping in kinds.values() for name in mapping))
    return SentenceTransformerDataCollator(
        preprocess_fn=preprocessing(model),
        valid_label_columns=sorted(labels),
        router_mapping=kinds if len(kinds) > 1 else next(iter(kinds.values())),
        max_length=training_lengths(text, most),
    )


def _kinds(rows: Dataset, declared: Declared) -> dict[str, str]:
    """Return text column → the kind of text by whose length it is cut."""
    names = sorted(text_columns(rows, declared))
    return {name: "query" if is_cut_as_query(name, declared) else "document" for name in names}


def _check_labels(labels: set[str], texts: Iterable[str]) -> None:
    for name in texts:
        if name in labels:
            raise CellError(f"column '{name}' holds labels in one objective and texts in another; rename one of them")
