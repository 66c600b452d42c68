"""Who made the outputs that a record stands on: reused ones of another machine, library or code version are named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.machine.stage_run import StageRun
from harness.results.differences import Differing
from harness.results.flatten import flatten
from harness.results.notes import joined
from harness.results.record import Record

SCORE = "score"  # the stage that the process which wrote the record computes itself
COMPARED = (
    *("code.sources_sha256", "environment.python", "environment.os", "environment.packages."),
    *("environment.cpu", "environment.instruction_set", "environment.gpu", "environment.cuda", "environment.cudnn"),
)  # beginnings of names; threads and determinism are settings of a process, in keys or in the makers themselves


@dataclass(frozen=True)
class ReusedOutput:
    """A stored output whose maker is not the process that scored the cell; without differences the maker is unknown."""

    stage: str
    differences: tuple[Differing, ...]  # maker of the output → process that scored

    def __str__(self) -> str:
        if not self.differences:
            return f"{self.stage}: maker unknown"
        values = ", ".join(f"{item.name} {_short(item.old)}, here {_short(item.new)}" for item in self.differences)
        return f"{self.stage}: made with {values}"


def scorer(record: Record) -> Mapping[str, Any]:
    """Return the environment of the process that scored a record; of older records, the one that they hold."""
    return record.table("makers", _scored_by(record), "environment") or record.table("environment")


def reused_outputs(record: Record) -> list[ReusedOutput]:
    """Return the reused outputs of a record that another machine, library or code version made, or an unknown maker.

    A value that one of the two makers does not hold is not compared: a process without torch has no GPU to name.
    """
    reused = {str(output): output for run in record.stages if (output := _reused(record, run)) is not None}
    return list(reused.values())


def reuse_notes(records: Iterable[Record]) -> Iterator[str]:
    """Return what was reused from elsewhere, with the number of cells and the first of them."""
    return joined(records, lambda record: map(str, reused_outputs(record)))


def _reused(record: Record, run: StageRun) -> ReusedOutput | None:
    if not run.cached:
        return None
    scored_by = _scored_by(record)
    if run.made_by == scored_by and scored_by:
        return None
    differences = tuple(_differences(record.table("makers", run.made_by), record.table("makers", scored_by)))
    unknown = not (run.made_by and scored_by)
    return ReusedOutput(run.stage, differences) if differences or unknown else None


def _scored_by(record: Record) -> str:
    """Return the maker of the scores, "" for a record that does not say."""
    return next((run.made_by for run in record.stages if run.stage == SCORE), "")


def _differences(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Differing]:
    left, right = dict(flatten(old)), dict(flatten(new))
    for name in left:
        if name.startswith(COMPARED) and name in right and left[name] != right[name]:
            yield Differing(name, left[name], right[name])


def _short(value: str) -> str:
    return value if len(value) <= 40 else f"{value[:12]}…"
