"""Checks of the training rows that a method returns: columns of known roles, at most one label, and texts in each row.

Each raises CellError, which names the method, the column and the row. The library would put "None" or nothing in the
place of a missing text, and would read a second label as text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.errors import CellError
from harness.stages.text_columns import Declared, label_columns, text_columns
from harness.types import TrainingData

if TYPE_CHECKING:
    from datasets import Dataset

RESERVED = ("dataset_name", "return_loss")  # of the trainer
BATCH = 4096  # rows
Problem = Callable[[Any], tuple[int, str] | None]  # values of a column → first place with a problem, and the problem


def check_rows(method: str, rows: Dataset, declared: Declared, training: TrainingData) -> None:
    """Raise CellError for rows that cannot be trained on.

    An empty text is accepted where the training data themselves hold an empty passage, and in no other case.
    """
    try:
        texts, labels = text_columns(rows, declared), label_columns(rows, declared)
    except CellError as error:
        raise CellError(f"{method}: {error}") from None
    if reserved := [name for name in texts + labels if name in RESERVED]:
        raise CellError(f"{method}: the trainer needs the column name '{reserved[0]}' for itself; rename the column")
    if len(labels) > 1:
        raise CellError(
            f"{method}: columns '{labels[0]}' and '{labels[1]}' both hold labels, and a loss gets one; "
            "return one of them, or declare what the other holds in the method's 'columns'"
        )
    if not texts:
        raise CellError(f"{method}: the training rows have no column of texts, only {', '.join(labels)}; add one")
    for name in texts:
        problem = _first_problem(rows, name, _text_problem)
        if problem.startswith("empty") and not all(text.strip() for text in training.passages.values()):
            problem = _first_problem(rows, name, _none_problem)
        _refuse(method, name, problem, "give it a text")
    for name in labels:
        _refuse(method, name, _first_problem(rows, name, _label_problem), "give it a number")


def _refuse(method: str, column: str, problem: str, remedy: str) -> None:
    if problem:
        advice = f"{remedy}, or leave the row out in 'examples'"
        raise CellError(f"{method}: column '{column}' of the training rows is {problem}; {advice}")


def _first_problem(rows: Dataset, column: str, problem_of: Problem) -> str:
    """Return the first problem of a column with its row, counted from 0; "" where there is none."""
    first = 0
    for batch in rows.select_columns([column]).with_format("arrow").iter(batch_size=BATCH):
        if found := problem_of(batch[column]):
            place, problem = found
            return f"{problem} in row {first + place}"
        first += len(batch)
    return ""


def _text_problem(values: Any) -> tuple[int, str] | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_null(values.type):
        return 0, "None"
    if not _holds_text(values):
        return 0, f"{values.type}, not text,"
    lengths = pc.utf8_length(pc.utf8_trim_whitespace(values)).to_pylist()
    places = (place for place, length in enumerate(lengths) if not length)
    return next(((place, "None" if lengths[place] is None else "empty") for place in places), None)


def _none_problem(values: Any) -> tuple[int, str] | None:
    places = [place for place, missing in enumerate(values.is_null().to_pylist()) if missing]
    return (places[0], "None") if places else None


def _label_problem(values: Any) -> tuple[int, str] | None:
    return (0, "text, which is no label,") if _holds_text(values) else _none_problem(values)


def _holds_text(values: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(values.type) or pa.types.is_large_string(values.type))
