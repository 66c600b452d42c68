"""The checkpoints of an unfinished training: sealed when they are whole, and the newest whole one is resumed from.

FOLDER/checkpoint-STEP/...              what the trainer and the callbacks write
FOLDER/checkpoint-STEP/.sealed.json     sha256 of every file, written last
FOLDER/damaged-checkpoint-STEP/...      one whose seal does not agree: named, not used
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.machine import ending
from harness.machine.atomic import write_atomically
from harness.machine.file_hashes import hashes_below

SEAL = ".sealed.json"
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
            if _is_sealed(checkpoint) and is_whole(checkpoint):
                return checkpoint
            aside = _free(checkpoint.with_name(f"damaged-{checkpoint.name}"))
            checkpoint.rename(aside)
            self.damaged.append(checkpoint.name)
            print(f"harness: checkpoint {aside} is damaged or unfinished, and is not used", file=sys.stderr)
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
        sealed: object = json.loads((checkpoint / SEAL).read_bytes())
    except (OSError, ValueError):
        return False
    return sealed == hashes_below(checkpoint, SEAL)
