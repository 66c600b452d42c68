"""The plan of a finished folder, made again from the request in its run.json; a plan that differs is rejected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from harness.errors import DataError, NothingMeasured, RequestError, unknown
from harness.evidence.leaderboard import read_run_json
from harness.execution import plan as planning
from harness.execution.output_folder import RUN
from harness.execution.plan import Plan
from harness.request.cell import Cell
from harness.request.request import DeviceName, Request, options
from harness.results import record


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
    run: Mapping[str, Any]  # run.json


def rebuild(folder: Path, cache: Path, elsewhere: Elsewhere | None = None) -> Rebuilt:
    """Return request and plan of a folder.

    Raises DataError where run.json is missing or damaged, and RequestError, naming what differs, where the request
    does not resolve to what the folder was made by.
    """
    run = read_run_json(folder)
    table, resolved = run.get("request"), run.get("resolved")
    if not isinstance(table, Mapping) or not isinstance(resolved, Mapping):
        raise DataError(f"{folder} has no run.json with a request; name a folder that 'harness run --out' wrote")
    stored = Request.from_json(table, str(folder / RUN))
    request = _located(folder, (elsewhere or Elsewhere()).apply(stored), stored, resolved)
    plan = planning.make(request, cache)
    planned = json.loads(json.dumps(dict(plan.resolved)))
    stored_plan = {**resolved, "device": planned["device"]}  # another device is a difference to show, not to reject
    if differing := sorted(name for name in {*stored_plan, *planned} if stored_plan.get(name) != planned.get(name)):
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
    done = {
        f"{stored.entry}/{stored.language}/{stored.seed}"
        for stored in record.read_all(folder)
        if stored.status == "done"
    }
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


def _located(folder: Path, request: Request, stored: Request, resolved: Mapping[str, Any]) -> Request:
    """Return the request with its base model at the revision used then; its folders must be here."""
    for name in ("data_dir", "methods_path"):
        path = getattr(request, name)
        if path is not None and path == getattr(stored, name) and not path.is_dir():
            raise _missing(folder, name, path)
    model = request.base_model
    if model is None or model != stored.base_model or Path(model).is_dir():
        return request
    base = resolved.get("base_model")
    if not isinstance(base, Mapping) or "revision" not in base:
        raise _missing(folder, "base_model", model)
    return replace(request, base_model=f"{base['id']}@{base['revision']}")


def _missing(folder: Path, name: str, value: object) -> RequestError:
    flag = options()[name].flag
    return RequestError(f"{folder} was made with {flag} {value}, which is not here; say where it is with {flag}")
