"""A store that reads what is stored and keeps nothing of what it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.machine.store import Store


class ScratchStore(Store):
    """Outputs of `stored`, and those that are made here, in a folder of their own."""

    def __init__(self, folder: Path, stored: Store) -> None:
        super().__init__(folder)
        self.stored = stored

    def make(self, stage: str, key: str, write: Callable[[Path], None]) -> Path:
        """Return the folder of a stage's output, stored or made here."""
        return self.stored.find(stage, key) or super().make(stage, key, write)

    def has(self, stage: str, key: str) -> bool:
        """Return whether the output is stored or was made here."""
        return self.stored.has(stage, key) or super().has(stage, key)

    def find(self, stage: str, key: str) -> Path | None:
        """Return the folder of an output that is stored or was made here; None if there is none."""
        return self.stored.find(stage, key) or super().find(stage, key)


@contextmanager
def scratch_store(root: Path) -> Iterator[ScratchStore]:
    """Yield a store on top of that in `root`; what is made is removed at the end."""
    with TemporaryDirectory(prefix="harness-") as folder:
        yield ScratchStore(Path(folder), Store(root))
