"""Trainings that fail: a loss or a weight that is NaN or infinite, and weights that are those of the start."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import CellError, quantity
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


def fingerprint(model: SentenceTransformer) -> list[int]:
    """Return a number per trained parameter that its bits decide; a changed parameter has another, almost surely."""
    import torch

    integers = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    return [
        int(parameter.detach().contiguous().view(integers[parameter.element_size()]).sum(dtype=torch.int64))
        for parameter in model.parameters()
        if parameter.requires_grad
    ]


def check_trained(model: SentenceTransformer, before: list[int], log: Sequence[Mapping[str, Any]]) -> None:
    """Raise CellError where a training changed no weight; `before` is the fingerprint at its start."""
    rates = [float(entry["learning_rate"]) for entry in log if "learning_rate" in entry]
    if rates and not any(rates):
        raise CellError(f"not trained: the learning rate was 0 at every step ({len(rates)}); use a shorter warm-up")
    if fingerprint(model) == before:
        raise CellError(
            f"not trained: no weight changed in {quantity(len(rates), 'step')}, "
            f"at learning rates up to {max(rates, default=0):g}; "
            "raise train.learning_rate, or train.batch_size if the loss compares the rows of a batch"
        )


def _is_finite(tensor: Tensor) -> bool:
    """Return whether no value is NaN or infinite, in one pass without a copy: both show in the extremes."""
    return all(math.isfinite(value) for value in tensor.aminmax())
