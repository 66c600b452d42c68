"""Whether a model reads texts as long as a suite's: it is asked on the route of each role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.request.manifest import Text
from harness.stages.stage_settings import training_lengths
from harness.vectors.encoder import TASKS, Role
from harness.vectors.routes import first_module

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

FIELDS: tuple[tuple[str, Role], ...] = (("query_max_length", "query"), ("passage_max_length", "passage"))


def positions(model: SentenceTransformer, role: Role) -> int | None:
    """Return how many tokens the network of a role has positions for; None where it has no limit (token vectors)."""
    network: Any = getattr(first_module(model, TASKS[role]), "auto_model", None)
    most = getattr(getattr(network, "config", None), "max_position_embeddings", None)
    if not isinstance(most, int) or most < 1:  # XLNet's is -1: it has relative positions
        return None
    unused = getattr(getattr(network, "embeddings", None), "padding_idx", None)  # RoBERTa counts from the padding's on
    return most if unused is None else most - unused - 1


def too_long(model: SentenceTransformer, text: Text, trains: bool) -> dict[str, tuple[int, int]]:
    """Return each length of `text` that exceeds the model's positions → the length, and the positions.

    `trains`: passages are also cut for training.
    """
    asked = {field: (getattr(text, field), role) for field, role in FIELDS}
    if trains and text.train_passage_max_length is not None:
        asked["train_passage_max_length"] = (training_lengths(text)["document"], "passage")
    limits = {field: (length, positions(model, role)) for field, (length, role) in asked.items()}
    return {field: (length, most) for field, (length, most) in limits.items() if most is not None and length > most}
