"""Scores of the stored rankings, computed again: what moved since they were written, and their replacement.

Nothing is trained, encoded or searched: a ranking is read from its record's run.gz, the judgments from the suite.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.errors import DataError, NothingMeasured, RequestError
from harness.evidence.verification.rebuild import Rebuilt
from harness.evidence.verification.rerun import measured
from harness.execution import plan as planning
from harness.execution.plan import Plan
from harness.machine.stage_run import StageRun
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.results import record as records
from harness.results.checksums import differences, unlist
from harness.results.makers import SCORE
from harness.results.record import Pair, Record
from harness.results.run_file import RUN_FILE, write_run_file
from harness.results.stored_files import problem
from harness.stages.lineage import record_inputs, record_key
from harness.stages.prepare import prepare
from harness.stages.score import means, score
from harness.types import Scores


@dataclass(frozen=True)
class Rescored:
    """One cell: its record and scores as stored, and its scores as computed again."""

    cell: Cell
    stored: Record
    old: Scores
    new: Scores


@dataclass(frozen=True)
class Moved:
    """One measure of one entry and language, over all seeds; `old` and `largest` are None for an added measure."""

    entry: str
    language: str
    measure: str
    old: float | None
    new: float
    largest: float | None  # difference of one query under one seed, absolute


def widened(rebuilt: Rebuilt, measures: Sequence[str]) -> Plan:
    """Return the folder's plan with measures added; raises RequestError for an unknown one."""
    if not measures:
        return rebuilt.plan
    known = rebuilt.plan.suite.evaluation.measures
    return planning.make(replace(rebuilt.request, measures=(*known, *measures)), rebuilt.plan.place.cache)


def rescore(folder: Path, plan: Plan) -> list[Rescored]:
    """Return the new scores of every done cell of a plan.

    Raises NothingMeasured if none is done, and DataError for files that do not match the sha256 in their record, or a
    ranking of queries that are not judged.
    """
    rescored = []
    for cell in plan.cells:
        path = records.path_of(folder, cell.entry.name, cell.language, cell.seed)
        if not os.path.lexists(path) or (stored := records.read(path, folder)).status != "done":
            continue
        before = measured(folder, stored)
        if before.run is None:
            raise DataError(f"record {path}: {problem(folder, stored)}; run the cell again, then score it")
        data = prepare(cell.suite, cell.language, cell.place, Store(cell.place.cache))
        if unjudged := before.run.keys() - data.dev.keys():
            raise DataError(f"{path}: its ranking answers '{min(unjudged)}', which the suite does not judge; verify it")
        ranking = {query: list(rows.items()) for query, rows in before.run.items()}
        new = score(ranking, data.dev, cell.suite.evaluation.measures)
        rescored.append(Rescored(cell, stored, before.scores, new))
    if not rescored:
        raise NothingMeasured(f"no done cell in {folder}; run its request first")
    return rescored


def moves(cells: Sequence[Rescored]) -> Iterator[Moved]:
    """Yield every entry, language and measure whose scores differ from the stored ones."""
    groups: dict[Pair, list[Rescored]] = {}
    for rescored in cells:
        groups.setdefault(rescored.stored.pair, []).append(rescored)
    for pair, group in groups.items():
        for measure in group[0].new:
            new = _mean(measure, [rescored.new for rescored in group])
            if any(measure not in rescored.old for rescored in group):
                yield Moved(*pair, measure, None, new, None)
                continue
            largest = max(_largest(rescored.old[measure], rescored.new[measure]) for rescored in group)
            if largest > 0:
                yield Moved(*pair, measure, _mean(measure, [rescored.old for rescored in group]), new, largest)


def _mean(measure: str, scores_by_seed: Sequence[Scores]) -> float:
    by_seed = [means({measure: scores[measure]})[measure] for scores in scores_by_seed]
    return sum(by_seed) / len(by_seed)


def _largest(old: Mapping[str, float], new: Mapping[str, float]) -> float:
    return max(abs(old.get(query, 0.0) - new.get(query, 0.0)) for query in {*old, *new})


def write(folder: Path, rebuilt: Rebuilt, plan: Plan, cells: Sequence[Rescored]) -> None:
    """Replace the old scores by the new ones, in records and run.json too.

    Raises DataError if a file of the folder was changed after it was written, and RequestError for measures added to
    vectors cut to fewer dimensions, whose rankings are not stored. Nothing has been written by then.
    """
    if changed := differences(folder):
        raise DataError(f"{folder}: {changed[0]} (of {len(changed)} files); nothing was written: see `harness verify`")
    added = set(plan.suite.evaluation.measures) - set(rebuilt.plan.suite.evaluation.measures)
    if added and any(rescored.stored.by_dimension for rescored in cells):
        raise RequestError(f"{folder} has scores of cut vectors, whose rankings are not stored; run the request again")
    unlist(folder, [RUN_FILE, *(f"records/{rescored.cell}." for rescored in cells)])
    if added:
        _rewrite_run_file(folder, rebuilt, plan)
    for rescored in cells:
        stages, makers = _scored_here(rescored)
        provenance = {
            **rescored.stored.provenance,
            "makers": makers,
            "evaluation": rescored.cell.suite.evaluation.model_dump(),
            "suite_digest": rescored.cell.suite.digest,
        }
        update = {
            "measures": means(rescored.new),
            "cell_key": _cell_key(rescored),
            "stages": stages,
            "provenance": provenance,
        }
        records.rewrite(folder, rescored.stored.model_copy(update=update), rescored.new)


def _cell_key(rescored: Rescored) -> str:
    """Return the key of a record with its new scores; the old one, so that the cell runs again, if its ranking is not
    what the request gives under the libraries and plugins that are installed now."""
    made_of = {run.key for run in rescored.stored.stages}
    return record_key(rescored.cell) if made_of.issuperset(record_inputs(rescored.cell)) else rescored.stored.cell_key


def _scored_here(rescored: Rescored) -> tuple[tuple[StageRun, ...], dict[str, Any]]:
    """Return a record's stages and makers where this process is the one that scored; a ranking keeps its maker."""
    stored, store = rescored.stored, Store(rescored.cell.place.cache)
    store.computed(SCORE, record_key(rescored.cell), 0.0)
    stages = tuple(run for run in stored.stages if run.stage != SCORE)
    return (*stages, *store.runs), {**stored.table("makers"), **store.makers}


def _rewrite_run_file(folder: Path, rebuilt: Rebuilt, plan: Plan) -> None:
    """Make run.json ask for the added measures, so that the same request resumes here."""
    measures = list(plan.suite.evaluation.measures)
    content = {
        **rebuilt.run.content,
        "request": {**rebuilt.run.content["request"], "measures": measures},
        "resolved": dict(plan.resolved),
        "suite": plan.suite.model_dump(mode="json"),
        "suite_digest": plan.suite.digest,
        "rescored": {"measures": measures},
    }
    write_run_file(folder, content)
