"""Targets from experts' scores, and the squared error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.errors import RequestError
from harness.request import plugins
from methods.soft_labels import TARGETS, SoftLabels, hard, soft_1, soft_2, soft_3, target

if TYPE_CHECKING:
    from torch import Tensor

    from harness.types import TrainingData

SCORES = [0.2, 0.3, 1.0]


@pytest.fixture
def _targets_restored() -> Iterator[None]:
    before = dict(TARGETS)
    yield
    TARGETS.clear()
    TARGETS.update(before)


def test_soft_1_is_the_mean_score_for_both_labels() -> None:
    assert [soft_1(1, SCORES), soft_1(0, SCORES)] == [pytest.approx(0.5), pytest.approx(0.5)]


def test_soft_2_is_the_mean_of_label_and_mean_score() -> None:
    assert [soft_2(1, SCORES), soft_2(0, SCORES)] == [pytest.approx(0.75), pytest.approx(0.25)]


def test_soft_3_is_the_largest_score_for_label_1_and_the_smallest_for_label_0() -> None:
    assert [soft_3(1, SCORES), soft_3(0, SCORES)] == [1.0, 0.2]


def test_hard_is_the_label_for_any_scores() -> None:
    assert [hard(1, SCORES), hard(0, SCORES)] == [1.0, 0.0]


def test_the_entries_targets_are_registered_under_their_names() -> None:
    assert {"soft-1": soft_1, "soft-2": soft_2, "soft-3": soft_3, "hard": hard}.items() <= TARGETS.items()


@pytest.mark.parametrize(
    ("name", "relevant", "mined"),
    [("soft-1", 0.375, 0.125), ("soft-2", 0.6875, 0.0625), ("soft-3", 0.5, 0.0), ("hard", 1.0, 0.0)],
)
def test_the_label_of_a_row_is_the_target_of_its_pair(
    training_data: Callable[..., TrainingData], name: str, relevant: float, mined: float
) -> None:
    rows = SoftLabels(target=name, negatives=2).examples(training_data())  # scores .25, .5 and .25, 0
    assert list(rows["label"]) == [relevant, mined, mined] * 5


def test_mined_passages_are_sampled_without_repetition(
    training_data: Callable[..., TrainingData],
) -> None:
    rows = SoftLabels(negatives=99).examples(training_data())
    pairs = list(zip(rows["anchor"], rows["passage"], strict=True))
    assert len(rows) == 5 * (1 + 5)
    assert pairs[:6] == [("question q0", "passage d0"), *[("question q0", passage) for _, passage in pairs[1:6]]]
    assert sorted(passage for _, passage in pairs[1:6]) == [f"passage d{i}" for i in (1, 2, 3, 4, 5)]


@pytest.mark.usefixtures("_targets_restored")
def test_a_user_can_register_a_target(training_data: Callable[..., TrainingData]) -> None:
    @target("least")
    def least(label: int, scores: Any) -> float:
        return float(min(scores))

    rows = SoftLabels(target="least", negatives=1).examples(training_data())
    assert list(rows["label"]) == [0.25, 0.0] * 5


@pytest.mark.usefixtures("_targets_restored")
def test_a_file_in_a_plugin_folder_can_register_a_target(tmp_path: Path) -> None:
    (tmp_path / "median_label.py").write_text(
        "import statistics\n"
        "from methods.soft_labels import PLUGIN, target\n"
        "target('median')(lambda label, scores: statistics.median(scores))\n",
        encoding="utf-8",
    )
    plugin = plugins.load("median_label", {"target": "median"}, tmp_path)
    assert plugin.target == "median"
    assert TARGETS["median"](1, SCORES) == 0.3


def test_an_unknown_target_is_rejected_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"target 'soft-9' must be one of soft-1, soft-2, soft-3, hard"):
        SoftLabels(target="soft-9")


def test_a_request_for_an_unknown_target_is_rejected_in_one_line() -> None:
    with pytest.raises(RequestError, match=r"invalid settings of soft_labels: target 'soft-9'") as refused:
        plugins.load("soft_labels", {"target": "soft-9"})
    assert "\n" not in str(refused.value)


def test_the_loss_is_the_squared_error_of_cosine_and_target(on_circle: Callable[..., Tensor]) -> None:
    import torch

    class Identity(torch.nn.Module):
        """Returns features that are already vectors."""

        def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
            return {"sentence_embedding": features["vectors"]}

    loss = SoftLabels().loss(Identity())  # type: ignore[arg-type]
    features = [{"vectors": on_circle(0, 0).float()}, {"vectors": on_circle(60, 180).float()}]
    value = loss(features, torch.tensor([0.75, 0.0]))
    assert value.item() == pytest.approx(((0.5 - 0.75) ** 2 + (-1.0 - 0.0) ** 2) / 2, abs=1e-6)
