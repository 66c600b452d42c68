"""From a suite to its checked data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.data.load import load, load_reported
from harness.data.readers.registry import nli_reader
from harness.errors import DataError, RequestError
from harness.request.suite import Suite
from harness.types import Data, NliTriple

MakeSuite = Callable[..., Suite]
COUNTS = {"passages": 3, "train_queries": 2, "dev_queries": 1}


def read(suite: Suite, beir: list[Path]) -> Data:
    return load(suite, "ko", data_dir=beir[0].parent, cache_dir=beir[0].parent / "cache")


def test_a_language_is_read_joined_and_ordered(suite: MakeSuite, beir: list[Path]) -> None:
    nli = beir[0].with_name("nli.jsonl")
    nli.write_text('{"premise": "a", "entailment": "yes", "contradiction": "no"}\n', encoding="utf-8")
    data = read(suite(beir, {**COUNTS, "nli": 1}, nli=nli, title_join=" | "), beir)
    assert data == Data(
        language="ko",
        passages={
            "d1": "Tea | Tea is a drink made from leaves.",
            "d2": "Coffee is a drink made from beans.",
            "d3": "Rice | Rice is a grain.",
        },
        queries={
            "q1": "which drink is made from leaves",
            "q2": "which drink is made from beans",
            "q3": "which food is a grain",
        },
        train={"q1": ("d1",), "q2": ("d2",)},
        dev={"q3": {"d3": 2}},
        extra_queries={"d3": ("what grows in wet fields",)},
        nli=(NliTriple("a", "yes", "no"),),
    )


def test_what_was_left_out_is_reported_and_logged(
    suite: MakeSuite, beir: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="harness"):
        _, report = load_reported(suite(beir, COUNTS), "ko", data_dir=beir[0].parent, cache_dir=beir[0].parent)
    assert report == {
        "queries without a judgment": 1,
        "training queries without a relevant passage": 0,
        "training queries with the text of a dev query": 0,
    }
    assert [record.getMessage() for record in caplog.records] == [
        "tiny/ko: queries without a judgment: 1, training queries without a relevant passage: 0, "
        "training queries with the text of a dev query: 0"
    ]


@pytest.mark.parametrize("name", COUNTS)
def test_counts_that_are_not_the_manifests_are_rejected(suite: MakeSuite, beir: list[Path], name: str) -> None:
    with pytest.raises(DataError, match=rf"tiny/ko: counts differ .*{name} = 9 stated, {COUNTS[name]} found"):
        read(suite(beir, {**COUNTS, name: 9}), beir)


def test_an_unknown_language_is_rejected_with_the_available_ones(
    suite: MakeSuite, beir: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match=r"unknown language 'kor' in suite tiny; did you mean 'ko'\? Available: ko"):
        load(suite(beir, COUNTS), "kor", cache_dir=tmp_path)


@pytest.mark.parametrize("reader", ["beer", "nli-jsonl"])
def test_an_unknown_reader_is_rejected_with_the_available_ones(suite: MakeSuite, beir: list[Path], reader: str) -> None:
    with pytest.raises(RequestError, match=rf"unknown reader '{reader}' in suite tiny, language ko.*beir, .*squad"):
        read(suite(beir, COUNTS, reader=reader), beir)


def test_an_unknown_nli_reader_is_rejected_with_the_available_ones() -> None:
    with pytest.raises(
        RequestError, match=r"unknown reader 'klue' in suite tiny.*Available: farstail-nli, hub-nli, klue-nli"
    ):
        nli_reader("klue", "suite tiny")


def test_a_training_query_with_the_text_of_a_dev_query_is_left_out_and_counted(
    suite: MakeSuite, beir: list[Path]
) -> None:
    content = beir[1].read_text(encoding="utf-8").replace("which food is a grain", "which  drink is made from leaves")
    beir[1].write_text(content, encoding="utf-8")
    data, report = load_reported(suite(beir, COUNTS), "ko", data_dir=beir[0].parent, cache_dir=beir[0].parent)
    assert list(data.train) == ["q2"]
    assert report["training queries with the text of a dev query"] == 1


def test_an_extra_query_with_the_text_of_a_dev_query_is_left_out_and_counted(
    suite: MakeSuite, beir: list[Path]
) -> None:
    content = beir[1].read_text(encoding="utf-8").replace("what grows in wet fields", "which food is a grain")
    beir[1].write_text(content, encoding="utf-8")
    data, report = load_reported(suite(beir, COUNTS), "ko", data_dir=beir[0].parent, cache_dir=beir[0].parent)
    assert data.extra_queries == {}
    assert report["extra queries with the text of a dev query"] == 1


def write_40_training_queries(beir: list[Path]) -> dict[str, int]:
    """Replace the training queries by 40, of which t01 and t02 have the same text; return the counts."""
    texts = {f"t{number:02d}": f"question number {1 if number == 2 else number}" for number in range(40)}
    with beir[1].open("a", encoding="utf-8") as file:
        file.writelines(json.dumps({"_id": query, "text": text}) + "\n" for query, text in texts.items())
    rows = "".join(f"{query}\td1\t1\n" for query in texts)
    beir[2].write_text(f"query-id\tcorpus-id\tscore\n{rows}", encoding="utf-8")
    return {**COUNTS, "train_queries": 40}


def test_max_train_draws_training_queries_with_a_seed_and_keeps_the_passages(
    suite: MakeSuite, beir: list[Path]
) -> None:
    counts = write_40_training_queries(beir)
    full = read(suite(beir, counts), beir)
    drawn = read(suite(beir, counts, max_train=5), beir)
    assert len(drawn.train) == 5
    assert set(drawn.train) < set(full.train)
    assert sorted(drawn.train) != sorted(full.train)[:5]
    assert set(drawn.queries) == {*drawn.train, "q3"}
    assert (drawn.passages, drawn.dev) == (full.passages, full.dev)
    assert read(suite(beir, counts, max_train=5), beir) == drawn


def test_max_train_above_the_number_of_queries_keeps_all(suite: MakeSuite, beir: list[Path]) -> None:
    assert read(suite(beir, COUNTS, max_train=50), beir) == read(suite(beir, COUNTS), beir)


def test_a_holdout_evaluates_training_queries_chosen_by_the_hash_of_their_id(
    suite: MakeSuite, beir: list[Path]
) -> None:
    counts = write_40_training_queries(beir)
    full, held_out = read(suite(beir, counts), beir), read(suite(beir, counts, holdout=0.3), beir)
    expected = {q for q in full.train if int(hashlib.sha256(q.encode()).hexdigest()[:16], 16) / 2**64 < 0.3}
    assert 0 < len(expected) < 40
    assert set(held_out.dev) == expected
    assert all(grades == {"d1": 1} for grades in held_out.dev.values())
    assert "q3" not in held_out.queries
    assert not set(held_out.train) & expected
    assert held_out.passages == full.passages


def test_a_training_query_with_the_text_of_a_held_out_query_is_left_out_and_counted(
    suite: MakeSuite, beir: list[Path]
) -> None:
    counts = write_40_training_queries(beir)
    # t01 and t02 have the same text, and only the id of t01 hashes below 0.3
    held_out, report = load_reported(suite(beir, counts, holdout=0.3), "ko", data_dir=beir[0].parent, cache_dir=beir[0])
    assert "t01" in held_out.dev
    assert "t02" not in held_out.queries
    assert report["queries with the text of a held-out query"] == 1


def test_a_holdout_is_drawn_before_the_bound(suite: MakeSuite, beir: list[Path]) -> None:
    counts = write_40_training_queries(beir)
    held_out = read(suite(beir, counts, holdout=0.3), beir)
    bounded = read(suite(beir, counts, holdout=0.3, max_train=5), beir)
    assert bounded.dev == held_out.dev
    assert len(bounded.train) == 5


@pytest.mark.parametrize(("share", "kind"), [(1e-6, "dev query"), (0.99, "training query")])
def test_a_holdout_that_leaves_one_side_empty_is_rejected(
    suite: MakeSuite, beir: list[Path], share: float, kind: str
) -> None:
    with pytest.raises(DataError, match=rf"tiny/ko with a holdout of {share}: holds no {kind}"):
        read(suite(beir, COUNTS, holdout=share), beir)
