"""What cells of a kind cost on this machine: seconds, peak memory, bytes of a trained model; kept in `.timings`.

A kind is a suite with its settings, an entry, a language and a device; its seeds cost alike.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from harness.errors import DataError
from harness.keys import digest
from harness.machine import bounded
from harness.machine.atomic import write_atomically
from harness.request.cell import Cell
from harness.schema import Strict


class Costs(Strict):
    """The largest costs of a kind so far; None where unknown. A cell of which most was cached costs little."""

    seconds: float | None = None
    peak_bytes: int | None = None  # resident memory of the process
    model_bytes: int | None = None  # of one trained model on disk


def costs(cell: Cell) -> Costs:
    """Return what cells of this kind have cost here."""
    try:
        text = bounded.read(_path(cell), "DOCUMENT_BYTES")
        table = json.loads(text)
        if isinstance(table, int | float):  # of an older version: the seconds alone
            return Costs(seconds=float(table))
        return Costs.model_validate_json(text)
    except (OSError, ValueError, ValidationError, DataError):
        return Costs()


def remember(cell: Cell, now: Costs) -> None:
    """Store what a cell cost where it is more than was known."""
    before, path = costs(cell), _path(cell)
    largest = {}
    for name in Costs.model_fields:
        known = [value for value in (getattr(before, name), getattr(now, name)) if value is not None]
        largest[name] = max(known, default=None)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(largest).encode())


def _path(cell: Cell) -> Path:
    name = digest([cell.suite.digest, cell.entry.identity(), cell.language, cell.place.device])
    return cell.place.cache / ".timings" / f"{name}.json"
