"""The reader of SQuAD's JSON and its split by article."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.data.raw_data import Passage
from harness.data.readers.squad import is_dev, read
from harness.errors import DataError

Write = Callable[[Any], Path]
Article = Callable[[int], dict[str, Any]]


def rejection(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read([path])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_passage_is_a_paragraph_and_its_id_counts_articles_and_paragraphs(squad: Write, article: Article) -> None:
    assert read([squad({"data": [article(0), article(1)]})]).passages == {
        "0000-000": Passage("Tea plant", "Tea is made from leaves."),
        "0000-001": Passage("Tea plant", "Leaves are picked by hand."),
        "0001-000": Passage("Bread", "Bread is made from flour."),
    }


def test_articles_are_split_by_the_hash_of_their_title(squad: Write, article: Article) -> None:
    source = read([squad({"data": [article(0), article(1)]})])
    assert source.train == {"t1": {"0000-000": 1}, "t3": {"0000-001": 1}}
    assert source.dev == {"b1": {"0001-000": 1}}


@pytest.mark.parametrize(
    ("title", "dev"), [("Bread", True), ("Tea_plant", False), ("Green tea", True), ("Green_tea", False)]
)
def test_the_split_hashes_the_title_as_the_file_spells_it(title: str, dev: bool) -> None:
    assert is_dev(title) is dev


def test_an_unanswerable_question_is_left_out_and_counted(squad: Write, article: Article) -> None:
    source = read([squad({"data": [article(0), article(1)]})])
    assert "t2" not in source.queries
    assert source.report["unanswerable questions"] == 1


def test_a_training_question_with_the_text_of_a_dev_question_is_left_out_and_counted(
    squad: Write, article: Article
) -> None:
    tea = article(0)
    tea["paragraphs"][0]["qas"][0]["question"] = "What  is bread made from? "
    source = read([squad({"data": [tea, article(1)]})])
    assert list(source.train) == ["t3"]
    assert "t1" not in source.queries
    assert list(source.dev) == ["b1"]
    assert source.report["training questions with the text of a dev question"] == 1


def test_a_question_is_relevant_to_every_paragraph_with_the_same_text(squad: Write, article: Article) -> None:
    tea = article(0)
    tea["paragraphs"].append({"context": "Tea is  made from leaves.", "qas": []})
    source = read([squad({"data": [tea, article(1)]})])
    assert source.train["t1"] == {"0000-000": 1, "0000-002": 1}
    assert len(source.passages) == 4
    assert source.report["paragraphs with the text of an earlier one"] == 1


def test_a_repeated_question_id_is_rejected(squad: Write, article: Article) -> None:
    bread = article(1)
    bread["paragraphs"][0]["qas"][0]["id"] = "t1"
    assert "article 1 paragraph 0: duplicate question id 't1'" in rejection(squad({"data": [article(0), bread]}))


def test_an_empty_question_is_rejected_with_its_id(squad: Write, article: Article) -> None:
    bread = article(1)
    bread["paragraphs"][0]["qas"][0]["question"] = " "
    assert "id 'b1': empty question" in rejection(squad({"data": [article(0), bread]}))


def test_an_empty_paragraph_is_rejected_with_its_place(squad: Write, article: Article) -> None:
    bread = article(1)
    bread["paragraphs"][0]["context"] = ""
    assert "squad.json article 1 paragraph 0: empty context" in rejection(squad({"data": [article(0), bread]}))


def test_a_file_without_a_paragraph_is_rejected(squad: Write) -> None:
    assert "squad.json: holds no paragraph" in rejection(squad({"data": []}))


@pytest.mark.parametrize(("index", "kind"), [(0, "dev question"), (1, "training question")])
def test_a_file_with_only_one_side_of_the_split_is_rejected(
    squad: Write, article: Article, index: int, kind: str
) -> None:
    assert f"squad.json: holds no {kind}" in rejection(squad({"data": [article(index)]}))


def test_a_truncated_file_is_rejected_with_its_line(squad: Write, article: Article) -> None:
    path = squad({"data": [article(0), article(1)]})
    path.write_bytes(path.read_bytes()[:-20])
    assert "squad.json line 1: truncated or broken JSON" in rejection(path)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "squad.json: a JSON list, not an object with data"),
        ({}, "'data' is missing"),
        ({"data": [1]}, "data[0]: a JSON number, not an object"),
        ({"data": [{"paragraphs": []}]}, "article 0: title is missing"),
        ({"data": [{"title": "Rice"}]}, "article 0: 'paragraphs' is missing"),
    ],
)
def test_another_structure_is_rejected_with_its_place(squad: Write, value: Any, message: str) -> None:
    line = rejection(squad(value))
    assert message in line
    assert "squad.json" in line


def test_two_files_are_rejected(squad: Write, article: Article) -> None:
    path = squad({"data": [article(0)]})
    with pytest.raises(DataError, match="takes one file, not 2"):
        read([path, path])
