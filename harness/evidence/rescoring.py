"""Scores of the stored rankings, computed anew: what moved since they were written, and the new ones in their place.

Nothing is trained, encoded or searched: a ranking is read from its record's run.gz, the judgments from the suite.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import DataError, NothingMeasured, RequestError
from harness.evidence.verification.rebuild import Rebuilt
from harness.evidence.verification.rerun import measured
from harness.execution import plan as planning
from harness.execution.output_folder import RUN
from harness.execution.plan import Plan
from harness.machine.atomic import write_atomically
from harness.machine.store import Store
from harness.pipeline import key_of
from harness.request.cell import Cell
from harness.results import record
from harness.results.checksums import differences, unlist
from harness.results.record import Record
from harness.stages.prepare import prepare
from harness.stages.score import score
from harness.types import Scores


@dataclass(frozen=True)
class Rescored:
    """One cell: its record and its scores as they were written and as they are now."""

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
    """Return the folder's plan with measures added; raises RequestError for one that there is not."""
    if not measures:
        return rebuilt.plan
    old = rebuilt.plan.suite.evaluation.measures
    return planning.make(replace(rebuilt.request, measures=(*old, *measures)), rebuilt.plan.place.cache)


def rescore(folder: Path, plan: Plan) -> list[Rescored]:
    """Return the new scores of every done cell of a plan.

    Raises NothingMeasured where none is done, and DataError for files that are not those that a record names, or a
    ranking of other queries than the judged ones.
    """
    found = []
    for cell in plan.cells:
        path = record.path_of(folder, cell.entry.name, cell.language, cell.seed)
        if not path.is_file() or (stored := record.read(path)).status != "done":
            continue
        before = measured(folder, stored)
        if before.run is None:
            raise DataError(f"{path}: its ranking was not published with it; run the cell again, then score it")
        data = prepare(cell.suite, cell.language, cell.place, Store(cell.place.cache))
        if strange := before.run.keys() - data.dev.keys():
            raise DataError(f"{path}: its ranking answers '{min(strange)}', which the suite does not judge; verify it")
        ranking = {query: list(rows.items()) for query, rows in before.run.items()}
        new = score(ranking, data.dev, cell.suite.evaluation.measures)
        found.append(Rescored(cell, stored, before.scores, new))
    if not found:
        raise NothingMeasured(f"no done cell in {folder}; run its request first")
    return found


def moves(cells: Sequence[Rescored]) -> Iterator[Moved]:
    """Yield every entry, language and measure whose scores are others than those that were written."""
    groups: dict[tuple[str, str], list[Rescored]] = {}
    for one in cells:
        groups.setdefault((one.cell.entry.name, one.cell.language), []).append(one)
    for (entry, language), group in groups.items():
        for measure in group[0].new:
            new = _mean(measure, [one.new for one in group])
            if any(measure not in one.old for one in group):
                yield Moved(entry, language, measure, None, new, None)
                continue
            largest = max(_largest(one.old[measure], one.new[measure]) for one in group)
            if largest > 0:
                yield Moved(entry, language, measure, _mean(measure, [one.old for one in group]), new, largest)


def _mean(measure: str, scores: Sequence[Scores]) -> float:
    means = [sum(one[measure].values()) / len(one[measure]) for one in scores]
    return sum(means) / len(means)


def _largest(old: Mapping[str, float], new: Mapping[str, float]) -> float:
    return max(abs(old.get(query, 0.0) - new.get(query, 0.0)) for query in {*old, *new})


def write(folder: Path, rebuilt: Rebuilt, plan: Plan, cells: Sequence[Rescored]) -> None:
    """Put the new scores in the place of the old ones, with records and run.json that say so.

    Raises DataError where a file of the folder is not as it was written, and RequestError for measures added to
    vectors cut to fewer dimensions, whose rankings are not stored. Nothing has been written by then.
    """
    if changed := differences(folder):
        raise DataError(f"{folder}: {changed[0]} (of {len(changed)} files); nothing was written: see `harness verify`")
    added = set(plan.suite.evaluation.measures) - set(rebuilt.plan.suite.evaluation.measures)
    if added and any(one.stored.by_dimension for one in cells):
        raise RequestError(f"{folder} has scores of cut vectors, whose rankings are not stored; run the request anew")
    unlist(folder, [RUN, *(f"records/{one.cell}." for one in cells)])
    if added:
        _rewrite_run(folder, rebuilt, plan)
    for one in cells:
        provenance = {
            **one.stored.provenance,
            "evaluation": plan.suite.evaluation.model_dump(),
            "suite_digest": plan.suite.digest,
        }
        means = {name: sum(values.values()) / len(values) for name, values in one.new.items()}
        update = {"measures": means, "cell_key": key_of(one.cell), "provenance": provenance}
        record.rewrite(folder, one.stored.model_copy(update=update), one.new)


def _rewrite_run(folder: Path, rebuilt: Rebuilt, plan: Plan) -> None:
    """Let run.json ask for the measures that are now there, so that the same request goes on from here."""
    measures = list(plan.suite.evaluation.measures)
    content = {
        **rebuilt.run,
        "request": {**rebuilt.run["request"], "measures": measures},
        "resolved": dict(plan.resolved),
        "suite": plan.suite.model_dump(mode="json"),
        "suite_digest": plan.suite.digest,
        "rescored": {"measures": measures},
    }
    write_atomically(folder / RUN, (json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode())
