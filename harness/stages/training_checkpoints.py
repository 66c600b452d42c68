"""The checkpoints of an unfinished training: sealed when they are whole, and the newest whole one is resumed from.

FOLDER/checkpoint-STEP/...              what the trainer and the callbacks write
FOLDER/checkpoint-STEP/.sealed.json     sha256 of every file, written last
FOLDER/damaged-checkpoint-STEP/...      one whose seal does not agree: named, not used

The trainer stores the states of optimizer, scheduler and generators as pickles, and opens them with `weights_only`: no
code of theirs runs. One that holds more than weights and numbers is damaged, whatever its seal says.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.errors import DataError
from harness.machine import ending, json_toml, plain_files
from harness.machine.atomic import write_atomically
from harness.machine.file_hashes import hashes_below
from harness.machine.file_modes import as_created
from harness.machine.notices import notice

SEAL = ".sealed.json"
PICKLES = (".bin", ".pt", ".pth")
UNREAD = "training_args.bin"  # no resumption opens it
PREFIX = "checkpoint-"


class Checkpoints:
    """The checkpoints below one folder; `damaged` lists the names of those that were found damaged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged: list[str] = []

    def newest(self, is_whole: Callable[[Path], bool]) -> Path | None:
        """Return the newest checkpoint that is as it was sealed and for which `is_whole` holds, None without one.

        Newer ones that are not are moved aside and named on standard error.
        """
        for checkpoint in sorted(self.folder.glob(f"{PREFIX}*"), key=_step, reverse=True):
            if _is_sealed(checkpoint) and is_whole(checkpoint) and _holds_weights_only(checkpoint):
                return checkpoint
            aside = _free(checkpoint.with_name(f"damaged-{checkpoint.name}"))
            checkpoint.rename(aside)
            self.damaged.append(checkpoint.name)
            notice(f"checkpoint {aside} is damaged or unfinished, and is not used")
        return None

    def seal(self) -> Any:
        """Return the trainer's callback that seals each checkpoint; to come after those that add files to it.

        After a signal to end it has one saved at the end of the step, and leaves (harness.machine.ending).
        """
        from transformers import TrainerCallback

        class Seal(TrainerCallback):
            def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                if ending.received() is not None:
                    control.should_save = True

            def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                checkpoint = Path(args.output_dir) / f"{PREFIX}{state.global_step}"
                as_created(checkpoint)
                write_atomically(checkpoint / SEAL, json.dumps(hashes_below(checkpoint, SEAL)).encode())
                if ending.received() is not None:
                    ending.leave()

        return Seal()


def _step(checkpoint: Path) -> int:
    """Return the step of a checkpoint, -1 for a folder whose name has none."""
    step = checkpoint.name.removeprefix(PREFIX)
    return int(step) if step.isdecimal() else -1


def _free(path: Path) -> Path:
    """Return a path that nothing has: this one, or this one with a number."""
    numbered = (path.with_name(f"{path.name}-{i}") for i in itertools.count(2))
    return path if not path.exists() else next(each for each in numbered if not each.exists())


def _is_sealed(checkpoint: Path) -> bool:
    try:
        content = plain_files.read(checkpoint, SEAL, "DOCUMENT_BYTES")
        return bool(json_toml.parse_data(content.decode()) == hashes_below(checkpoint, SEAL))
    except (OSError, ValueError, DataError):
        return False


def _holds_weights_only(checkpoint: Path) -> bool:
    """Return whether every pickle that a resumption opens can be opened without running code; reads no weights."""
    import torch
    from transformers.trainer_pt_utils import safe_globals

    pickles = (path for path in checkpoint.rglob("*") if path.suffix in PICKLES and path.name != UNREAD)
    try:
        with safe_globals():  # type: ignore[no-untyped-call]
            for path in pickles:
                torch.load(path, map_location="meta", mmap=True, weights_only=True)
    except Exception:  # torch, pickle and zipfile raise many kinds for a damaged file
        return False
    return True
