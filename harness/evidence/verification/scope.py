"""What a verification cannot prove, by what was and was not done."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from harness.errors import quantity
from harness.evidence.verification.finding import Finding
from harness.results.folder import ResultFolder

NEVER = (
    Finding("records", "seconds, memory, energy and cached stages are the word of the machine that measured them"),
    Finding("records", "processor, libraries and code are the word of the machine that ran; a rerun shows its own"),
    Finding("run.json", "the command and the environment are the word of the machine that ran"),
)
RERUN_ONLY = (
    "weights, ranking, MTEB tasks, geometry, labelled pairs, cut vectors, cross-validation, agreement and training log"
)
FAILED = "why a cell failed, and its log"
SHA256SUMS = Finding("SHA256SUMS", "can be written again by whoever changes a file: it proves no origin")


def open_questions(results: ResultFolder, rerun: Collection[str]) -> Sequence[Finding]:
    """Return what stays unproven after files and records have been compared and the cells named `rerun` rerun."""
    left = [record.name for record in results.records if record.name not in rerun]
    cells = f"not rerun: {quantity(len(left), 'cell')}, of which {RERUN_ONLY} could be made up" if left else ""
    failures = f"{quantity(len(results.failures), 'failed cell')}: {FAILED}" if results.failures else ""
    return [*(Finding("records", problem) for problem in (cells, failures) if problem), *NEVER, SHA256SUMS]
