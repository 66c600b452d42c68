"""Targets made of experts' scores, and the squared error to them."""

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


def test_soft_1_is_the_experts_mean_whatever_the_label() -> None:
    assert [soft_1(1, SCORES), soft_1(0, SCORES)] == [pytest.approx(0.5), pytest.approx(0.5)]


def test_soft_2_is_halfway_between_label_and_mean() -> None:
    assert [soft_2(1, SCORES), soft_2(0, SCORES)] == [pytest.approx(0.75), pytest.approx(0.25)]


def test_soft_3_is_the_largest_score_of_a_relevant_pair_and_the_smallest_of_another() -> None:
    assert [soft_3(1, SCORES), soft_3(0, SCORES)] == [1.0, 0.2]


def test_hard_is_the_label_whatever_the_experts_say() -> None:
    assert [hard(1, SCORES), hard(0, SCORES)] == [1.0, 0.0]


def test_the_entries_targets_are_registered_under_their_names() -> None:
    assert {"soft-1": soft_1, "soft-2": soft_2, "soft-3": soft_3, "hard": hard}.items() <= TARGETS.items()


@pytest.mark.parametrize(
    ("name", "of_relevant", "of_mined"),
    [("soft-1", 0.375, 0.125), ("soft-2", 0.6875, 0.0625), ("soft-3", 0.5, 0.0), ("hard", 1.0, 0.0)],
)
def test_a_rows_label_is_the_target_of_its_pair(
    training_data: Callable[..., TrainingData], name: str, of_relevant: float, of_mined: float
) -> None:
    rows = SoftLabels(target=name, negatives=2).examples(training_data())  # experts say .25, .5 and .25, 0
    assert list(rows["label"]) == [of_relevant, of_mined, of_mined] * 5


def test_mined_passages_are_drawn_without_repetition_and_no_more_than_there_are(
    training_data: Callable[..., TrainingData],
) -> None:
    rows = SoftLabels(negatives=99).examples(training_data())
    pairs = list(zip(rows["anchor"], rows["passage"], strict=True))
    assert len(rows) == 5 * (1 + 5)
    assert pairs[:6] == [("question q0", "passage d0"), *[("question q0", passage) for _, passage in pairs[1:6]]]
    assert sorted(passage for _, passage in pairs[1:6]) == [f"passage d{i}" for i in (1, 2, 3, 4, 5)]


@pytest.mark.usefixtures("_targets_restored")
def test_a_user_target_takes_three_lines(training_data: Callable[..., TrainingData]) -> None:
    @target("least")
    def least(label: int, scores: Any) -> float:
        return float(min(scores))

    rows = SoftLabels(target="least", negatives=1).examples(training_data())
    assert list(rows["label"]) == [0.25, 0.0] * 5


@pytest.mark.usefixtures("_targets_restored")
def test_a_file_of_a_plugin_folder_may_add_a_target(tmp_path: Path) -> None:
    (tmp_path / "median_label.py").write_text(
        "import statistics\n"
        "from methods.soft_labels import PLUGIN, target\n"
        "target('median')(lambda label, scores: statistics.median(scores))\n",
        encoding="utf-8",
    )
    loaded = plugins.load("median_label", {"target": "median"}, tmp_path)
    assert loaded.target == "median"
    assert TARGETS["median"](1, SCORES) == 0.3


def test_an_unknown_target_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"target 'soft-9' is none of soft-1, soft-2, soft-3, hard"):
        SoftLabels(target="soft-9")


def test_a_request_for_an_unknown_target_is_refused_in_one_line() -> None:
    with pytest.raises(RequestError, match=r"invalid settings of soft_labels: target 'soft-9'") as refused:
        plugins.load("soft_labels", {"target": "soft-9"})
    assert "\n" not in str(refused.value)


def test_the_loss_is_the_squared_error_of_cosine_and_target(on_circle: Callable[..., Tensor]) -> None:
    import torch

    class Given(torch.nn.Module):
        """Embeds features that are vectors already."""

        def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
            return {"sentence_embedding": features["vectors"]}

    loss = SoftLabels().loss(Given())  # type: ignore[arg-type]
    features = [{"vectors": on_circle(0, 0).float()}, {"vectors": on_circle(60, 180).float()}]
    found = loss(features, torch.tensor([0.75, 0.0]))
    assert found.item() == pytest.approx(((0.5 - 0.75) ** 2 + (-1.0 - 0.0) ** 2) / 2, abs=1e-6)
