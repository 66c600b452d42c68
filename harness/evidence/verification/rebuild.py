"""The plan of a finished folder, made again from the request in its run.json; a plan that differs is rejected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from harness.errors import DataError, NothingMeasured, RequestError, unknown
from harness.evidence.verification.named_places import check_plugins, located
from harness.execution import plan as planning
from harness.execution.plan import Plan
from harness.request.cell import Cell
from harness.request.request import DeviceName, Request
from harness.results import record
from harness.results.run_file import RUN_FILE, RunFile, read_run_file, resolved_differences


@dataclass(frozen=True)
class Elsewhere:
    """Options of a request that are different on this machine; None: as the folder was made."""

    suite: str | None = None
    base_model: str | None = None
    data_dir: Path | None = None
    methods_path: Path | None = None
    train_file: str | None = None
    negative_queries: str | None = None
    augment: str | None = None
    write_prompt: Path | None = None
    device: DeviceName | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The options that are different here, by field."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: value.absolute() if isinstance(value, Path) else value
            for name, value in values.items()
            if value is not None
        }


@dataclass(frozen=True)
class Rebuilt:
    """A folder's request, and its plan on this machine."""

    request: Request
    plan: Plan
    run: RunFile


def rebuild(folder: Path, cache: Path, elsewhere: Elsewhere | None = None) -> Rebuilt:
    """Return request and plan of a folder.

    Raises DataError where run.json is missing or damaged, and RequestError where the request names paths or plugins
    that `elsewhere` does not say, and, naming what differs, where it does not resolve to what the folder was made by.
    """
    run = read_run_file(folder)
    stored, resolved = run.request, run.content.get("resolved")
    if stored is None or not resolved:
        raise DataError(f"{folder} has no {RUN_FILE} with a request; name a folder that 'harness run --out' wrote")
    request = located(folder, run, (elsewhere or Elsewhere()).given)
    check_plugins(folder, run, request)
    plan = planning.make(request, cache)
    stored_plan = {**resolved, "device": plan.resolved["device"]}  # another device is shown, not rejected
    if differing := resolved_differences(stored_plan, plan.resolved):
        raise RequestError(
            f"{folder} cannot be rebuilt: its request resolves differently here (in {', '.join(differing)}); "
            "use the revision of the harness, the suite and the files that it was made with"
        )
    return Rebuilt(request, plan, run)


def select_cells(folder: Path, plan: Plan, names: Sequence[str]) -> tuple[list[Cell], list[str]]:
    """Return the named cells of a plan, all where none is named, and the names of those without a done record.

    Raises RequestError for an unknown cell and for a record that is not of the plan, and NothingMeasured where no
    named cell is done.
    """
    done = {stored.name for stored in record.read_all(folder) if stored.status == "done"}
    cells = {str(cell): cell for cell in plan.cells}
    for name in names:
        if name not in cells:
            raise unknown("cell", name, cells)
    if extra := sorted(done - cells.keys()):
        raise RequestError(f"{folder} has a record of {extra[0]}, which its request does not include; delete it")
    requested = list(dict.fromkeys(names or cells))
    selected = [cells[name] for name in requested if name in done]
    if not selected:
        raise NothingMeasured(f"no done cell to rerun in {folder}; run its request first")
    return selected, [name for name in requested if name not in done]
