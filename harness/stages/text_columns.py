"""Text columns of training rows: which hold queries, their prompts, and the lengths they are cut at.

A column's name says what it holds: `anchor` and `query…` queries, `negative_query…` queries that are cut at the length
of passages, all others passages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.request.manifest import Text
from harness.stages.stage_settings import training_lengths

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer

LABEL = "label"  # the one column that holds no texts
AS_DOCUMENT = "cut-as-document:"  # before the route of a column that is cut at the length of passages all the same


def is_query(column: str) -> bool:
    """Return whether a training column holds queries, by its name."""
    return is_cut_as_query(column) or column.startswith("negative_query")


def is_cut_as_query(column: str) -> bool:
    """Return whether a training column is cut at the length of queries, by its name."""
    return column == "anchor" or column.startswith("query")


def text_columns(rows: Dataset) -> list[str]:
    """Return the names of the columns that hold texts, in order."""
    return [name for name in rows.column_names if name != LABEL]


def collator(model: SentenceTransformer, rows_by_objective: Mapping[str, Sequence[Dataset]], text: Text) -> Any:
    """Return the library's collator: it reads each column on its route, with its prompt, cut at its length.

    So a training reads a text as encoding does, but for passages that training cuts earlier.
    """
    from sentence_transformers.sentence_transformer.data_collator import SentenceTransformerDataCollator

    names = sorted({name for rows in rows_by_objective.values() for name in text_columns(rows[0])})
    routes = {name: "query" if is_query(name) else "document" for name in names}
    cut_as = {name: "query" if is_cut_as_query(name) else "document" for name in names}
    prompts = {"query": text.query_prompt, "document": text.passage_prompt}

    class Collator(SentenceTransformerDataCollator):
        """Reads a negative query on the route of queries, cut at the length of passages."""

        def __call__(self, features: list[dict[str, Any]]) -> dict[str, Any]:
            batch = super().__call__(features)
            return batch | {f"{name}_task": routes[name] for name in names if f"{name}_task" in batch}

    def preprocess(inputs: Any, prompt: str | None = None, task: str | None = None, **options: Any) -> Any:
        return model.preprocess(inputs, prompt=prompt, task=task and task.removeprefix(AS_DOCUMENT), **options)

    lengths = training_lengths(text)
    return Collator(
        preprocess_fn=preprocess,
        router_mapping={
            name: route if route == cut_as[name] else AS_DOCUMENT + route for name, route in routes.items()
        },
        prompts={name: prompts[route] for name, route in routes.items() if prompts[route]},
        max_length={**lengths, f"{AS_DOCUMENT}query": lengths["document"]},
    )


def declare_prompts(model: SentenceTransformer, text: Text) -> None:
    """Write the prompts that a model was trained with into its declaration, so that the library puts the same ones."""
    model.prompts = {**model.prompts, "query": text.query_prompt, "document": text.passage_prompt}
