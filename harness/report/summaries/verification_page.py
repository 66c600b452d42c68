"""The result of `harness verify` as a page of Markdown and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import quantity
from harness.evidence.verification.finding import Finding, Proof
from harness.evidence.verification.grade import BOUND, WORDS
from harness.evidence.verification.rerun import Verified
from harness.evidence.verification.scope import SHA256SUMS, open_questions
from harness.report.escaping import markdown, message
from harness.report.rebuilt_files import BYTES
from harness.results.checksums import Difference
from harness.results.folder import ResultFolder
from harness.stats.rules import ALPHA, MARGIN

MAX_DIFFERENCES = 200  # of files, on the page; the JSON has all of them
MAX_VALUES = 5  # of one cell, on the page
NOT_READ = Finding("tables, pages and records", "only hashes were checked, or the records cannot be read together")


@dataclass(frozen=True)
class Verification:
    """The whole result.

    `results` is None if only hashes were checked or the records cannot be read together, `cells` if no cell was rerun.
    `skipped` names cells without a done record; `unpublished` counts records whose ranking was left out of the folder
    (harness.results.stored_files).
    """

    folder: Path
    files: int
    differences: Sequence[Difference]
    cells: Sequence[Verified] | None = None
    skipped: Sequence[str] = ()
    margin: float = MARGIN
    changed_settings: dict[str, str] = field(default_factory=dict)
    unpublished: int = 0
    results: ResultFolder | None = None
    proof: Proof = field(default_factory=Proof)

    @property
    def passed(self) -> bool:
        """Whether no file has changed, nothing contradicts the records, and no cell has the grade `failed`."""
        failed = any(cell.grade.word == "failed" for cell in self.cells or ())
        return not (self.differences or self.proof.mismatches or failed)

    @property
    def unproven(self) -> list[Finding]:
        """What stays open: what could not be compared, and what no comparison can decide."""
        if self.results is None:
            return [*self.proof.unproven, NOT_READ, SHA256SUMS]
        names = {cell.cell for cell in self.cells or () if cell.grade.word != "failed"}
        return [*self.proof.unproven, *open_questions(self.results, names)]

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
        "mismatches": list(map(asdict, verification.proof.mismatches)),
        "proven": list(map(asdict, verification.proof.proven)),
        "unproven": list(map(asdict, verification.unproven)),
        "bound": BOUND,
        "margin": verification.margin,
        "changed_settings": verification.changed_settings,
        "cells": cells,
        "skipped": list(verification.skipped),
    }
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _cell_values(cell: Verified) -> dict[str, Any]:
    differences = {name: {"then": then, "now": now} for name, (then, now) in cell.differences.items()}
    departures = [asdict(departure) for departure in cell.departures]
    return {"cell": cell.cell, **asdict(cell.grade), "departures": departures, "differences": differences}


def as_markdown(verification: Verification) -> str:
    """Return the page: files, contents, cells, and at the end what is proven and what is not."""
    lines = [f"# Verification of {markdown(verification.folder)}", "", *_file_lines(verification)]
    lines += ["", *_content_lines(verification)]
    if verification.cells is None:
        lines += ["", "No cell was run again."]
    else:
        lines += ["", *_cell_lines(verification.cells, verification.shared), "", *_notes(verification)]
    return "\n".join([*lines, "", *_scope_lines(verification), ""])


def _content_lines(verification: Verification) -> Iterator[str]:
    """Yield where the contents of files contradict the records."""
    mismatches = verification.proof.mismatches
    if mismatches:
        yield f"Contradicting the records ({len(mismatches)}):"
        yield ""
        yield from _listed(mismatches)
    elif verification.results is not None:
        yield "No content contradicts the records."


def _scope_lines(verification: Verification) -> Iterator[str]:
    """Yield what is proven, with counts, and what is not, with the reason."""
    files = [finding for finding in verification.proof.proven if finding.what == BYTES]
    proven = [finding for finding in verification.proof.proven if finding.what != BYTES]
    yield "## Proven"
    yield ""
    if not verification.differences:
        yield f"- {quantity(verification.files, 'file')}: those of {SHA256SUMS.file}"
    if files:
        yield f"- tables and pages, {len(files)} together: {BYTES}"
    yield from (f"- {message(finding)}" for finding in proven)
    if reproduced := sum(cell.grade.word != "failed" for cell in verification.cells or ()):
        yield f"- {quantity(reproduced, 'cell')}: reproduced, with the grades above"
    yield ""
    yield "## Not proven"
    yield ""
    yield from _listed(verification.unproven)


def _listed(findings: Sequence[Finding]) -> Iterator[str]:
    yield from (f"- {message(finding)}" for finding in findings[:MAX_DIFFERENCES])
    if len(findings) > MAX_DIFFERENCES:
        yield f"- and {len(findings) - MAX_DIFFERENCES} more"


def _file_lines(verification: Verification) -> Iterator[str]:
    """Yield what became of the files."""
    files, differences = verification.files, verification.differences
    if not differences:
        yield f"As they were written: {quantity(files, 'file')}."
    else:
        yield f"Not as they were written: {quantity(len(differences), 'file')} ({files} are there):"
        yield ""
        for difference in differences[:MAX_DIFFERENCES]:
            yield f"- {difference.what}: {markdown(difference.file)}"
        if len(differences) > MAX_DIFFERENCES:
            yield f"- and {len(differences) - MAX_DIFFERENCES} more"
    if verification.unpublished:
        yield ""
        yield f"Left out of this folder: {quantity(verification.unpublished, 'ranking')} (records hold the sha256)."


def _cell_lines(cells: Sequence[Verified], shared: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """Yield the counts of the grades, and a table with one row per cell."""
    counts = Counter[str](cell.grade.word for cell in cells)
    yield f"Run again: {quantity(len(cells), 'cell')}, {', '.join(f'{counts[grade]} {grade}' for grade in WORDS)}."
    yield ""
    yield "| cell | grade | why | differs |"
    yield "|:--|:--|:--|:--|"
    for cell in sorted(cells, key=lambda cell: cell.cell):
        graded = {item.name for item in cell.departures}
        changes = [_change(*item) for item in cell.differences.items() if item[0] not in {*shared, *graded}]
        values = [_change(item.name, (item.stored, item.rerun)) for item in cell.departures[:MAX_VALUES]]
        more = [f"{len(cell.departures) - MAX_VALUES} more values"] if len(cell.departures) > MAX_VALUES else []
        differs = "; ".join([*values, *more, *changes])
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
        "bitwise: weights, ranking, scores and everything else measured are equal; numerical: no passage's score "
        f"differs by more than {BOUND:g}; statistical: every measure's mean is shown to be within "
        f"{verification.margin:g} (two one-sided tests, α {ALPHA:g}); failed: none of these. Tasks, geometry, cut "
        "vectors, cross-validation, agreement and training log: by their distance, within the same bounds.",
    ]
    return lines


def _change(name: str, values: tuple[str, str]) -> str:
    then, now = (value or "absent" for value in values)
    return f"{name}: then {then}, now {now}"
