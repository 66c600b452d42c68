"""The reader of SQuAD's JSON in sentences; the texts were written for these tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.data.raw_data import Passage, RetrievalData
from harness.data.readers.registry import retrieval_reader
from harness.data.readers.squad import read, read_sentences
from harness.errors import DataError

Write = Callable[[Any], Path]
KOREAN = "차는 잎으로 만든다. 1999. 12. 3. 첫 잎을 땄다. 값은 3.5원이다."
HINDI = "चाय पत्तियों से बनती है। डॉ. वर्मा ने उसे बोया।"
PERSIAN = "نان از آرد است. آیا شیرین است؟ نه همیشه."


def question(name: str, *answers: tuple[str, int], **more: Any) -> dict[str, Any]:
    found = [{"text": text, "answer_start": start} for text, start in answers]
    return {"id": name, "question": f"question {name}?", "answers": found, **more}


def at(context: str, text: str) -> tuple[str, int]:
    return text, context.index(text)


def content() -> dict[str, Any]:
    """Return two training paragraphs and one dev paragraph."""
    korean = [
        question("k1", at(KOREAN, "잎으로")),
        question("k2", at(KOREAN, "12. 3.")),
        question("k3", at(KOREAN, "3.5원")),
    ]
    hindi = [question("h1", at(HINDI, "डॉ. वर्मा"))]
    persian = [question("p1", at(PERSIAN, "آرد")), question("p2", at(PERSIAN, "همیشه"), at(PERSIAN, "شیرین"))]
    paragraphs = [{"context": KOREAN, "qas": korean}, {"context": HINDI, "qas": hindi}]
    bread = {"title": "Bread", "paragraphs": [{"context": PERSIAN, "qas": persian}]}
    return {"data": [{"title": "Tea_plant", "paragraphs": paragraphs}, bread]}


def loaded(squad: Write, value: dict[str, Any]) -> RetrievalData:
    return read_sentences([squad(value)])


def test_a_passage_is_a_sentence_and_its_id_counts_articles_paragraphs_and_sentences(squad: Write) -> None:
    assert {doc: passage.text.strip() for doc, passage in loaded(squad, content()).passages.items()} == {
        "0000-000-000": "차는 잎으로 만든다.",
        "0000-000-001": "1999. 12. 3. 첫 잎을 땄다.",
        "0000-000-002": "값은 3.5원이다.",
        "0000-001-000": "चाय पत्तियों से बनती है।",
        "0000-001-001": "डॉ. वर्मा ने उसे बोया।",
        "0001-000-000": "نان از آرد است.",
        "0001-000-001": "آیا شیرین است؟",
        "0001-000-002": "نه همیشه.",
    }


def test_a_question_is_relevant_to_the_sentence_of_each_of_its_answers(squad: Write) -> None:
    source = loaded(squad, content())
    assert source.train == {
        "k1": {"0000-000-000": 1},
        "k2": {"0000-000-001": 1},
        "k3": {"0000-000-002": 1},
        "h1": {"0000-001-001": 1},
    }
    assert source.dev == {"p1": {"0001-000-000": 1}, "p2": {"0001-000-002": 1, "0001-000-001": 1}}
    assert source.report["questions with answers in several sentences"] == 1


def test_questions_and_split_are_those_of_the_paragraphs(squad: Write) -> None:
    path = squad(content())
    paragraphs, sentences = read([path]), read_sentences([path])
    assert sentences.queries == paragraphs.queries
    assert (list(sentences.train), list(sentences.dev)) == (list(paragraphs.train), list(paragraphs.dev))
    assert sentences.passages["0000-000-001"].title == paragraphs.passages["0000-000"].title == "Tea plant"
    joined = "".join(text.text for doc, text in sentences.passages.items() if doc.startswith("0001-000"))
    assert Passage("Bread", joined) == paragraphs.passages["0001-000"]


def test_a_question_is_relevant_to_every_sentence_with_the_same_text(squad: Write) -> None:
    value = content()
    value["data"][1]["paragraphs"].append({"context": "차는 잎으로  만든다.\nChai", "qas": []})
    source = loaded(squad, value)
    assert source.train["k1"] == {"0000-000-000": 1, "0001-001-000": 1}
    assert source.report["sentences with the text of an earlier one"] == 1


@pytest.mark.parametrize(
    "lost",
    [
        question("k4", ("잎으로", 0)),
        question("k4", ("잎으로", -3)),
        question("k4", ("잎으로", 10**6)),
        question("k4"),
        {"id": "k4", "question": "question k4?"},
    ],
)
def test_a_question_without_an_answer_at_its_offset_is_left_out_and_counted(squad: Write, lost: dict[str, Any]) -> None:
    value = content()
    value["data"][0]["paragraphs"][0]["qas"].append(lost)
    source = loaded(squad, value)
    assert "k4" not in source.queries
    assert "k4" not in source.train
    assert source.report["questions without an answer at its offset"] == 1


def test_of_several_answers_those_at_their_offset_count(squad: Write) -> None:
    value = content()
    value["data"][0]["paragraphs"][0]["qas"].append(question("k4", ("잎으로", 0), at(KOREAN, "값은")))
    assert loaded(squad, value).train["k4"] == {"0000-000-002": 1}


def test_an_answer_that_begins_with_the_space_between_sentences_is_in_the_second(squad: Write) -> None:
    value = content()
    value["data"][0]["paragraphs"][0]["qas"].append(question("k4", at(KOREAN, " 값은")))
    assert loaded(squad, value).train["k4"] == {"0000-000-002": 1}


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([{"text": "차는"}], "'answer_start' is missing"),
        ([{"text": "차는", "answer_start": "0"}], "'answer_start' is a JSON string, not a JSON number"),
        ([{"answer_start": 0}], "answer is missing"),
        ("차는", "'answers' is a JSON string, not a JSON list"),
        ([0], "answers[0]: a JSON number, not an object"),
    ],
)
def test_answers_of_another_form_are_rejected_with_their_place(squad: Write, answers: Any, message: str) -> None:
    value = content()
    value["data"][0]["paragraphs"][0]["qas"][0]["answers"] = answers
    with pytest.raises(DataError) as caught:
        loaded(squad, value)
    line = str(caught.value)
    assert message in line
    assert "article 0 paragraph 0, id 'k1'" in line
    assert "\n" not in line


def test_an_unanswerable_question_is_left_out_whatever_its_answers(squad: Write) -> None:
    value = content()
    value["data"][0]["paragraphs"][0]["qas"].append(question("k4", at(KOREAN, "값은"), is_impossible=True))
    source = loaded(squad, value)
    assert "k4" not in source.queries
    assert source.report["unanswerable questions"] == 1


def test_a_manifest_names_the_reader(squad: Write) -> None:
    assert retrieval_reader("squad-sentences", "here")([squad(content())]) == loaded(squad, content())
