"""The output folder of a plan: claimed by run.json, so that no two requests write their records into one folder.

A plan may add entries, languages, seeds and named base models to the folder's request (harness.execution.widening).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.data.model_declaration import folder_name
from harness.errors import DataError, RequestError
from harness.execution.plan import Plan
from harness.execution.request_differences import differences_in, in_short
from harness.execution.widening import additions, contradictions
from harness.machine.unwritable import nearest
from harness.request.manifest import LocalBase
from harness.results.checksums import unlist
from harness.results.run_file import RUN_FILE, read_run_file, write_run_file


def claim(folder: Path, plan: Plan, environment: Mapping[str, Any], warnings: Sequence[str] = ()) -> None:
    """Write the plan's run.json into the folder, or check that the one there is of the same request or a part of it.

    A run.json of a part is written again with the whole request. Raises RequestError for a folder of another request
    and one that cannot be written.
    """
    check(folder, plan)
    made_by: dict[str, Any] = {"command": ["harness", *sys.argv[1:]], "environment": dict(environment)}
    content = {**_content(plan), **({"warnings": list(warnings)} if warnings else {})}
    if (folder / RUN_FILE).exists():
        if not added(folder, plan):
            return
        stored = read_run_file(folder).content
        earlier = stored.get("additions", {})
        content = {**stored, **content, "additions": {**earlier, str(len(earlier) + 1): made_by}}
        unlist(folder, [RUN_FILE])
    else:
        content |= made_by
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_run_file(folder, content)
    except OSError as error:
        raise RequestError(f"{folder} cannot be written: {error.strerror}; name another one after --out") from error


def _content(plan: Plan) -> dict[str, Any]:
    """Return what run.json says of a plan, who made it and warnings excepted."""
    return {
        "request": plan.request.to_json(),
        "resolved": dict(plan.resolved),
        "suite_digest": plan.suite.digest,
        "suite": plan.suite.model_dump(mode="json"),
        **({"found": found} if (found := {name: list(files) for name, files in plan.suite.found.items()}) else {}),
        **({"model_names": names} if (names := model_names(plan)) else {}),
    }


def model_names(plan: Plan) -> dict[str, str]:
    """Return sha256 → name of the plan's base models in folders, of the model card or else of the folder."""
    bases = [cell.suite.base_model for cell in plan.cells]
    folders = {base.sha256: base for base in bases if isinstance(base, LocalBase)}
    return {sha256: name for sha256, base in folders.items() if (name := folder_name(base))}


def added(folder: Path, plan: Plan) -> dict[str, list[str]]:
    """Return what a plan adds to the request of a folder (harness.execution.widening); nothing to an empty folder."""
    stored = _stored(folder) if (folder / RUN_FILE).exists() else None
    return additions(stored, plan.resolved) if stored is not None else {}


def check(folder: Path, plan: Plan) -> None:
    """Raise what `claim` would raise, without writing."""
    path = folder / RUN_FILE
    if path.exists() and (names := contradictions(_stored(folder), plan.resolved)):
        differences = in_short(differences_in(names, read_run_file(folder).content, _content(plan)))
        raise RequestError(
            f"{folder} belongs to another request (it differs in {differences}); "
            "name another folder after --out, or leave out the options that differ"
        )
    if folder.exists() and not folder.is_dir():
        raise RequestError(f"{folder} is a file, not a folder; name a folder after --out")
    if not path.exists() and folder.exists() and any(folder.iterdir()):
        raise RequestError(f"{folder} is not an empty folder and has no {RUN_FILE}; name another one after --out")
    existing = nearest(folder.absolute())
    if not (existing.is_dir() and os.access(existing, os.W_OK)):
        raise RequestError(f"{folder} cannot be written; name another one after --out")


def _stored(folder: Path) -> Mapping[str, Any]:
    """Return what the request of a folder resolved to."""
    stored = read_run_file(folder).content.get("resolved")
    if not isinstance(stored, dict):
        raise DataError(f"{folder / RUN_FILE} does not say what it resolved to; name another folder after --out")
    return stored
