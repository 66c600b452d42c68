"""One cell as the page of its entry shows it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.evidence.leaderboard import Leaderboard
from harness.machine.stage_run import StageRun
from harness.report.entries.cell_files import FileLink, file_links, weight_hashes
from harness.report.entries.cell_measurements import LossSummary, energy_text, further_scores, loss_summary
from harness.report.markup import definitions, rows
from harness.report.numbers import hundred, memory
from harness.report.page_links import section_id
from harness.results import rerun_commands
from harness.results.cell_cost import cell_cost
from harness.results.flatten import Facts
from harness.results.makers import reused_outputs
from harness.results.record import Record

if TYPE_CHECKING:
    from markupsafe import Markup

FOLDER = "."  # the check commands are typed in the folder that they check
_LONGEST = 400  # characters of a shown value; the record holds the whole value


@dataclass(frozen=True)
class CellView:
    """One cell; `facts` holds the values that it does not share with other cells."""

    record: Record
    id: str
    scores: tuple[str, ...]  # one per measure, "" where there is none
    score_text: str  # the scores with their measures and the number of queries
    signature: str  # "" for a failed cell
    check_command: str  # "" where the folder lacks a file that the command reads
    rerun_command: str
    files: tuple[FileLink, ...]
    weights: tuple[tuple[str, str], ...]  # name, sha256
    losses: LossSummary | None
    energy: str
    facts: Markup
    stages: Markup
    reused: tuple[str, ...]  # outputs of another machine, library or code version, or of an unknown maker

    @property
    def name(self) -> str:
        return f"{self.record.language}, seed {self.record.seed}"

    @property
    def cached(self) -> int:
        return sum(run.cached for run in self.record.stages)

    @property
    def seconds(self) -> str:
        cost = cell_cost(self.record)
        return f"{cost.seconds:.1f}" if cost else ""

    @property
    def memory(self) -> str:
        cost = cell_cost(self.record)
        return memory(cost.peak_bytes) if cost else ""


def cell_view(board: Leaderboard, record: Record, names: Collection[str], signature: str, facts: Facts) -> CellView:
    """Return the view of a record; `names` are the files beside it, `facts` its provenance beyond what cells share."""
    files = tuple(file_links(record, names))
    request = board.run.request
    checkable = record.status == "done" and all(file.href for file in files) and request is not None
    scores = tuple(hundred(record.measures[name]) if name in record.measures else "" for name in board.measures)
    named_scores = [f"{name} {score}" for name, score in zip(board.measures, scores, strict=True) if score]
    options = ["--data-dir", str(request.data_dir)] if request and request.data_dir else []
    options += ["--out", f"runs/again-{record.entry}-{record.language}-{record.seed}"]
    return CellView(
        record=record,
        id=section_id(record),
        scores=scores,
        score_text=f"{', '.join(named_scores)}, over {record.n_queries} queries",
        signature=signature,
        check_command=rerun_commands.verify_command(FOLDER, record) if checkable else "",
        rerun_command=rerun_commands.run_command(board.run, record, options),
        files=files,
        weights=tuple(weight_hashes(record)),
        losses=loss_summary(record),
        energy=energy_text(record),
        facts=definitions((name, _shortened(value)) for name, value in [*facts, *further_scores(record)]),
        stages=rows([_stage_row(run) for run in record.stages]),
        reused=tuple(map(str, reused_outputs(record))),
    )


def _stage_row(run: StageRun) -> tuple[str, ...]:
    source = "the cache" if run.cached else "computed"
    seconds = run.cost.seconds if run.cost else None if run.cached else run.seconds
    return run.stage, "" if seconds is None else f"{seconds:.3f}", source, run.key[:12], run.made_by or "unknown"


def _shortened(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}… (whole in the record)"
