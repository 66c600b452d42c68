"""BM25 and TF-IDF against their formulas in plain Python."""

from __future__ import annotations

import math

import pytest

from harness.types import Ranker
from methods.bm25 import BM25, tokens
from methods.tfidf import TfIdf

PASSAGES = {
    "d1": "red apples and green apples",
    "d2": "green tea",
    "d3": "red wine from red grapes and a long long story about wine",
    "d4": "nothing of the kind",
}


def lucene(query: str, doc: str, k1: float, b: float) -> float:
    """Return Σ idf · tf / (tf + k1 (1 - b + b |d| / avg)), idf = ln(1 + (N - n + 0.5) / (n + 0.5))."""
    texts = {name: tokens(text) for name, text in PASSAGES.items()}
    average = sum(len(words) for words in texts.values()) / len(texts)
    total = 0.0
    for word in tokens(query):
        n = sum(word in words for words in texts.values())
        tf = texts[doc].count(word)
        idf = math.log(1 + (len(texts) - n + 0.5) / (n + 0.5))
        total += idf * tf / (tf + k1 * (1 - b + b * len(texts[doc]) / average))
    return total


@pytest.mark.parametrize(("k1", "b"), [(0.9, 0.4), (1.2, 0.75)])
def test_bm25_scores_follow_lucenes_formula(k1: float, b: float) -> None:
    query = "red red wine and green apples"
    (rows,) = BM25(k1, b).search(PASSAGES, {"q": query}, 10).values()
    expected = {doc: lucene(query, doc, k1, b) for doc in ("d1", "d2", "d3")}
    assert dict(rows) == pytest.approx(expected, rel=1e-5)
    assert [doc for doc, _ in rows] == sorted(expected, key=lambda doc: -expected[doc])


def test_bm25_omits_passages_without_a_shared_token() -> None:
    ranking = BM25().search(PASSAGES, {"q": "tea"}, 10)
    assert [doc for doc, _ in ranking["q"]] == ["d2"]


def test_bm25_returns_nothing_for_unknown_words() -> None:
    assert BM25().search(PASSAGES, {"q": "zebra"}, 10) == {"q": []}


def test_bm25_returns_at_most_depth_passages() -> None:
    assert len(BM25().search(PASSAGES, {"q": "red green and"}, 2)["q"]) == 2


def test_bm25_orders_equal_scores_by_passage_id_descending() -> None:
    ranking = BM25().search({"a": "same words", "c": "same words", "b": "same words"}, {"q": "words"}, 2)
    assert [doc for doc, _ in ranking["q"]] == ["c", "b"]


def test_bm25_does_not_depend_on_the_order_of_the_passages() -> None:
    backward = dict(reversed(PASSAGES.items()))
    queries = {"q": "red apples", "r": "green story"}
    assert BM25().search(PASSAGES, queries, 10) == BM25().search(backward, queries, 10)


def test_a_korean_word_with_a_particle_matches_the_word_without_it() -> None:
    ranking = BM25().search({"d": "서울은 수도이다", "e": "부산은 항구이다"}, {"q": "서울"}, 10)
    assert [doc for doc, _ in ranking["q"]] == ["d"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("서울은", ["서울", "울은"]),
        ("차", ["차"]),
        ("KTX로 간다", ["ktx", "로", "간다"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("می‌روم، خانه", ["می‌روم", "خانه"]),
        ("1,024 km²!", ["1", "024", "km²"]),
        ("...", []),
    ],
)
def test_tokens_are_runs_of_letters_and_digits_and_pairs_of_hangul_syllables(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def tfidf(text: str, texts: list[str]) -> dict[str, float]:
    """Return the unit vector of (1 + ln tf) (1 + ln((1 + N) / (1 + n))) over the words of the corpus."""
    documents = [document.split() for document in texts]
    vector = {}
    for word in set(text.split()) & {word for words in documents for word in words}:
        n = sum(word in words for words in documents)
        vector[word] = (1 + math.log(text.split().count(word))) * (1 + math.log((1 + len(texts)) / (1 + n)))
    norm = math.sqrt(sum(value**2 for value in vector.values())) or 1.0
    return {word: value / norm for word, value in vector.items()}


def test_word_tfidf_is_the_cosine_of_the_formulas_vectors() -> None:
    query = "red red wine and tea"
    query_vector = tfidf(query, list(PASSAGES.values()))
    ranking = TfIdf().search(PASSAGES, {"q": query}, 10)
    expected = {}
    for doc, text in PASSAGES.items():
        vector = tfidf(text, list(PASSAGES.values()))
        expected[doc] = sum(query_vector.get(word, 0.0) * value for word, value in vector.items())
    assert dict(ranking["q"]) == pytest.approx(expected, abs=1e-12)
    scores = [score for _, score in ranking["q"]]
    assert scores == sorted(scores, reverse=True)


def test_character_ngrams_match_an_inflected_form_that_words_miss() -> None:
    passages = {"d": "दरवाज़ों", "e": "पहाड़"}
    words = dict(TfIdf().search(passages, {"q": "दरवाज़े"}, 2)["q"])
    characters = dict(TfIdf("char_wb", 2, 4).search(passages, {"q": "दरवाज़े"}, 2)["q"])
    assert words["d"] == 0
    assert characters["d"] > 0.3 > characters["e"]


def test_svd_with_full_rank_keeps_the_best_passage() -> None:
    passages = {f"d{i}": text for i, text in enumerate(["a b", "b c", "c d", "d a", "a c e"])}
    plain = TfIdf().search(passages, {"q": "a b"}, 5)["q"]
    reduced = TfIdf(components=4).search(passages, {"q": "a b"}, 5)["q"]
    assert plain[0][0] == reduced[0][0] == "d0"
    assert reduced[0][1] == pytest.approx(1.0)


def test_svd_matches_a_passage_with_related_words_and_no_shared_word() -> None:
    passages = {
        "d1": "kettle boils water",
        "d2": "pot boils water",
        "d3": "kettle pot steam water boils",
        "d4": "bank lends money",
        "d5": "bank money interest",
        "d6": "kettle steam",
    }
    scores = dict(TfIdf(components=2).search(passages, {"q": "pot"}, 6)["q"])
    assert "pot" not in passages["d6"]
    assert scores["d6"] > 0.9
    assert abs(scores["d4"]) < 0.1


def test_svd_is_deterministic() -> None:
    queries = {"q": "red tea story"}
    ranker = TfIdf(components=2)
    assert ranker.search(PASSAGES, queries, 4) == ranker.search(PASSAGES, queries, 4)


def test_a_query_of_unknown_words_has_cosine_zero_with_every_passage() -> None:
    ranking = TfIdf().search(PASSAGES, {"q": "zebra"}, 4)
    assert ranking["q"] == [("d4", 0.0), ("d3", 0.0), ("d2", 0.0), ("d1", 0.0)]


def test_an_unknown_analyzer_is_rejected() -> None:
    with pytest.raises(ValueError, match="analyzer 'letters' must be word or char_wb"):
        TfIdf("letters")  # type: ignore[arg-type]


def test_bm25_and_tfidf_are_rankers() -> None:
    assert isinstance(BM25(), Ranker)
    assert isinstance(TfIdf(), Ranker)
