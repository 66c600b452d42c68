"""Passages that are empty or absent: kept, counted, or refused."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import DATA, invoke, read_json, tiny_suite

from harness.data.load import load_reported
from harness.errors import DataError
from harness.request.suite import Suite
from harness.types import Data

MakeSuite = Callable[..., Suite]
NO_COUNTS: dict[str, int] = {}


def read(suite: Suite, beir: list[Path], **source: Any) -> tuple[Data, dict[str, int]]:
    language = suite.languages["ko"]
    language = language.model_copy(update={"retrieval": language.retrieval.model_copy(update=source)})
    changed = suite.model_copy(update={"languages": {"ko": language}})
    return load_reported(changed, "ko", data_dir=beir[0].parent, cache_dir=beir[0].parent)


def append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def passage(doc: str, title: str = "", text: str = "") -> str:
    return json.dumps({"_id": doc, "title": title, "text": text})


def test_a_passage_with_a_title_alone_is_its_title(suite: MakeSuite, beir: list[Path]) -> None:
    append(beir[0], passage("d4", title="Barley"))
    data, report = read(suite(beir, NO_COUNTS), beir)
    assert data.passages["d4"] == "Barley"
    assert "passages without a text" not in report


def test_an_empty_passage_that_nobody_judged_is_kept_and_counted(suite: MakeSuite, beir: list[Path]) -> None:
    append(beir[0], passage("d4", title=" "))
    data, report = read(suite(beir, NO_COUNTS), beir)
    assert (data.passages["d4"], len(data.passages)) == ("", 4)
    assert report["passages without a text"] == 1


def test_an_empty_passage_that_is_not_relevant_is_kept(suite: MakeSuite, beir: list[Path]) -> None:
    append(beir[0], passage("d4"))
    append(beir[3], "q3\td4\t0")
    assert read(suite(beir, NO_COUNTS), beir)[1]["passages without a text"] == 1


@pytest.mark.parametrize(("file", "query"), [(2, "q1"), (3, "q3"), (4, "q4")])
def test_an_empty_passage_that_is_relevant_is_refused_in_any_role(
    suite: MakeSuite, beir: list[Path], file: int, query: str
) -> None:
    append(beir[0], passage("d4"))
    append(beir[file], f"{query}\td4\t1")
    with pytest.raises(DataError, match="passage 'd4' is empty and judged relevant; give it a title or a text"):
        read(suite(beir, NO_COUNTS), beir)


def test_titles_that_a_suite_drops_leave_passages_without_a_text_which_are_counted(
    suite: MakeSuite, beir: list[Path]
) -> None:
    append(beir[0], passage("d4", title="Barley"))
    append(beir[3], "q3\td4\t1")
    made = suite(beir, NO_COUNTS)
    untitled = made.model_copy(update={"text": made.text.model_copy(update={"title": False})})
    assert read(untitled, beir)[1]["passages without a text"] == 1


def test_a_judgment_of_an_absent_passage_with_grade_0_is_counted(suite: MakeSuite, beir: list[Path]) -> None:
    append(beir[3], "q3\tgone\t0")
    data, report = read(suite(beir, NO_COUNTS), beir)
    assert data.dev == {"q3": {"d3": 2, "gone": 0}}
    assert report["judgments of passages that the corpus lacks"] == 1


def test_a_relevant_absent_passage_is_refused_until_the_manifest_states_the_number_that_is_advised(
    suite: MakeSuite, beir: list[Path]
) -> None:
    append(beir[3], "q3\tgone\t1")
    append(beir[3], "q3\tlost\t2")
    with pytest.raises(DataError, match=r"lacks: 2 \(first: 'gone', judged for query 'q3'\)") as caught:
        read(suite(beir, NO_COUNTS), beir)
    assert "state missing_positives = 2" in str(caught.value)
    data, report = read(suite(beir, NO_COUNTS), beir, missing_positives=2)
    assert data.dev == {"q3": {"d3": 2, "gone": 1, "lost": 2}}
    assert report["relevant passages that the corpus lacks"] == 2
    with pytest.raises(DataError, match=r"lacks: 2, not 3; correct missing_positives in the manifest to 2"):
        read(suite(beir, NO_COUNTS), beir, missing_positives=3)


def test_an_absent_passage_is_not_trained_on(suite: MakeSuite, beir: list[Path]) -> None:
    append(beir[2], "q1\tgone\t1")
    beir[2].write_text(beir[2].read_text(encoding="utf-8").replace("q2\td2", "q2\tgone"), encoding="utf-8")
    data, report = read(suite(beir, {"train_queries": 2}), beir, missing_positives=2)
    assert data.train == {"q1": ("d1",)}
    assert report["training queries without a relevant passage"] == 1


def streamed(folder: Path, corpus: list[dict[str, str]], qrels: list[dict[str, Any]]) -> Suite:
    """Declare hub tables as files: their reader streams the passages."""
    tables: dict[str, list[dict[str, Any]]] = {
        "corpus/test.jsonl": list(corpus),
        "queries/test.jsonl": [{"_id": "q1", "text": "tea"}],
        "qrels/test.jsonl": qrels,
    }
    files = []
    for name, rows in tables.items():
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        files.append({"path": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)})
    source = {"reader": "mteb", "licence": "CC0-1.0", "citation": "none", "files": files}
    return Suite.model_validate(
        {
            **dict.fromkeys(("name", "title", "description", "licence"), "tiny"),
            "languages": {"ko": {"retrieval": source}},
            "text": {"title_join": " ", "query_max_length": 8, "passage_max_length": 8},
            "base_model": {"id": "none", "revision": "0" * 40},
            "evaluation": {"measures": ["AP"], "primary": "AP", "depth": 10, "encode_batch_size": 2},
            "mining": {"depth": 2},
            "training": {},
        }
    )


DOCS = [{"_id": "d1", "title": "", "text": "Tea"}, {"_id": "d2", "title": "", "text": ""}]


def judged(doc: str, score: int) -> list[dict[str, Any]]:
    return [{"query-id": "q1", "corpus-id": "d1", "score": 1}, {"query-id": "q1", "corpus-id": doc, "score": score}]


def load_streamed(folder: Path, qrels: list[dict[str, Any]], **source: Any) -> tuple[dict[str, str], dict[str, int]]:
    suite = streamed(folder, DOCS, qrels)
    language = suite.languages["ko"]
    language = language.model_copy(update={"retrieval": language.retrieval.model_copy(update=source)})
    changed = suite.model_copy(update={"languages": {"ko": language}})
    data, report = load_reported(changed, "ko", data_dir=folder, cache_dir=folder)
    return dict(data.passages.items()), report


def test_streamed_passages_are_held_against_the_same_rules(tmp_path: Path) -> None:
    passages, report = load_streamed(tmp_path, judged("gone", 0))
    assert passages == {"d1": "Tea", "d2": ""}
    assert report["passages without a text"] == 1
    assert report["judgments of passages that the corpus lacks"] == 1
    with pytest.raises(DataError, match="passage 'd2' is empty and judged relevant"):
        load_streamed(tmp_path, judged("d2", 1))
    with pytest.raises(DataError, match=r"lacks: 1 \(first: 'gone'"):
        load_streamed(tmp_path, judged("gone", 1))
    _, report = load_streamed(tmp_path, judged("gone", 1), missing_positives=1)
    assert report["relevant passages that the corpus lacks"] == 1


def test_a_missing_positive_is_in_the_ideal_ranking_as_in_trec_eval() -> None:
    import pytrec_eval

    from harness.stages.score import score

    qrels = {"q1": {"d1": 1, "gone": 2}}
    ranking = {"q1": [("d1", 2.0), ("d2", 1.0)]}
    measures = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut.10", "recall.100", "map"})
    expected = measures.evaluate({query: dict(rows) for query, rows in ranking.items()})["q1"]
    scores = score(ranking, qrels, ["nDCG@10", "R@100", "AP"])
    assert scores["nDCG@10"]["q1"] == expected["ndcg_cut_10"] < 1
    assert (scores["R@100"]["q1"], scores["AP"]["q1"]) == (expected["recall_100"], expected["map"]) == (0.5, 0.5)


def test_empty_and_absent_passages_run_through_training_search_and_geometry(tmp_path: Path) -> None:
    corpus = DATA["corpus.jsonl"] + b'{"_id": "d4", "title": "", "text": ""}\n'
    judgments = DATA["dev.tsv"] + b"q3\tgone\t1\nq3\tlost\t0\n"
    manifest = tiny_suite(tmp_path / "suite", {"corpus.jsonl": corpus, "dev.tsv": judgments})
    text = manifest.read_text(encoding="utf-8").replace("passages = 3", "passages = 4")
    manifest.write_text(text.replace('reader = "beir"', 'reader = "beir"\nmissing_positives = 1'), encoding="utf-8")
    options = ("--methods", "base,bm25,infonce-random", "--seeds", "0", "--device", "cpu", "--jobs", "1")
    result = invoke("run", "--suite", manifest, *options, "--out", tmp_path / "out")
    assert result.status == 0, result.err
    records = {
        entry: read_json(tmp_path / f"out/records/{entry}/en/0.json") for entry in ("base", "bm25", "infonce-random")
    }
    for record in records.values():
        assert record["provenance"]["rows"]["passages without a text"] == 1
        assert record["provenance"]["rows"]["judgments of passages that the corpus lacks"] == 1
        assert record["provenance"]["rows"]["relevant passages that the corpus lacks"] == 1
        assert record["measures"]["nDCG@10"] < 1
    assert records["base"]["geometry"]["before"]["alignment"] > 0
    with gzip.open(tmp_path / "out/records/base/en/0.run.gz", "rt") as run:
        assert "d4" in run.read()
