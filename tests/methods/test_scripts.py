"""BM25 and the n-gram experts in many scripts."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest
import regex
from support.sentences import SPACED, SPACELESS

from harness.types import Ranker
from methods._spaceless import LETTER, in_one_width, pairs
from methods.bm25 import BM25, tokens
from methods.tfidf import TfIdf, words

MINI = Path(__file__).parents[2] / "datasets_manifest/mini"
RANKERS = {"bm25": BM25(), "words": TfIdf(), "characters": TfIdf("char_wb", 2, 4)}
REDUCED = {"lsa": TfIdf(components=8)}  # to fewer dimensions than passages: it need not tell them apart


def texts_of(script: str) -> dict[str, str]:
    sentences = {**SPACELESS, **SPACED}[script].split("|")
    assert len(set(sentences)) == 9
    return {f"d{i}": sentence for i, sentence in enumerate(sentences)}


def middle(text: str) -> str:
    """Return the middle half of a text's words, or of its characters where it has no spaces."""
    parts = text.split() if " " in text else regex.findall(r"\X", text)
    joint = " " if " " in text else ""
    start = len(parts) // 4
    return joint.join(parts[start : start + max(2, len(parts) // 2)])


@pytest.mark.parametrize("ranker", RANKERS.values(), ids=RANKERS)
@pytest.mark.parametrize("script", [*SPACELESS, *SPACED])
def test_a_part_of_a_passage_finds_it_among_eight_others_of_its_script(script: str, ranker: Ranker) -> None:
    passages = texts_of(script)
    ranking = ranker.search(passages, {doc: middle(text) for doc, text in passages.items()}, 9)
    assert {query: rows[0][0] for query, rows in ranking.items() if rows} == {doc: doc for doc in passages}
    assert all(rows[0][1] > 0 for rows in ranking.values())


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(
    "script", ["Vietnamese", "German", "Greek", "Yiddish", "Bengali", "Tamil", "Japanese", "Korean"]
)
def test_both_spellings_of_composed_letters_are_one_to_bm25(script: str, form: str) -> None:
    for text in texts_of(script).values():
        assert tokens(unicodedata.normalize(form, text)) == tokens(text)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("İzmir", "IZMIR"),
        ("İzmir", "izmir"),
        ("Straße", "STRASSE"),
        ("ΦΩΣ", "φως"),
        ("ＡＢＣ１２", "abc12"),
        ("ｶﾞｽ", "ガス"),
    ],
)
def test_case_and_width_are_folded(text: str, query: str) -> None:
    assert tokens(text) == tokens(query)


@pytest.mark.parametrize(
    ("text", "expected"),
    [  # what Lucene documents of CJKAnalyzer, and asserts in TestCJKBigramFilter and TestCJKBigramFilterFactory
        ("我是中国人", "我是 是中 中国 国人"),
        ("多くの学生が試験に落ちた。", "多く くの の学 学生 生が が試 試験 験に に落 落ち ちた"),
    ],
)
def test_han_and_kana_become_the_pairs_of_lucenes_cjk_analyzer(text: str, expected: str) -> None:
    assert tokens(text) == expected.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("茶", "茶"),
        ("我 是", "我 是"),
        ("第３回BM25大会", "第 3 回 bm25 大会"),
        ("漢字는 쉽다", "漢字 는 쉽다"),
        ("二〇二四", "二〇 〇二 二四"),
        ("サーバーの人々", "サー ーバ バー ーの の人 人々"),
        ("น้ำ๒๕", "น้ำ ๒๕"),
        ("ខ្មែរ", "ខ្មែ មែរ"),
        ("မြန်မာ", "မြန် န်မာ"),
        ("བོད་སྐད", "བོད སྐད"),
        ("ꦲꦏ꧀ꦱꦫ", "ꦲꦏ꧀ ꦏ꧀ꦱ ꦱꦫ"),
    ],
)
def test_runs_end_where_the_script_does_and_marks_stay_with_their_letter(text: str, expected: str) -> None:
    assert tokens(text) == expected.split()


def test_invisible_characters_do_not_change_the_pairs() -> None:
    assert tokens("ភាសា\u200bខ្មែរ") == tokens("ភាសាខ្មែរ")
    assert tokens("葛\U000e0100城") == tokens("葛城")


def test_words_of_the_tfidf_ranker_hold_pairs_and_keep_the_rest_as_spaces_divide_it() -> None:
    assert words("deep learning, 深度学习。") == ["deep", "learning,", "深度", "度学", "学习", "。"]
    assert words("བོད་སྐད ሰላም፡ለዓለም") == ["བོད", "སྐད", "ሰላም", "ለዓለም"]


@pytest.mark.parametrize("language", ["ko", "hi", "fa"])
def test_texts_without_such_scripts_have_the_tokens_that_the_committed_results_were_made_with(language: str) -> None:
    lines = [
        line for path in sorted((MINI / language).glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()
    ]
    texts = [text for line in lines for text in json.loads(line).values() if isinstance(text, str)]
    assert len(texts) > 1000
    assert not regex.search(LETTER, " ".join(texts), flags=regex.V1)
    for text in texts:
        assert tokens(text) == former_tokens(text)
        assert words(text.lower()) == re.findall(r"\S+", text.lower())


@pytest.mark.parametrize(
    "text",
    ["서울은 1,024 km²!", "हिन्दी में ज़रूर आज़ाद", "می‌روم، خانهٔ آزاد", "Straße été", "\u200c 한국\u302e어", "😀 1️⃣ a\u0301"],
)
def test_other_texts_have_the_same_tokens_as_before_up_to_composition(text: str) -> None:
    assert [token.replace("á", "a\u0301") for token in tokens(text)] == former_tokens(text)


def former_tokens(text: str) -> list[str]:
    """Return the tokens of version 0.1 of the plugin."""
    found: list[str] = []
    for run in regex.findall(r"\p{Hangul}+|[\p{L}\p{M}\p{N}\u200c--\p{Hangul}]+", text.casefold(), flags=regex.V1):
        found += [run[i : i + 2] for i in range(len(run) - 1)] if regex.match(r"\p{Hangul}{2,}", run) else [run]
    return found


@pytest.mark.parametrize("ranker", [*RANKERS.values(), *REDUCED.values()], ids=[*RANKERS, *REDUCED])
@pytest.mark.parametrize("passages", [{"a": "", "b": " "}, {"a": "", "b": "茶"}, {"a": "茶"}, {"a": "茶", "b": "茶"}])
def test_passages_and_queries_without_tokens_have_no_score_and_no_nan(passages: dict[str, str], ranker: Ranker) -> None:
    ranking = ranker.search(passages, {"nothing": "", "tea": "茶"}, 2)
    assert all(score == 0 for _, score in ranking["nothing"])
    found = {doc: score for doc, score in ranking["tea"] if score != 0}
    assert set(found) == {doc for doc, text in passages.items() if text == "茶"}
    assert all(score > 0 for score in found.values())


def test_emoji_and_punctuation_are_no_tokens_to_bm25() -> None:
    assert [BM25().has_tokens(text) for text in ("😀 👍🏽", "?!…", "", "茶?")] == [False, False, False, True]
    assert BM25().search({"a": "😀", "b": "!"}, {"q": "word", "r": "😀"}, 5) == {"q": [], "r": []}


def test_a_text_shorter_than_the_shortest_ngram_has_no_token_to_tfidf() -> None:
    assert [TfIdf("word", 2, 2).has_tokens(text) for text in ("one", "one two", "茶", "喝茶吃饭")] == [
        False,
        True,
        False,
        True,
    ]
    assert [TfIdf("char_wb", 2, 4).has_tokens(text) for text in ("x", " ")] == [True, False]


def test_width_is_folded_in_letters_and_digits_alone() -> None:
    assert in_one_width("（ＢＭ２５）ｶﾞｽ。") == "（BM25）ガス。"


def test_the_letters_in_pairs_are_those_that_uax_29_keeps_out_of_words() -> None:
    everything = "".join(map(chr, range(0x30000)))

    def letters(pattern: str) -> set[str]:
        return set(regex.findall(rf"[{pattern}&&[\p{{L}}\p{{Nl}}]]", everything, flags=regex.V1))

    outside = letters(r"[^\p{WB=ALetter}\p{WB=Hebrew_Letter}]")
    added = letters(r"[\p{Script=Javanese}\p{Script=Balinese}]") | set("々〻𖿣")  # iteration marks
    assert letters(LETTER) - outside == added
    assert outside - letters(LETTER) == set("ﾞﾟ")  # marks of half-width Katakana, which are folded first


def test_pairs_overlap() -> None:
    assert pairs("ภาษา") == ["ภา", "าษ", "ษา"]
