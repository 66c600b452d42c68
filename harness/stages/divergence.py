"""Divergence: a training stops at the first loss, or ends at a weight, that is NaN or infinite."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from harness.errors import CellError
from harness.machine.store import Store

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor


def loss_watch(store: Store) -> Any:
    """Return the callback that reports progress and raises CellError at the first loss that is not finite."""
    from transformers import TrainerCallback

    class LossWatch(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            if logs and "loss" in logs:
                loss = float(logs["loss"])
                if not math.isfinite(loss):
                    raise CellError(f"diverged: loss {loss} at step {state.global_step}; lower the learning rate")

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            store.progress("train", state.global_step, state.max_steps)

    return LossWatch()


def check_weights(model: SentenceTransformer) -> None:
    """Raise CellError where a trained weight is not finite: the last step's loss says nothing of its update."""
    if not all(_is_finite(parameter.detach()) for parameter in model.parameters() if parameter.requires_grad):
        raise CellError("diverged: a weight is NaN or infinite; lower the learning rate")


def _is_finite(tensor: Tensor) -> bool:
    """Return whether no value is NaN or infinite, in one pass without a copy: both show in the extremes."""
    return all(math.isfinite(value) for value in tensor.aminmax())
