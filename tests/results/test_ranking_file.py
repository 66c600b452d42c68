"""Rankings are read query by query, within limits, and scored in blocks as a whole one is."""

from __future__ import annotations

import gzip
import random
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.commands import REPOSITORY

from harness.errors import DataError
from harness.evidence.verification import stored_rankings
from harness.machine.limits import TooLarge
from harness.results import ranking_file

MINI = REPOSITORY / "results/mini/records/bm25/ko/0.run.gz"
MIB = 1024**2


def stored(folder: Path, lines: str) -> Path:
    path = folder / "0.run.gz"
    path.write_bytes(gzip.compress(lines.encode(), 1))
    return path


@pytest.mark.parametrize(
    ("queries", "problem"), [("ba", "query a follows b"), ("aba", "query a follows b"), (["", "a"], "follows")], ids=str
)
def test_queries_that_do_not_ascend_are_damage(tmp_path: Path, queries: str, problem: str) -> None:
    path = stored(tmp_path, "".join(f"{query} Q0 d 1 0.5 x\n" for query in queries))
    with pytest.raises(DataError, match=problem):
        ranking_file.read_run(path)


def test_a_query_with_too_many_passages_and_a_line_that_is_too_long_are_refused(tmp_path: Path) -> None:
    deep = stored(tmp_path, "".join(f"q Q0 {i} {i} 0.5 x\n" for i in range(10_001)))
    with pytest.raises(TooLarge, match="more than 10,000 passages of one query"):
        ranking_file.read_run(deep)
    long = stored(tmp_path, f"q Q0 {'d' * 1024} 1 0.5 x\n")
    with pytest.raises(TooLarge, match=r"line 1 has more than 1,024 bytes of one line of a ranking"):
        ranking_file.read_run(long)


def test_a_ranking_of_too_many_lines_is_refused_and_the_environment_admits_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = stored(tmp_path, "a Q0 d 1 0.5 x\nb Q0 d 1 0.5 x\n")
    monkeypatch.setenv("HARNESS_LIMIT_RANKING_LINES", "1")
    with pytest.raises(TooLarge, match="more than 1 lines of one ranking; if that is right, set HARNESS_LIMIT_RANKING"):
        ranking_file.read_run(path)
    monkeypatch.setenv("HARNESS_LIMIT_RANKING_LINES", "2")
    assert list(ranking_file.read_run(path)) == ["a", "b"]


def test_a_ranking_is_scored_in_blocks_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ranking_file.read_run(MINI)
    queries = list(whole)
    judgments = {query: dict.fromkeys(list(whole[query])[2:5], 1) for query in queries[1::2]} | {"absent": {"d": 1}}
    data: Any = SimpleNamespace(dev=judgments)
    measures = ("nDCG@10", "AP", "RR@10")
    expected = stored_rankings.rescored(whole, data, measures)
    monkeypatch.setattr(stored_rankings, "AT_ONCE", 250)
    assert stored_rankings.rescored_file(MINI, MINI.parent, data, measures) == expected
    assert expected["AP"]["absent"] == 0.0
    assert len(expected["AP"]) == len(judgments) > 100


def test_a_ranking_is_never_held_whole_while_it_is_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(0)
    ids = [f"{draw.getrandbits(3600):0900x}" for _ in range(2000)]
    path = stored(
        tmp_path,
        "".join(f"q{i:03} Q0 {doc} {j + 1} {1 / (j + 1)} x\n" for i in range(25) for j, doc in enumerate(ids)),
    )
    data: Any = SimpleNamespace(dev={f"q{i:03}": {ids[0]: 1} for i in range(25)})
    monkeypatch.setattr(stored_rankings, "AT_ONCE", 10_000)
    tracemalloc.start()
    try:
        scores = stored_rankings.rescored_file(path, tmp_path, data, ("RR@10",))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert set(scores["RR@10"].values()) == {1.0}
    assert peak < 25 * MIB  # the whole takes 50
