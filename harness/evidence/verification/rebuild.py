"""The plan of a finished folder, made again from the request in its run.json; a plan that differs is rejected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from harness.errors import DataError, NothingMeasured, RequestError, unknown
from harness.execution import plan as planning
from harness.execution.plan import Plan
from harness.request.base_models import base_models, text_of
from harness.request.cell import Cell
from harness.request.request import DeviceName, Request, options
from harness.results import record
from harness.results.rerun_commands import pinned
from harness.results.run_file import RUN_FILE, RunFile, read_run_file, resolved_differences


@dataclass(frozen=True)
class Elsewhere:
    """Options of a request that are different on this machine; None: as the folder was made."""

    suite: str | None = None
    base_model: str | None = None
    data_dir: Path | None = None
    methods_path: Path | None = None
    device: DeviceName | None = None

    def apply(self, request: Request) -> Request:
        """Return the request with the options that are different here."""
        changes: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                changes[field.name] = value.absolute() if isinstance(value, Path) else value
        return replace(request, **changes)


@dataclass(frozen=True)
class Rebuilt:
    """A folder's request, and its plan on this machine."""

    request: Request
    plan: Plan
    run: RunFile


def rebuild(folder: Path, cache: Path, elsewhere: Elsewhere | None = None) -> Rebuilt:
    """Return request and plan of a folder.

    Raises DataError where run.json is missing or damaged, and RequestError, naming what differs, where the request
    does not resolve to what the folder was made by.
    """
    run = read_run_file(folder)
    stored, resolved = run.request, run.content.get("resolved")
    if stored is None or not resolved:
        raise DataError(f"{folder} has no {RUN_FILE} with a request; name a folder that 'harness run --out' wrote")
    request = _located(folder, (elsewhere or Elsewhere()).apply(stored), stored, run)
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


def _located(folder: Path, request: Request, stored: Request, run: RunFile) -> Request:
    """Return the request with its base models at the revision used then; its folders must be here."""
    for name in ("data_dir", "methods_path"):
        path = getattr(request, name)
        if path is not None and path == getattr(stored, name) and not path.is_dir():
            raise _missing(folder, name, path)
    if request.base_model is None:
        return request
    before, models = base_models(stored.base_model), base_models(request.base_model)
    models = {**before, **models} if any(models) else models  # of named ones, those that are not said are as before
    for name, model in models.items():
        if model != before.get(name) or Path(model).is_dir():
            continue
        if not run.base_model_on(name).revision:
            raise _missing(folder, "base_model", f"{name}={model}" if name else model)
        models[name] = pinned(model, run.base_model_on(name)) or model
    return replace(request, base_model=text_of(models))


def _missing(folder: Path, name: str, value: object) -> RequestError:
    flag = options()[name].flag
    return RequestError(f"{folder} was made with {flag} {value}, which is not here; say where it is with {flag}")
