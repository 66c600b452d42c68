"""The state that losses hold themselves, such as SoftmaxLoss's classifier, beside the trainer's checkpoints.

The trainer updates a loss's own parameters, and its optimizer's state of them is in a checkpoint, but they themselves
are not (docs/traps.md, T22): a resumed training would continue with parameters that no step has touched. Only those
that a step has updated are stored, so that a frozen guide model is not copied with every checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor, nn

FILE = "loss_state.safetensors"
Losses = Mapping[str, "nn.Module"]  # objective → its loss


def is_whole(checkpoint: Path, losses: Losses, model: SentenceTransformer) -> bool:
    """Return whether a checkpoint holds the losses' own state, where they have any."""
    return not _own(losses, model) or (checkpoint / FILE).is_file()


def loss_state(losses: Losses, model: SentenceTransformer) -> Any:
    """Return the callback that stores the losses' own state with every checkpoint, and reads it back on resumption."""
    from safetensors.torch import load_file, save_file
    from transformers import TrainerCallback

    class LossState(TrainerCallback):
        def on_save(self, args: Any, state: Any, control: Any, optimizer: Any = None, **_: Any) -> None:
            if own := _own(losses, model):
                trained = {name: value for name, value in own.items() if _is_state(value, optimizer)}
                save_file({name: value.detach().clone() for name, value in trained.items()}, _file(args, state))

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step and (own := _own(losses, model)):
                for name, value in load_file(_file(args, state)).items():
                    own[name].data.copy_(value)

    return LossState()


def _file(args: Any, state: Any) -> Path:
    return Path(args.output_dir) / f"checkpoint-{state.global_step}" / FILE


def _own(losses: Losses, model: SentenceTransformer) -> dict[str, Tensor]:
    """Return the parameters and buffers of the losses that are not the model's, by objective and name."""
    of_model = {id(tensor) for tensor in (*model.parameters(), *model.buffers())}
    return {
        f"{objective}.{name}": tensor
        for objective, loss in losses.items()
        for name, tensor in (*loss.named_parameters(), *loss.named_buffers())
        if id(tensor) not in of_model
    }


def _is_state(tensor: Any, optimizer: Any) -> bool:
    """Return whether training changes a tensor: a parameter that the optimizer has updated, or a buffer."""
    from torch import nn

    return not isinstance(tensor, nn.Parameter) or tensor in optimizer.state
