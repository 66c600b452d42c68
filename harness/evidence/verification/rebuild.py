"""The plan of a finished folder, made again from the request in its run.json; what cannot be made again is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import DataError, RequestError
from harness.evidence.leaderboard import read_run_json
from harness.execution import plan as planning
from harness.execution.plan import Plan, Request
from harness.request.cell import Place

PLACES = ("data_dir", "methods_path")  # folders that may lie elsewhere here
OPTIONS = {"suite": "--suite", "base_model": "--base-model", **{name: f"--{name.replace('_', '-')}" for name in PLACES}}


@dataclass(frozen=True)
class Elsewhere:
    """What lies at another place, or is computed on another device, than when the folder was made; None: as it was."""

    suite: str | None = None
    base_model: str | None = None
    data_dir: Path | None = None
    methods_path: Path | None = None
    device: str | None = None


@dataclass(frozen=True)
class Rebuilt:
    """A folder's request, and its plan as it is here and now."""

    request: Request
    plan: Plan
    run: Mapping[str, Any]  # run.json


def rebuild(folder: Path, cache: Path, elsewhere: Elsewhere | None = None) -> Rebuilt:
    """Return request and plan of a folder.

    Raises DataError where run.json is missing or damaged, and RequestError, naming what differs, where the request
    does not come to the plan that the folder was made by.
    """
    run = read_run_json(folder)
    given, resolved = run.get("request"), run.get("resolved")
    if not isinstance(given, Mapping) or not isinstance(resolved, Mapping):
        raise DataError(f"{folder} has no run.json with a request; name a folder that 'harness run --out' wrote")
    try:
        request = _request(folder, run, cache, elsewhere or Elsewhere())
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{folder / 'run.json'}: the request is damaged ({error}); run it again") from error
    made = planning.make(request)
    wanted = json.loads(json.dumps(dict(made.resolved)))
    device = {"device": wanted["device"]}  # another one is a difference to show, not one to refuse
    if differ := sorted(name for name in {*resolved, *wanted} if {**resolved, **device}.get(name) != wanted.get(name)):
        raise RequestError(
            f"{folder} cannot be made again: its request comes to something else here (in {', '.join(differ)}); "
            "take the revision of the harness, the suite and the files that it was made with"
        )
    return Rebuilt(request, made, run)


def _request(folder: Path, run: Mapping[str, Any], cache: Path, elsewhere: Elsewhere) -> Request:
    given, resolved = run["request"], run["resolved"]
    places = {name: getattr(elsewhere, name) or _there(folder, given, name) for name in PLACES}
    return Request(
        suite=elsewhere.suite or given["suite"],
        methods=given["methods"],
        languages=given["languages"],
        seeds=given["seeds"],
        out=folder,
        place=Place(cache=cache, device=elsewhere.device or given["device"], **places),
        base_model=elsewhere.base_model or _pinned(folder, given["base_model"], resolved["base_model"]),
        max_train=given["max_train"],
        measures=given["measures"],
        settings=given["set"],
        train_file=given["train_file"],
        negative_queries=given["negative_queries"],
        augment=given["augment"],
        write_prompt=Path(given["write_prompt"]) if given["write_prompt"] else None,
        unverified_data=given["unverified_data"],
    )


def _there(folder: Path, given: Mapping[str, Any], name: str) -> Path | None:
    if given[name] is None:
        return None
    place = Path(given[name])
    if not place.is_dir():
        raise RequestError(f"{folder} was made with {OPTIONS[name]} {place}, which is not here; give it anew")
    return place


def _pinned(folder: Path, given: str | None, resolved: Mapping[str, Any]) -> str | None:
    """Return the base model at the revision that a branch meant then; a folder must still be there."""
    if given is None or Path(given).is_dir():
        return given
    if "revision" not in resolved:
        raise RequestError(f"{folder} was made with --base-model {given}, which is not here; give it anew")
    return f"{resolved['id']}@{resolved['revision']}"
