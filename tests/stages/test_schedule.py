"""Learning rates: schedules, warm-up in steps or as a share, and trainings that change nothing."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from support.training_probes import log_of, weights

from harness.errors import CellError, RequestError
from harness.execution import plan
from harness.request.request import Request
from harness.request.training import SCHEDULERS, SCHEDULERS_NEED, Scheduler, Training
from harness.stages.base_model import base_model
from harness.stages.training_arguments import warmup_in_force, warmup_steps
from tests.stages.conftest import Workbench

RATE = 1e-3


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the learning rate that every step of a training was made with."""
    from torch.optim import AdamW

    recorded: list[float] = []
    step = AdamW.step

    def recording(self: Any, *arguments: Any, **options: Any) -> Any:
        recorded.append(float(self.param_groups[0]["lr"]))
        return step(self, *arguments, **options)

    monkeypatch.setattr(AdamW, "step", recording)
    return recorded


def settings(**changes: Any) -> Training:
    given = {"epochs": 1, "batch_size": 8, "learning_rate": RATE, **changes}
    return Training.model_validate({"warmup": 0.1, **given} if "warmup_steps" not in given else given)


@pytest.mark.parametrize(
    ("training", "steps", "expected"),
    [
        ({"warmup": 0.1}, 12, 2),  # rounded up, as transformers rounds a share
        ({"warmup": 0.1}, 1, 0),
        ({"warmup": 0.1}, 2, 1),
        ({"warmup": 0.9}, 3, 2),
        ({"warmup": 0.0}, 1, 0),
        ({"warmup_steps": 5}, 12, 5),
        ({"warmup_steps": 12}, 12, 11),
        ({"warmup_steps": 100}, 1, 0),
    ],
)
def test_a_warm_up_leaves_at_least_one_step(training: dict[str, Any], steps: int, expected: int) -> None:
    assert warmup_steps(settings(**training), steps) == expected
    told = ("warmup" in training and steps not in (1, 3)) or training == {"warmup": 0.0}
    assert warmup_in_force(settings(**training), steps) == ({} if told else {"warmup_steps": expected})


def test_a_training_has_one_kind_of_warm_up() -> None:
    for both in ({"warmup": 0.1, "warmup_steps": 5}, {"warmup": None}):
        with pytest.raises(ValidationError, match=r"give either warmup .* or warmup_steps"):
            settings(**both)


def test_what_is_not_set_is_in_no_dump() -> None:
    dumped = settings(warmup=0.1).model_dump()
    assert dumped["warmup"] == 0.1
    assert not {"warmup_steps", "scheduler_settings", "mini_batch_size"} & dumped.keys()
    assert "warmup" not in settings(warmup_steps=3).model_dump()


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        ({"warmup": 0.0}, [1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6]),
        ({"warmup_steps": 2}, [0, 1 / 2, 1, 3 / 4, 2 / 4, 1 / 4]),
        ({"warmup": 0.1, "scheduler": "constant_with_warmup"}, [0, 1, 1, 1, 1, 1]),
        ({"warmup": 0.0, "scheduler": "constant"}, [1] * 6),
        ({"warmup": 0.0, "scheduler": "cosine"}, [1, 0.933, 0.75, 0.5, 0.25, 0.067]),
        (
            {"warmup": 0.0, "scheduler": "cosine_with_restarts", "scheduler_settings": {"num_cycles": 2}},
            [1, 0.75, 0.25, 1, 0.75, 0.25],
        ),
        (
            {"warmup": 0.0, "scheduler": "cosine_with_min_lr", "scheduler_settings": {"min_lr_rate": 0.5}},
            [1, 0.967, 0.875, 0.75, 0.625, 0.533],
        ),
        (
            {"warmup": 0.0, "scheduler": "polynomial", "scheduler_settings": {"power": 2.0, "lr_end": 0.0}},
            [1, 25 / 36, 16 / 36, 9 / 36, 4 / 36, 1 / 36],
        ),
        ({"warmup_steps": 1, "scheduler": "inverse_sqrt"}, [0, 1, 0.707, 0.577, 0.5, 0.447]),
    ],
)
def test_every_step_has_the_learning_rate_of_its_schedule(
    bench: Workbench, rates: list[float], training: dict[str, Any], expected: list[float]
) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store)
    cell = replace(cell, suite=cell.suite.model_copy(update={"training": {"ranking": settings(**training)}}))
    log = log_of(bench.train(cell, store))
    assert rates == pytest.approx([share * RATE for share in expected], rel=1e-3, abs=1e-9)
    assert log.get("warmup_steps") == training.get("warmup_steps")


def test_the_settings_of_schedules_are_those_of_transformers() -> None:
    from transformers.optimization import TYPE_TO_SCHEDULER_FUNCTION

    assert set(SCHEDULERS) == set(get_args(Scheduler))
    for name, known in SCHEDULERS.items():
        assert set(known) <= inspect.signature(TYPE_TO_SCHEDULER_FUNCTION[name]).parameters.keys()
    assert all(setting in SCHEDULERS[name] for name, (setting, _) in SCHEDULERS_NEED.items())


def test_a_training_of_one_step_is_made_with_the_whole_learning_rate(bench: Workbench, rates: list[float]) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store, batch_size=64)  # all rows in one batch, and warm-up 0.1
    folder = bench.train(cell, store)
    assert rates == [RATE]
    assert weights(folder) != weights(base_model(cell.suite, cell.place, store))
    assert (log_of(folder)["steps"], log_of(folder)["warmup_steps"]) == (1, 0)


def test_a_training_that_changes_no_weight_fails_the_cell_and_says_what_to_raise(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("mnrl", store, batch_size=1)  # alone in its batch, a row has no negatives, and the loss is 0
    with pytest.raises(CellError) as error:
        bench.train(cell, store)
    assert str(error.value) == (
        "not trained: no weight changed in 48 steps, at learning rates up to 0.001; "
        "raise train.learning_rate, or train.batch_size if the loss compares the rows of a batch"
    )
    bench.train(bench.cell("mnrl", store, batch_size=2), store)


def test_a_training_whose_every_learning_rate_is_0_fails_the_cell(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.stages import training_arguments

    monkeypatch.setattr(training_arguments, "warmup_steps", lambda settings, steps: 10**12)
    store = bench.store()
    with pytest.raises(
        CellError, match=r"not trained: the learning rate was 0 at every step \(1\); use a shorter warm-up"
    ):
        bench.train(bench.cell("mnrl", store, batch_size=64), store)


def planned(tmp_path: Path, *texts: str, method: str = "mnrl") -> Training:
    request = Request(methods=(method,), languages=("ko",), seeds=(0,), settings=texts)
    return plan.make(request, tmp_path).cells[0].training


def test_a_number_of_steps_replaces_a_share_and_a_share_a_number(tmp_path: Path) -> None:
    in_steps = planned(tmp_path, "train.warmup_steps=7")  # the suite has a share
    assert (in_steps.warmup, in_steps.warmup_steps) == (None, 7)
    assert planned(tmp_path, method="mnrl-cosine").warmup_steps == 10
    as_share = planned(tmp_path, "train.warmup=0.2", method="mnrl-cosine")
    assert (as_share.warmup, as_share.warmup_steps) == (0.2, None)
    swept = plan.make(Request(methods=("mnrl-cosine",), settings=("train.warmup=0.1,0.2",)), tmp_path).cells
    assert {(cell.training.warmup, cell.training.warmup_steps) for cell in swept} == {(0.1, None), (0.2, None)}


@pytest.mark.parametrize(
    ("texts", "message", "followed"),
    [
        (
            ["train.scheduler=constant"],
            "mnrl: train.scheduler constant has no warm-up; add --set train.warmup=0, or use "
            "--set train.scheduler=constant_with_warmup",
            ["train.scheduler=constant", "train.warmup=0"],
        ),
        (
            ["train.scheduler=cosine_with_restarts"],
            "mnrl: train.scheduler cosine_with_restarts needs num_cycles; add --set "
            "'train.scheduler_settings={\"num_cycles\": 2}'",
            ["train.scheduler=cosine_with_restarts", 'train.scheduler_settings={"num_cycles": 2}'],
        ),
        (
            ['train.scheduler_settings={"power": 2}'],
            "mnrl: train.scheduler_settings: linear has no 'power'; its settings: none",
            ["train.scheduler=polynomial", 'train.scheduler_settings={"power": 2}'],
        ),
    ],
)
def test_a_setting_that_the_schedule_does_not_read_is_refused_with_advice_that_works(
    tmp_path: Path, texts: list[str], message: str, followed: list[str]
) -> None:
    with pytest.raises(RequestError) as error:
        planned(tmp_path, *texts)
    assert str(error.value) == message
    assert planned(tmp_path, *followed)
