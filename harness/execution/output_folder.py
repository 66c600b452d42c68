"""The output folder of a plan: claimed by run.json, so that no two requests write their records into one folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import DataError, RequestError
from harness.execution.plan import Plan
from harness.results.run_file import RUN_FILE, read_run_file, resolved_differences, write_run_file


def claim(folder: Path, plan: Plan, environment: Mapping[str, Any], warnings: Sequence[str] = ()) -> None:
    """Write the plan's run.json into the folder, or check that the one there is of the same request.

    Raises RequestError for a folder of another request and one that cannot be written.
    """
    check(folder, plan)
    path = folder / RUN_FILE
    if path.exists():
        return
    content = {
        "command": ["harness", *sys.argv[1:]],
        "request": plan.request.to_json(),
        "resolved": dict(plan.resolved),
        "suite_digest": plan.suite.digest,
        "suite": plan.suite.model_dump(mode="json"),
        "environment": dict(environment),
        **({"warnings": list(warnings)} if warnings else {}),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_run_file(folder, content)
    except OSError as error:
        raise RequestError(f"{folder} cannot be written: {error.strerror}; name another one after --out") from error


def check(folder: Path, plan: Plan) -> None:
    """Raise what `claim` would raise, without writing."""
    path = folder / RUN_FILE
    if path.exists() and (differing := _differences(path, plan.resolved)):
        raise RequestError(
            f"{folder} belongs to another request (it differs in {', '.join(differing)}); "
            "name another folder after --out, or repeat the request it was made with"
        )
    if not path.exists() and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RequestError(f"{folder} is not an empty folder and has no {RUN_FILE}; name another one after --out")
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not (existing.is_dir() and os.access(existing, os.W_OK)):
        raise RequestError(f"{folder} cannot be written; name another one after --out")


def _differences(path: Path, resolved: Mapping[str, Any]) -> list[str]:
    stored = read_run_file(path.parent).content.get("resolved")
    if not isinstance(stored, dict):
        raise DataError(f"{path} does not say what it resolved to; name another folder after --out")
    return resolved_differences(stored, resolved)
