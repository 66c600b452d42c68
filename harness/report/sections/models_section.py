"""Named base models side by side: the level of each entry on each model, and its difference to its own baseline.

The numbers are those of the leaderboard, which has one row per entry and model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.evidence.leaderboard import Leaderboard
from harness.report.table_view import Row, Score
from harness.request.base_models import without_model


@dataclass(frozen=True)
class ModelRow:
    """One entry on every model: averages over languages of the primary measure, None where there is none."""

    entry: str
    scores: tuple[Score | None, ...]  # one per model


@dataclass(frozen=True)
class ModelTable:
    """All entries on the named base models, in the page's order of their best row; `others` have no model."""

    models: tuple[str, ...]
    rows: tuple[ModelRow, ...]
    others: tuple[Row, ...]


def model_table(board: Leaderboard, rows: Sequence[Row]) -> ModelTable | None:
    """Return the table, None in a run of one model; `rows` are those of the primary measure."""
    if not board.models:
        return None
    model_of = board.results.model_by_entry
    scores: dict[str, dict[str, Score | None]] = {}
    for row in rows:
        if model := model_of.get(row.entry):
            scores.setdefault(without_model(row.entry, model), {})[model] = row.average
    others = tuple(row for row in rows if row.entry not in model_of)
    return ModelTable(board.models, tuple(_row(entry, each, board.models) for entry, each in scores.items()), others)


def _row(entry: str, scores: Mapping[str, Score | None], models: Sequence[str]) -> ModelRow:
    return ModelRow(entry, tuple(scores.get(model) for model in models))
