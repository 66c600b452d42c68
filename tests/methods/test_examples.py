"""Properties of the training rows of every bundled method."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from harness.request import plugins
from harness.types import Method

if TYPE_CHECKING:
    from datasets import Dataset

    from harness.types import TrainingData

COLUMNS = {
    "mnrl": ["anchor", "positive", "label"],
    "infonce": ["anchor", "positive", "negative_1", "negative_2", "negative_3", "negative_4", "label"],
    "clpl": [
        "anchor",
        "positive",
        *("negative_1", "negative_2", "negative_3", "negative_4"),
        *("query_1", "query_2", "query_3", "query_4"),
        "label",
    ],
    "soft_labels": ["anchor", "passage", "label"],
    "nli_simcse": ["anchor", "positive", "negative", "label"],
    "nli_ablation": ["anchor", "positive", "label"],
}
SAMPLING = ["clpl", "infonce", "soft_labels"]


def examples(name: str, data: TrainingData) -> Dataset:
    return plugins.load(name, {}).examples(data)


def test_every_bundled_method_is_tested() -> None:
    from methods import clpl

    folder = plugins.folders()[0]
    assert clpl.__file__ == str(folder / "clpl.py")
    names = {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}
    assert {name for name in names if isinstance(plugins.load(name, {}), Method)} == set(COLUMNS)


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_in_the_documented_order(training_data: Callable[..., TrainingData], name: str) -> None:
    assert examples(name, training_data()).column_names == COLUMNS[name]


@pytest.mark.parametrize("name", COLUMNS)
def test_no_column_name_is_a_prefix_of_another(training_data: Callable[..., TrainingData], name: str) -> None:
    columns = examples(name, training_data()).column_names
    assert [(prefix, name) for prefix, name in permutations(columns, 2) if name.startswith(prefix)] == []


@pytest.mark.parametrize("name", ["infonce", "clpl"])
def test_no_column_takes_the_tensors_of_another_with_12_negatives(
    training_data: Callable[..., TrainingData], name: str
) -> None:
    """sentence-transformers gives a column every tensor whose name begins with `COLUMN_`."""
    columns = plugins.load(name, {"negatives": 12}).examples(training_data()).column_names
    assert len(columns) == {"infonce": 15, "clpl": 27}[name]
    assert [(prefix, name) for prefix, name in permutations(columns, 2) if name.startswith(f"{prefix}_")] == []


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_is_text_except_the_label(training_data: Callable[..., TrainingData], name: str) -> None:
    rows = examples(name, training_data())
    types = {column: rows.features[column].dtype for column in rows.column_names if column != "label"}
    assert types == {column: "string" for column in COLUMNS[name] if column != "label"}


@pytest.mark.parametrize("name", sorted(set(COLUMNS) - {"soft_labels"}))
def test_rows_whose_loss_masks_nothing_have_no_label(training_data: Callable[..., TrainingData], name: str) -> None:
    rows = plugins.load(name, {"mask_relevant": False}).examples(training_data())
    assert rows.column_names == [column for column in COLUMNS[name] if column != "label"]
    assert rows.to_list() == examples(name, training_data()).select_columns(rows.column_names).to_list()


@pytest.mark.parametrize("name", COLUMNS)
def test_rows_do_not_depend_on_global_generators(training_data: Callable[..., TrainingData], name: str) -> None:
    import numpy as np
    import torch

    rows = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # type: ignore[index]
        rows.append(examples(name, training_data()).to_list())
        after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # type: ignore[index]
        assert after == before
    assert rows[0] == rows[1]


@pytest.mark.parametrize("name", COLUMNS)
def test_rows_do_not_depend_on_the_order_of_the_data(training_data: Callable[..., TrainingData], name: str) -> None:
    assert examples(name, training_data()).to_list() == examples(name, training_data(reverse=True)).to_list()


@pytest.mark.parametrize("name", SAMPLING)
def test_samples_depend_on_the_seed_of_the_cell(training_data: Callable[..., TrainingData], name: str) -> None:
    assert examples(name, training_data(0)).to_list() != examples(name, training_data(1)).to_list()


@pytest.mark.parametrize("name", sorted(set(COLUMNS) - set(SAMPLING)))
def test_methods_without_sampling_have_the_same_rows_under_every_seed(
    training_data: Callable[..., TrainingData], name: str
) -> None:
    assert examples(name, training_data(0)).to_list() == examples(name, training_data(1)).to_list()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_clpl_and_its_control_train_on_the_same_rows_and_negatives(
    training_data: Callable[..., TrainingData], seed: int
) -> None:
    control = examples("infonce", training_data(seed))
    assert examples("clpl", training_data(seed)).select_columns(COLUMNS["infonce"]).to_list() == control.to_list()


def test_each_negative_query_is_answered_by_its_negative(training_data: Callable[..., TrainingData]) -> None:
    rows = examples("clpl", training_data()).to_list()
    for row in rows:
        for k in (1, 2, 3, 4):
            doc = row[f"negative_{k}"].removeprefix("passage ")
            assert row[f"query_{k}"] in (f"first query of {doc}", f"second query of {doc}")
    assert {row["query_1"].split()[0] for row in rows} == {"first", "second"}


def test_a_pair_without_a_mined_negative_is_left_out_of_contrastive_rows(
    training_data: Callable[..., TrainingData],
) -> None:
    from dataclasses import replace

    data = training_data()
    data = replace(data, negatives={**data.negatives, "q1": ()})
    anchors = ["question q0", "question q2", "question q2", "question q3"]
    assert list(examples("infonce", data)["anchor"]) == anchors
    assert list(examples("clpl", data)["anchor"]) == anchors


def test_nli_rows_are_the_triples_in_their_order(training_data: Callable[..., TrainingData]) -> None:
    assert examples("nli_simcse", training_data()).to_list() == [
        {"anchor": "p1", "positive": "e1", "negative": "c1", "label": [[0, 0], [2, -1]]},
        {"anchor": "p2", "positive": "e2", "negative": "c2", "label": [[1, 1], [3, -1]]},
    ]
