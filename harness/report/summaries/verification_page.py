"""The result of `harness verify` as a page of Markdown and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.evidence.verification.grade import BOUND
from harness.evidence.verification.rerun import Verified
from harness.report.escaping import markdown
from harness.results.checksums import Difference
from harness.stats.rules import ALPHA, MARGIN

MAX_DIFFERENCES = 200  # of files, on the page; the JSON has all of them
GRADES = ("bitwise", "numerical", "statistical", "failed")


@dataclass(frozen=True)
class Verification:
    """The whole result. `cells` is None if no cell was rerun; `skipped` names cells without a done record.

    `unpublished` counts records whose ranking is neither in the folder nor in its list of files.
    """

    folder: Path
    files: int
    differences: Sequence[Difference]
    cells: Sequence[Verified] | None = None
    skipped: Sequence[str] = ()
    margin: float = MARGIN
    changed_settings: dict[str, str] = field(default_factory=dict)
    unpublished: int = 0

    @property
    def passed(self) -> bool:
        """Whether no file has changed and no cell has the grade `failed`."""
        return not self.differences and not any(cell.grade.word == "failed" for cell in self.cells or ())

    @property
    def shared(self) -> dict[str, tuple[str, str]]:
        """The differences that all cells have in common."""
        cells = list(self.cells or ())
        if not cells:
            return {}
        return {
            name: values
            for name, values in cells[0].differences.items()
            if all(cell.differences.get(name) == values for cell in cells)
        }


def as_json(verification: Verification) -> str:
    """Return the whole result as JSON."""
    cells = None if verification.cells is None else [_cell_values(cell) for cell in verification.cells]
    value = {
        "folder": str(verification.folder),
        "passed": verification.passed,
        "files": verification.files,
        "differences": [asdict(difference) for difference in verification.differences],
        "unpublished": verification.unpublished,
        "bound": BOUND,
        "margin": verification.margin,
        "changed_settings": verification.changed_settings,
        "cells": cells,
        "skipped": list(verification.skipped),
    }
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _cell_values(cell: Verified) -> dict[str, Any]:
    differences = {name: {"then": then, "now": now} for name, (then, now) in cell.differences.items()}
    return {"cell": cell.cell, **asdict(cell.grade), "differences": differences}


def as_markdown(verification: Verification) -> str:
    """Return the page."""
    lines = [f"# Verification of {markdown(verification.folder)}", "", *_file_lines(verification)]
    if verification.cells is None:
        return "\n".join([*lines, "", "No cell was run again.", ""])
    lines += ["", *_cell_lines(verification.cells, verification.shared), "", *_notes(verification)]
    return "\n".join([*lines, ""])


def _file_lines(verification: Verification) -> Iterator[str]:
    """Yield what became of the files."""
    files, differences = verification.files, verification.differences
    if not differences:
        yield f"{files} files are as they were written."
    else:
        yield f"{len(differences)} files are not as they were written ({files} are there):"
        yield ""
        for difference in differences[:MAX_DIFFERENCES]:
            yield f"- {difference.what}: {markdown(difference.file)}"
        if len(differences) > MAX_DIFFERENCES:
            yield f"- and {len(differences) - MAX_DIFFERENCES} more"
    if verification.unpublished:
        yield ""
        yield f"{verification.unpublished} rankings are not in this folder; their records name the sha256 of each."


def _cell_lines(cells: Sequence[Verified], shared: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """Yield the counts of the grades, and a table with one row per cell."""
    counts = Counter[str](cell.grade.word for cell in cells)
    yield f"{len(cells)} cells were run again: {', '.join(f'{counts[grade]} {grade}' for grade in GRADES)}."
    yield ""
    yield "| cell | grade | why | differs |"
    yield "|:--|:--|:--|:--|"
    for cell in sorted(cells, key=lambda cell: cell.cell):
        differs = "; ".join(_change(name, values) for name, values in cell.differences.items() if name not in shared)
        yield f"| {markdown(cell.cell)} | {cell.grade.word} | {markdown(cell.grade.why)} | {markdown(differs)} |"


def _notes(verification: Verification) -> list[str]:
    """Return what applies to all cells, which cells were skipped, and the definitions of the grades."""
    lines = [f"- of all cells: {markdown(_change(name, values))}" for name, values in verification.shared.items()]
    lines += [f"- run again with another {name}: {value}" for name, value in verification.changed_settings.items()]
    if not lines:
        lines = ["- Machine, libraries and code are those of the records, as far as all of them agree."]
    if verification.skipped:
        lines.append(f"- without a done record, and so not run again: {markdown(', '.join(verification.skipped))}")
    lines += [
        "",
        "bitwise: weights, ranking and scores are equal; numerical: no passage's score differs by more than "
        f"{BOUND:g}; statistical: every measure's mean is shown to be within {verification.margin:g} (two one-sided "
        f"tests, α {ALPHA:g}); failed: none of these.",
    ]
    return lines


def _change(name: str, values: tuple[str, str]) -> str:
    then, now = (value or "absent" for value in values)
    return f"{name}: then {then}, now {now}"
