"""Settings that no requested entry reads are rejected; those that one reads are accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import RequestError
from harness.execution import plan
from harness.request.request import Request


def planned(tmp_path: Path, methods: str, *settings: str) -> plan.Plan:
    return plan.make(Request(methods=tuple(methods.split(",")), languages=("ko",), settings=settings), tmp_path)


@pytest.mark.parametrize(
    "setting",
    ["text.query_max_length=9", 'text.query_prompt="q: "', "evaluate.precision=bfloat16", "evaluate.dimensions=[16]"],
)
def test_a_ranker_reads_no_setting_of_encoders(setting: str, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"^--set .*: no requested entry reads it \(bm25\); leave it out, or add an"):
        planned(tmp_path, "bm25", setting)
    planned(tmp_path, "bm25,base", setting)


def test_only_training_reads_the_length_of_training(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"no requested entry reads it \(base\)"):
        planned(tmp_path, "base", "text.train_passage_max_length=64")
    planned(tmp_path, "mnrl", "text.train_passage_max_length=64")


def test_a_ranker_reads_titles_and_depth(tmp_path: Path) -> None:
    made = planned(tmp_path, "bm25", "text.title=false", "evaluate.depth=50", 'evaluate.measures=["nDCG@10"]')
    assert (made.suite.text.title, made.suite.evaluation.depth) == (False, 50)


def test_a_dimension_given_twice_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="mnrl: dimension 32 is given twice; give each once"):
        planned(tmp_path, "mnrl", "entry.dimensions=[32,32]")
