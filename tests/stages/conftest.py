"""The bundled suite in one language, 48 training queries, on a base encoder of hidden size 32."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.training_probes import Recording, record_trainers

from harness.machine.store import Store
from harness.request import entries, suite
from harness.request.cell import Cell, Place
from harness.request.manifest import BuiltBase
from harness.request.settings import on_suite
from harness.request.suite import Suite
from harness.request.training import Training
from harness.stages.base_model import base_model
from harness.stages.base_override import with_base_model
from harness.stages.nli import inference
from harness.stages.prepare import prepare
from harness.stages.train import train
from harness.stages.training_rows import mined, training_rows
from harness.types import Data, TrainingData

TRAINING = Training(epochs=1, batch_size=8, learning_rate=1e-3, warmup=0.1, dropout=0.1)
SMALL = BuiltBase(
    vocab_size=1500, hidden_size=32, intermediate_size=64, layers=1, attention_heads=2, initialisation_seed=0
)


@dataclass(frozen=True)
class Workbench:
    """Cells of the small suite, and the stages that lead to a trained model."""

    suite: Suite
    root: Path
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def store(self, **options: Any) -> Store:
        """Return an empty store."""
        return Store(self.root / f"store-{next(self.numbers)}", **options)

    def cell(self, name: str, store: Store, seed: int = 0, **training: Any) -> Cell:
        """Return a cell of a bundled entry, with changes to its training settings."""
        return self.cell_of(name, store, seed, None, **training)

    def cell_of(self, name: str, store: Store, seed: int, methods_path: Path | None, **training: Any) -> Cell:
        """Return a cell of an entry that may come from an outside folder of plugins."""
        (entry,) = entries.resolve([name], entries.declared(methods_path))
        entry = on_suite(entry, self.suite)
        entry = entry.model_copy(update={"training": {**entry.training, **training}})
        return Cell(self.suite, entry, "ko", seed, Place(cache=store.root, methods_path=methods_path))

    def data(self, cell: Cell, store: Store) -> Data:
        return inference(cell, prepare(cell.suite, cell.language, cell.place, store), store)

    def mined(self, cell: Cell, store: Store) -> TrainingData:
        """Return the cell's training data with its negatives."""
        return mined(cell, self.data(cell, store), store)

    def training_data(self, cell: Cell, store: Store) -> TrainingData:
        """Return the data that the cell's method makes its examples from."""
        return training_rows(cell, self.data(cell, store), store)

    def train(self, cell: Cell, store: Store) -> Path:
        """Return the folder of the cell's trained model."""
        return train(cell, self.training_data(cell, store), store)


@pytest.fixture(scope="session")
def small_suite() -> Suite:
    """Return the suite with the base encoder that is built from its passages."""
    mini = suite.load("mini")
    return mini.model_copy(
        update={
            "languages": {"ko": mini.languages["ko"]},
            "base_model": SMALL,
            "max_train": 48,
            "settings": {},  # plugins keep their entries' settings
            "training": dict.fromkeys(mini.training, TRAINING),
        }
    )


@pytest.fixture(scope="session")
def base_folder(small_suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the small base encoder, built once."""
    store = Store(tmp_path_factory.mktemp("base"))
    return base_model(small_suite, Place(cache=store.root), store)


@pytest.fixture(scope="session")
def bench(small_suite: Suite, base_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """Return cells on the base encoder in its folder, so that an empty store builds none."""
    return Workbench(with_base_model(small_suite, str(base_folder)), tmp_path_factory.mktemp("stores"))


@pytest.fixture(autouse=True, scope="session")
def _deterministic() -> Iterator[None]:
    """Set torch to compute as it does in a cell, with the libraries out of garbage collection as there."""
    import sentence_transformers  # noqa: F401 - loaded before the freeze
    import torch

    from harness import pipeline  # noqa: F401
    from harness.machine import determinism

    gc.collect()
    gc.freeze()

    threads, state = torch.get_num_threads(), torch.get_rng_state()
    determinism.set_deterministic(0, "cpu")
    yield
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(threads)
    torch.set_rng_state(state)


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Recording:
    """Record what every trainer of the test is given, reads and saves."""
    return record_trainers(monkeypatch)


@pytest.fixture
def plugin_folder(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a folder with one plugin and the entry of its name."""

    def write(name: str, source: str) -> Path:
        folder = tmp_path / "plugins"
        folder.mkdir()
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
        entry = f'[{name}]\ntitle = "{name}"\nabout = "{name}"\nmethod = "{name}"\n'
        (folder / f"{name}.toml").write_text(entry, encoding="utf-8")
        return folder

    return write
