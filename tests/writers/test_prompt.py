"""The prompt, and the queries of an answer."""

from __future__ import annotations

import pytest

from harness.request.manifest import Writer
from harness.writers.prompt import PROMPT, parse, template_of


@pytest.mark.parametrize(
    ("answer", "queries"),
    [
        ("what is tea?", ("what is tea?",)),
        ("  what  is\ttea? \n\n", ("what is tea?",)),
        ("1. what is tea?\n2) who drinks it?\n(3) why?", ("what is tea?", "who drinks it?", "why?")),
        ("- what is tea?\n* who drinks it?\n• why?", ("what is tea?", "who drinks it?", "why?")),
        ("Q1: what is tea?\nQuestion 2: why?\nquestion: who?", ("what is tea?", "why?", "who?")),
        ('"what is tea?"\n「차는 무엇인가?」\n**why?**', ("what is tea?", "차는 무엇인가?", "why?")),
        ("1.차는 무엇인가?", ("차는 무엇인가?",)),
        ("Here is a question:\nwhat is tea?", ("what is tea?",)),
        ("<think>The passage is\nabout tea.</think>\nwhat is tea?", ("what is tea?",)),
        ("what is tea?\nwhat is tea?\n```", ("what is tea?",)),
        (
            "10.5 km is how many miles\n10:30 flight from Seoul",
            ("10.5 km is how many miles", "10:30 flight from Seoul"),
        ),
        ("1945년에 무슨 일이 있었나", ("1945년에 무슨 일이 있었나",)),
        ("चाय क्या है?\nچای چیست؟", ("चाय क्या है?", "چای چیست؟")),
        ("", ()),
        (" \n---\n?!\n", ()),
        ("<think>so long that nothing comes after", ()),
    ],
)
def test_a_query_is_a_line_without_numbering_and_quotes(answer: str, queries: tuple[str, ...]) -> None:
    assert parse(answer, 9) == queries


def test_surplus_queries_are_dropped() -> None:
    assert parse("a?\nb?\nc?", 2) == ("a?", "b?")


def test_the_default_prompt_has_language_and_number_and_leaves_the_passage_open() -> None:
    template = template_of(Writer(kind="endpoint", model="m", queries=3), "fa")
    assert "search questions in Persian" in template
    assert "Number of questions: 3." in template
    assert template.count("{passage}") == PROMPT.count("{passage}") == 1
    assert template.count("{") == 1


def test_a_language_without_a_known_name_is_named_by_its_code() -> None:
    assert "search questions in eu that" in template_of(Writer(kind="endpoint", model="m"), "eu")


def test_braces_of_a_passage_or_a_prompt_are_text() -> None:
    template = template_of(Writer(kind="endpoint", model="m", prompt='{"a": {passage}} in {language}'), "ko")
    assert template == '{"a": {passage}} in Korean'
