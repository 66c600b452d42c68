"""Training queries that a model must not have seen."""

from __future__ import annotations

from dataclasses import replace

from harness.stages import held_out
from harness.types import Data, TrainingData
from tests.stages.conftest import Workbench

DATA = Data(
    language="xx",
    passages={f"d{i}": f"passage {i}" for i in range(5)},
    queries={
        "q1": "one text",
        "q2": "second",
        "q3": "one  text ",
        "q4": "fourth",
        "written-1": "written",
        "q9": "asked in dev",
    },
    train={"q1": ("d1",), "q2": ("d2",), "q3": ("d3",), "q4": ("d4",), "written-1": ("d1",)},
    dev={"q9": {"d0": 1}},
    extra_queries={"d0": ("extra",), "d2": (" one text", "another")},
)
TRAINING = TrainingData(
    data=DATA,
    seed=0,
    negatives={"q1": ("d2",), "q2": ("d1", "d3", "d4"), "q3": (), "q4": ("d2", "d0")},
    negative_queries={
        "d0": ("extra",),
        "d1": ("one text", "written"),
        "d2": (" one text", "another", "second"),
        "d3": ("one  text ",),
        "d4": ("fourth",),
    },
)


def test_without_removes_every_query_with_the_same_text_and_negatives_left_without_a_query() -> None:
    kept = held_out.without(TRAINING, ["q1"])
    assert set(kept.data.train) == {"q2", "q4", "written-1"}  # q3 has the same text
    assert kept.data.extra_queries == {"d0": ("extra",), "d2": ("another",)}
    assert kept.negative_queries == {
        "d0": ("extra",),
        "d1": ("written",),
        "d2": ("another", "second"),
        "d4": ("fourth",),
    }
    assert kept.negatives == {"q2": ("d1", "d4"), "q4": ("d2", "d0")}


def test_without_keeps_all_negatives_where_no_loss_reads_negative_queries() -> None:
    kept = held_out.without(replace(TRAINING, negative_queries={}), ["q1"])
    assert kept.negatives == {"q2": ("d1", "d3", "d4"), "q4": ("d2", "d0")}


def test_folds_split_the_training_queries_that_were_not_written(bench: Workbench) -> None:
    store = bench.store()
    cell = bench.cell("mnrl-cv", store)
    parts = held_out.folds(cell, DATA.train)
    assert sorted(query for part in parts for query in part) == ["q1", "q2", "q3", "q4"]
    parts = held_out.folds(cell, [f"q{i}" for i in range(48)])
    assert sorted(len(part) for part in parts) == [9, 9, 10, 10, 10]
    other = held_out.folds(bench.cell("mnrl-cv", store, seed=1), [f"q{i}" for i in range(48)])
    assert parts != other
