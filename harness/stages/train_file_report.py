"""What a user's training rows hold that a cell does not use: counted in its record, and one warning line per run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.data.train_file import WITHOUT_NEGATIVES
from harness.data.train_row import SCORES
from harness.errors import quantity
from harness.request.cell import Cell
from harness.request.manifest import TrainFile
from harness.stages.stage_settings import scored_rows, training_rows_source


def train_file_report(cell: Cell) -> dict[str, Any]:
    """Return the table `train_file` of a record's data: the file's hash, what its rows have, and what is not used.

    {} for a cell that does not train on the user's rows.
    """
    file = _file(cell)
    if file is None:
        return {}
    report = {
        "sha256": file.sha256,
        **file.counts,
        "scores": "as those of one expert" if scored_rows(cell) is not None else None,
        "unused": dict(_unused(cell, file)) or None,
    }
    return {"train_file": {name: value for name, value in report.items() if value is not None}}


def train_file_warnings(cells: Sequence[Cell]) -> list[str]:
    """Return one line for everything in the user's rows that some of the cells do not use."""
    entries: dict[tuple[str, str], list[str]] = {}
    by_language = {file.sha256: file for cell in cells if (file := _file(cell)) is not None}
    for cell in cells:
        if (file := _file(cell)) is not None:
            for what, why in _unused(cell, file):
                names = entries.setdefault((file.sha256, f"{what} {why}"), [])
                names += [cell.entry.name] if cell.entry.name not in names else []
    return [f"{by_language[sha256].path}: {line} ({', '.join(names)})" for (sha256, line), names in entries.items()]


def _file(cell: Cell) -> TrainFile | None:
    """Return the file whose rows a cell trains on."""
    return cell.suite.train_files.get(cell.language) if training_rows_source(cell) == "train file" else None


def _unused(cell: Cell, file: TrainFile) -> Iterator[tuple[str, str]]:
    """Yield what of the rows is not used, and why."""
    counts, rows = file.counts, file.counts["rows"]
    scores = [name for name in SCORES if name in counts]
    if scores and scored_rows(cell) is None:
        partial = "" if file.scores else f", and only rows with a score for each text can give any (all {rows} must)"
        yield " and ".join(scores), f"are not used: no method reads them from these rows{partial}"
    own = {prompt: number for prompt, number in file.prompts.items() if prompt != cell.suite.text.query_prompt}
    if own:
        first = next(iter(own))
        used = f'the suite\'s prompt "{cell.suite.text.query_prompt}"'
        yield f"'prompt' of {quantity(sum(own.values()), 'row')} (\"{first}\")", f"is not used: queries have {used}"
    if "type" in counts:
        yield (
            f"'type' of {quantity(counts['type'], 'row')}",
            "is not used: the entry decides which passages are negatives",
        )
    if cell.entry.negatives == "ance" and WITHOUT_NEGATIVES in counts:
        yield f"{counts[WITHOUT_NEGATIVES]} of {rows} rows", "have no 'neg', and a method of hard negatives gets none"
