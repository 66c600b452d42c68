"""Pickles in the checkpoints of a shared cache: opened with `weights_only`, and left where they hold more."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from support.training_probes import Killed, kill_at, weights

from harness.machine.file_hashes import hashes_below
from harness.machine.store import Store
from harness.stages.lineage import train_key
from harness.stages.training_checkpoints import SEAL, Checkpoints
from tests.stages.conftest import Workbench

STATES = ("optimizer.pt", "scheduler.pt", "rng_state.pth")
Planted = Callable[[Path, Any], None]


class Touch:
    """An object whose pickle makes a file when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.path), "w")


def as_pickle(path: Path, value: Any) -> None:
    path.write_bytes(pickle.dumps(value))


def as_archive(path: Path, value: Any) -> None:
    torch.save({"state": value}, path)


def seal(checkpoint: Path) -> None:
    """Write the seal that whoever changed a checkpoint can write as well."""
    (checkpoint / SEAL).write_text(json.dumps(hashes_below(checkpoint, SEAL)), encoding="utf-8")


def checkpoint_in(folder: Path) -> Path:
    """Return a sealed checkpoint with the states that a trainer stores."""
    checkpoint = folder / "checkpoint-3"
    checkpoint.mkdir(parents=True)
    weights = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(weights.parameters())
    weights(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    torch.save(optimizer.state_dict(), checkpoint / "optimizer.pt")
    torch.save({"last_epoch": 3}, checkpoint / "scheduler.pt")
    torch.save({"cpu": torch.random.get_rng_state()}, checkpoint / "rng_state.pth")
    seal(checkpoint)
    return checkpoint


def test_a_sealed_checkpoint_of_weights_and_numbers_is_resumed_from(tmp_path: Path) -> None:
    checkpoint = checkpoint_in(tmp_path)
    assert Checkpoints(tmp_path).newest(lambda folder: True) == checkpoint


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("plant", [as_pickle, as_archive])
def test_a_pickle_that_would_run_code_is_not_opened_and_its_checkpoint_is_left(
    tmp_path: Path, name: str, plant: Planted, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint, ran = checkpoint_in(tmp_path / "partial"), tmp_path / "ran"
    plant(checkpoint / name, Touch(ran))
    seal(checkpoint)
    checkpoints = Checkpoints(checkpoint.parent)
    assert checkpoints.newest(lambda folder: True) is None
    assert checkpoints.damaged == ["checkpoint-3"]
    aside = checkpoint.with_name("damaged-checkpoint-3")
    assert f"checkpoint {aside} is damaged or unfinished, and is not used" in capsys.readouterr().err
    assert (aside / name).exists()
    assert not ran.exists()
    with (aside / name).open("rb") as file:  # the pickle is a real one
        if plant is as_pickle:
            pickle.load(file).close()
            assert ran.exists()


def test_a_link_in_a_checkpoint_is_damage(tmp_path: Path) -> None:
    checkpoint = checkpoint_in(tmp_path)
    (checkpoint / "more").symlink_to(checkpoint / "scheduler.pt")
    assert Checkpoints(tmp_path).newest(lambda folder: True) is None


def test_a_training_begins_again_where_a_strangers_checkpoint_has_a_pickle_and_comes_to_the_same_bits(
    bench: Workbench, tmp_path: Path
) -> None:
    killed, untouched = bench.store(progress=kill_at(5)), bench.store()
    cell = bench.cell("mnrl", killed, checkpoint_steps=3)
    with pytest.raises(Killed):
        bench.train(cell, killed)
    (checkpoint,) = killed.partial(train_key(cell)).glob("checkpoint-*")
    as_archive(checkpoint / "rng_state.pth", Touch(tmp_path / "ran"))
    seal(checkpoint)
    store = Store(killed.root)
    trained = bench.train(cell, store)
    assert not (tmp_path / "ran").exists()
    (run,) = (run for run in store.runs if run.stage == "train")
    assert run.found["damaged_checkpoints"] == [checkpoint.name]
    expected = bench.train(bench.cell("mnrl", untouched, checkpoint_steps=3), untouched)
    assert weights(trained) == weights(expected)
