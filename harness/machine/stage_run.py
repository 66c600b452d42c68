"""What a cell's record says of one of its stages, and what the stage's output cost where it was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from harness.machine.names import Word
from harness.schema import Strict


class Cost(Strict):
    """What making an output takes: seconds and peak memory, with those of outputs that it needs on the way.

    The peak is that of a process up to the output's end: resident memory, or memory of the GPU that it computes on.
    Of an output that resumed from a checkpoint both are of the process that ended it.
    """

    seconds: float = Field(ge=0, allow_inf_nan=False)
    peak_bytes: int = Field(ge=0, lt=1 << 63)


class StageRun(Strict):
    """One stage of a cell: its key, its seconds in the cell's process, whether its output was cached, what made it.

    `made_by` is the id of a maker, "" for an output that does not say; `found` holds what the stage read off the models
    that it computed with, such as their dtype. `cost` is that of the process that made the output, which is another
    one where it was cached; None for outputs that do not say.
    """

    stage: Word
    key: Word
    seconds: float
    cached: bool
    made_by: str = ""
    found: Mapping[str, Any] = Field(default_factory=dict)
    cost: Cost | None = Field(default=None, exclude_if=lambda value: value is None)
