"""Text columns of training rows: which hold queries, their prompts, and the lengths they are cut at.

A column's name says what it holds: `anchor` and `query…` queries, `negative_query…` queries that are cut at the length
of passages, all others passages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.request.manifest import Text
from harness.stages.stage_settings import training_lengths
from harness.vectors.lengths import preprocessing

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer

LABEL = "label"  # the one column that holds no texts


def is_query(column: str) -> bool:
    """Return whether a training column holds queries, by its name."""
    return is_cut_as_query(column) or column.startswith("negative_query")


def is_cut_as_query(column: str) -> bool:
    """Return whether a training column is cut at the length of queries, by its name."""
    return column == "anchor" or column.startswith("query")


def text_columns(rows: Dataset) -> list[str]:
    """Return the names of the columns that hold texts, in order."""
    return [name for name in rows.column_names if name != LABEL]


def prompted(rows: Dataset, text: Text) -> Dataset:
    """Return the rows with the suite's prompts before the texts, as encoding puts them."""
    if not (text.query_prompt or text.passage_prompt):
        return rows
    columns = text_columns(rows)
    prompts = {name: text.query_prompt if is_query(name) else text.passage_prompt for name in columns}
    return rows.map(lambda row: {name: prompts[name] + row[name] for name in columns})


def collator(
    model: SentenceTransformer,
    rows_by_objective: Mapping[str, Sequence[Dataset]],
    text: Text,
    most: int | None = None,
) -> Any:
    """Return the library's collator, told which columns hold queries, and to cut texts at `most` tokens or before."""
    from sentence_transformers.sentence_transformer.data_collator import SentenceTransformerDataCollator

    names = {name for rows in rows_by_objective.values() for name in text_columns(rows[0])}
    kinds = {name: "query" if is_cut_as_query(name) else "document" for name in sorted(names)}
    return SentenceTransformerDataCollator(
        preprocess_fn=preprocessing(model), router_mapping=kinds, max_length=training_lengths(text, most)
    )
