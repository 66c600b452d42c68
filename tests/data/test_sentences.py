"""Where sentences begin, in texts written for these tests."""

from __future__ import annotations

from itertools import pairwise

import pytest

from harness.data.sentences import sentence_starts


def sentences(text: str) -> list[str]:
    return [text[start:end].strip() for start, end in pairwise([*sentence_starts(text), len(text)])]


@pytest.mark.parametrize(
    "parts",
    [
        ["차는 잎으로 만든다.", "커피는 콩으로 만든다!", "쌀은 무엇인가?"],
        ["चाय पत्तियों से बनती है।", "कॉफ़ी बीजों से बनती है।", "क्या चावल अनाज है?"],
        ["چای از برگ ساخته می‌شود.", "آیا قهوه از دانه است؟", "برنج غله است!"],
        [
            "One ends here…",
            "Another (in brackets.)",
            "“A quoted one.”",
            "With a reference.[12][۳]",
            "The last has no mark",
        ],
    ],
)
@pytest.mark.parametrize("space", [" ", "\n", "  ", " \n "])
def test_a_sentence_ends_after_a_mark_with_what_closes_it(parts: list[str], space: str) -> None:
    assert sentences(space.join(parts)) == parts


@pytest.mark.parametrize(
    "text",
    [
        "The plant has 3.5 leaves at 1.000 metres.",
        "Drawn by J. R. Ellis in London.",
        "डॉ. वर्मा ने चाय पी।",
        "تولد او در سال ۲۵۰ ق. م. بود.",
        "1999. 12. 3. 차를 심었다.",
        "1. Pick the leaves",
        "He wrote tea.com there",
        "차는 3.5미터까지 자란다.",
        "Leaves, roots ... …",
    ],
)
def test_numbers_initials_and_pieces_without_a_letter_end_no_sentence(text: str) -> None:
    assert sentences(text) == [text]


def test_a_last_word_of_one_syllable_of_hangul_ends_a_sentence() -> None:
    assert sentences("그것은 차. 이것은 콩이다.") == ["그것은 차.", "이것은 콩이다."]


def test_a_line_break_ends_a_sentence_without_a_mark() -> None:
    assert sentences("Tea\nIt is a plant.\n\nRice is a grain") == ["Tea", "It is a plant.", "Rice is a grain"]


@pytest.mark.parametrize("text", ["", " ", "...", "Tea.", " Tea. \n", "Tea. 5", "5. Tea"])
def test_every_character_is_in_one_sentence_and_no_sentence_of_a_text_is_empty(text: str) -> None:
    starts = sentence_starts(text)
    assert starts == [0]
    many = f"{text}\nTea is a plant. Rice is a grain."
    found = sentence_starts(many)
    assert found == sorted(set(found))
    assert found[0] == 0
    assert all(sentences(many))
