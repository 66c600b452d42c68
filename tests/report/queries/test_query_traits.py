"""What kind of query: words, the share of them that a relevant passage has, relevant passages, and their groups."""

from __future__ import annotations

import pytest

from harness.report.queries.query_traits import query_traits, words
from harness.types import Data


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wo liegt Köln-Süd, Straße 5?", ["wo", "liegt", "köln", "süd", "strasse", "5"]),
        ("एक और प्रश्न।", ["एक", "और", "प्रश्न"]),  # vowel signs and virama are marks within a word
        ("می‌رود کجا؟", ["میرود", "کجا"]),
        ("서울은 어디인가?", ["서울은", "어디인가"]),
        ("東京タワーはどこ", list("東京タワーはどこ")),
        ("２０２４ ＡＢＣ", ["2024", "abc"]),
        ("?! …", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def data(queries: dict[str, str], dev: dict[str, dict[str, int]]) -> Data:
    passages = {"both": "red green", "red": "Red, only red.", "none": "blue"}
    return Data("ko", passages, queries, {}, dev)


def test_the_numbers_of_a_query() -> None:
    queries = {"a": "red green red", "b": "red black", "c": "…", "d": "red"}
    dev = {"a": {"red": 1, "both": 2, "none": 0}, "b": {"none": 1}, "c": {"red": 1}, "d": {"both": 0}}
    length, overlap, relevant = query_traits(data(queries, dev), sorted(queries))
    assert length.values.tolist() == [3, 2, 0, 1]
    assert overlap.values.tolist() == [100, 0, 0, 0]  # "a": of its two words the better passage has both
    assert relevant.values.tolist() == [2, 1, 1, 0]


def test_an_absent_passage_shares_no_word() -> None:
    _, overlap, relevant = query_traits(data({"a": "red"}, {"a": {"gone": 1}}), ["a"])
    assert (overlap.values.tolist(), relevant.values.tolist()) == ([0], [1])


def test_groups_are_labelled_by_their_range() -> None:
    names = [f"q{i:02}" for i in range(36)]
    queries = {name: " ".join(["red"] * (1 + i // 6)) for i, name in enumerate(names)}
    dev = {name: {"red": 1, "both": int(i >= 24)} for i, name in enumerate(names)}
    length, overlap, relevant = query_traits(data(queries, dev), names)
    assert [(length.label(group), len(group)) for group in length.groups] == [("1–2", 12), ("3–4", 12), ("5–6", 12)]
    assert [(overlap.label(group), len(group)) for group in overlap.groups] == [("100", 36)]
    assert [(relevant.label(group), len(group)) for group in relevant.groups] == [("1", 24), ("2", 12)]
