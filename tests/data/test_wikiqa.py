"""The manifests of wikiqa and wikiqa-hard, and its real files if HARNESS_TEST_DATA names their folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.data.load import load_reported
from harness.request import suite

NEIGHBOUR = Path(__file__).parents[3] / "shared" / "data"
FOLDER = Path(os.environ.get("HARNESS_TEST_DATA", NEIGHBOUR))
real = pytest.mark.skipif(
    not (FOLDER / "qa").is_dir(), reason="no real data: run with HARNESS_TEST_DATA=FOLDER, where FOLDER/qa has them"
)


@real
@pytest.mark.parametrize(
    ("language", "passages", "train", "dev", "nli"),
    [("ko", 964, 4031, 1743, 1000), ("hi", 240, 787, 403, 7751), ("fa", 1103, 3991, 2004, 2338)],
)
def test_real_files_have_the_published_counts(
    language: str, passages: int, train: int, dev: int, nli: int, tmp_path: Path
) -> None:
    data, _ = load_reported(suite.load("wikiqa"), language, data_dir=FOLDER, cache_dir=tmp_path)
    assert (len(data.passages), len(data.train), len(data.dev), len(data.nli)) == (passages, train, dev, nli)


@real
@pytest.mark.parametrize("language", ["ko", "hi", "fa"])
def test_wikiqa_hard_asks_the_same_questions_of_sentences_that_hold_their_answers(
    language: str, tmp_path: Path
) -> None:
    whole, _ = load_reported(suite.load("wikiqa"), language, data_dir=FOLDER, cache_dir=tmp_path)
    data, report = load_reported(suite.load("wikiqa-hard"), language, data_dir=FOLDER, cache_dir=tmp_path)
    assert data.queries == whole.queries
    assert (list(data.train), list(data.dev)) == (list(whole.train), list(whole.dev))
    assert report["questions without an answer at its offset"] == 0
    for sentences, paragraphs in ((data.train, whole.train), (data.dev, whole.dev)):
        for query, grades in sentences.items():
            assert any(doc.rpartition("-")[0] in paragraphs[query] for doc in grades)


@real
def test_pquad_has_5995_answerable_questions_of_7976(tmp_path: Path) -> None:
    data, report = load_reported(suite.load("wikiqa"), "fa", data_dir=FOLDER, cache_dir=tmp_path)
    assert len(data.train) + len(data.dev) == 5995
    assert report["unanswerable questions"] == 7976 - 5995


@real
def test_no_paragraph_of_a_dev_question_is_trained_on(tmp_path: Path) -> None:
    for language in ("ko", "hi", "fa"):
        data, _ = load_reported(suite.load("wikiqa"), language, data_dir=FOLDER, cache_dir=tmp_path)
        trained = {doc[:4] for docs in data.train.values() for doc in docs}
        evaluated = {doc[:4] for docs in data.dev.values() for doc in docs}
        assert not trained & evaluated


def test_every_file_is_pinned_to_a_commit_and_has_a_licence_and_a_citation() -> None:
    languages = [*suite.load("wikiqa").languages.values(), *suite.load("wikiqa-hard").languages.values()]
    for language in languages:
        for source in (language.retrieval, language.nli):
            assert source is not None
            assert source.licence
            assert source.citation
            for file in source.files:
                assert file.url is not None
                commit = file.url.removeprefix("https://raw.githubusercontent.com/").split("/")[2]
                assert len(commit) == 40
                assert set(commit) <= set("0123456789abcdef")
