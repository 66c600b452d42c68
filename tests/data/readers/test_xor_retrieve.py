"""XOR-Retrieve: questions in their language, DPR's passages, and which of them hold an answer."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from harness.data.raw_data import Passage
from harness.data.readers import xor_retrieve
from harness.data.readers.answer_matches import matches, tokens
from harness.errors import DataError

QUESTIONS: list[dict[str, Any]] = [
    {"id": "-11", "question": "차는 어디서 왔나?", "lang": "ko", "answers": ["Yunnan Province", "yes"], "split": "dev"},
    {"id": "12", "question": "차는 식물인가?", "lang": "ko", "answers": ["yes"], "split": "dev"},
    {"id": "13", "question": "차의 이름은?", "lang": "ko", "answers": ["Camellia"], "split": "dev"},
    {"id": "14", "question": "お茶は?", "lang": "ja", "answers": ["café"], "split": "dev"},
]
ROWS = [
    ("1", "Tea came from YUNNAN province, long ago.", "Tea"),
    ("2", 'It is said: ""Yunnan"" has a province', "Yunnan"),  # not one after the other
    ("3", "In the south, Yunnan Province's hills", "Hills"),
    ("4", "A Cafe\u0301 in Paris", "Coffee"),  # the accent as a mark of its own
]


def written(
    folder: Path, questions: list[Any] = QUESTIONS, rows: list[tuple[str, ...]] = ROWS, **file: Any
) -> list[Path]:
    (folder / "xor.jsonl").write_text("\n".join(map(json.dumps, questions)), encoding="utf-8")
    header = file.get("header", "id\ttext\ttitle")
    quoted = ["\t".join(f'"{cell}"' if '"' in cell else cell for cell in row) for row in rows]
    content = "\n".join([header, *quoted]).encode()
    (folder / "psgs.tsv").write_bytes(gzip.compress(content) if file.get("packed") else content)
    return [folder / "xor.jsonl", folder / "psgs.tsv"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_passage_is_relevant_that_holds_an_answer_whatever_its_case(tmp_path: Path, packed: bool) -> None:
    raw = xor_retrieve.read(written(tmp_path, packed=packed), "ko")
    assert raw.dev == {"-11": {"1": 1, "3": 1}}
    assert raw.queries == {"-11": "차는 어디서 왔나?"}
    assert raw.train == {}
    assert dict(raw.passages.items())["2"] == Passage("Yunnan", 'It is said: "Yunnan" has a province')
    assert dict(raw.report) == {
        "questions answered by yes or no alone": 1,
        "questions that no passage answers": 1,
        "questions that more than 100,000 passages answer": 0,
    }


def test_both_spellings_of_an_accent_are_one(tmp_path: Path) -> None:
    assert xor_retrieve.read(written(tmp_path), "ja").dev == {"14": {"4": 1}}


def test_the_tokens_are_those_of_dprs_evaluation() -> None:
    assert tokens("Yunnan's 3.5 °C") == ("yunnan", "'", "s", "3", ".", "5", "°", "c")
    assert tokens("a\u00a0b\tc\u200d") == ("a", "b", "c")  # separators and control characters are none


def test_an_answer_is_matched_exactly_where_its_tokens_follow_each_other() -> None:
    words = ["a", "b", "c"]
    texts = {f"{i}{j}{k}": f"{words[i]} {words[j]} {words[k]}" for i in range(3) for j in range(3) for k in range(3)}
    answers = {f"q{n}": [answer] for n, answer in enumerate(["a", "a b", "b c a", "c, c", "ab"])}
    passages = [(doc, Passage("a b", text)) for doc, text in texts.items()]
    found, frequent = matches(answers, passages)
    expected = {
        query: {doc: 1 for doc, text in texts.items() if f" {' '.join(tokens(answer))} " in f" {text} "}
        for query, (answer,) in answers.items()
    }
    assert found == {query: row for query, row in expected.items() if row}
    assert frequent == set()
    assert set(found) == {"q0", "q1", "q2"}


def test_a_question_that_too_many_passages_answer_is_left_out() -> None:
    passages = [(str(i), Passage("", "tea in 1753" if i < 3 else "tea")) for i in range(5)]
    found, frequent = matches({"often": ["tea"], "seldom": ["1753"]}, passages, most=3)
    assert (found, frequent) == ({"seldom": {"0": 1, "1": 1, "2": 1}}, {"often"})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"header": "id\ttitle\ttext"}, r"psgs\.tsv line 1: the header is not id, text, title"),
        ({"rows": [("1", "text")]}, r"psgs\.tsv line 2: 2 fields, not id, text, title"),
        ({"rows": [("1", "of nothing", "t")]}, "passage that answers a question"),
        ({"questions": [{"id": "1", "question": "q", "lang": "ko", "answers": "a"}]}, "'answers' is a JSON string"),
        ({"questions": QUESTIONS[3:]}, 'question with "lang": "ko"'),
        ({"questions": [QUESTIONS[0]] * 2}, "duplicate question id '-11'"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        xor_retrieve.read(written(tmp_path, **change), "ko")


def test_a_truncated_gzip_file_is_one_line(tmp_path: Path) -> None:
    questions, corpus = written(tmp_path, packed=True)
    corpus.write_bytes(corpus.read_bytes()[:-12])
    with pytest.raises(DataError, match="the gzip file is truncated"):
        xor_retrieve.read([questions, corpus], "ko")
