"""What computes in this process: code, libraries and machine, as they are when an output is made."""

from __future__ import annotations

import sys
from typing import Any

from harness.keys import digest
from harness.machine.code import code
from harness.machine.hardware import environment
from harness.machine.torch_state import torch_state


def maker() -> dict[str, Any]:
    """Return code and environment of this process; torch's state is part of it where torch has been imported."""
    return {"code": code(), "environment": {**environment(), **(torch_state() if "torch" in sys.modules else {})}}


def maker_id(made_by: dict[str, Any]) -> str:
    """Return the short name by which the stages of a record refer to what made them."""
    return digest(made_by)[:12]
