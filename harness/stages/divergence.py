"""Trainings that fail: a loss or a weight that is NaN or infinite, and weights that are those of the start."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.errors import CellError, quantity
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.in_force import settings_in_force

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

ENLARGE = "raise train.learning_rate, or train.batch_size if the loss compares the rows of a batch"
Log = Sequence[Mapping[str, Any]]  # what the trainer logs per step, in order


def loss_watch(cell: Cell, store: Store) -> Any:
    """Return the callback that reports progress and raises CellError at the first loss that is not finite."""
    from transformers import TrainerCallback

    class LossWatch(TrainerCallback):
        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            if logs and "loss" in logs:
                loss = float(logs["loss"])
                if not math.isfinite(loss):
                    advice = _advice(cell, state.log_history)
                    raise CellError(f"diverged: loss {loss} at step {state.global_step}; {advice}")

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            store.progress("train", state.global_step, state.max_steps)

    return LossWatch()


def check_weights(cell: Cell, model: SentenceTransformer, log: Log) -> None:
    """Raise CellError where a trained weight is not finite: the last step's loss says nothing of its update."""
    if not all(_is_finite(parameter.detach()) for parameter in model.parameters() if parameter.requires_grad):
        raise CellError(f"diverged: a weight is NaN or infinite; {_advice(cell, log)}")


def fingerprint(model: SentenceTransformer) -> list[int]:
    """Return a number per trained parameter that its bits decide; a changed parameter has another, almost surely."""
    import torch

    integers = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
    return [
        int(parameter.detach().contiguous().view(integers[parameter.element_size()]).sum(dtype=torch.int64))
        for parameter in model.parameters()
        if parameter.requires_grad
    ]


def check_trained(cell: Cell, model: SentenceTransformer, before: list[int], log: Log) -> None:
    """Raise CellError where a training changed no weight; `before` is the fingerprint at its start."""
    rates = [float(entry["learning_rate"]) for entry in log if "learning_rate" in entry]
    if rates and not any(rates):
        raise CellError(f"not trained: the learning rate was 0 at every step ({len(rates)}); use a shorter warm-up")
    if fingerprint(model) == before:
        raise CellError(
            f"not trained: no weight changed in {quantity(len(rates), 'step')}, "
            f"at learning rates up to {max(rates, default=0):g}; {_loss_advice(cell, log) or ENLARGE}"
        )


def _advice(cell: Cell, log: Log) -> str:
    return _loss_advice(cell, log) or "lower train.learning_rate"


def _loss_advice(cell: Cell, log: Log) -> str:
    """Return what to do about a loss that is wrong before the first update, which no learning rate mends; else "".

    Its gradient is then NaN or infinite; clipping makes 0 of what is finite in it, and NaN of the rest. Under float16
    an infinite one is usual: the library lowers the factor of the loss until the gradient fits.
    """
    norm = next((float(entry["grad_norm"]) for entry in log if "grad_norm" in entry), 0.0)
    if math.isfinite(norm) or cell.training.precision == "float16":
        return ""
    numbers = [
        f"{setting.name}={setting.value:g}"
        for setting in settings_in_force(cell)
        if setting.name.partition(".")[0] in cell.objectives and type(setting.value) in (int, float)
    ]
    settings = f" and its settings ({', '.join(numbers)})" if numbers else ""
    return f"the gradient of the first step is {norm}: check the loss{settings}"


def _is_finite(tensor: Tensor) -> bool:
    """Return whether no value is NaN or infinite, in one pass without a copy: both show in the extremes."""
    return all(math.isfinite(value) for value in tensor.aminmax())
