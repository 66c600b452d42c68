"""The prompt of a writer, and the queries in its answer."""

from __future__ import annotations

import re

from harness.data.validation import normalized
from harness.request.manifest import Writer

PROMPT = """\
Read the passage and write search questions in {language} that it answers. Each is short, and can be understood by \
someone who has not seen the passage. Number of questions: {queries}. Write one question a line and nothing else.

Passage: {passage}

Questions:"""
"""The default prompt. Written for this project: the prompt of arXiv 2412.17364 is not published."""

LANGUAGES = {
    **{"ar": "Arabic", "bn": "Bengali", "de": "German", "en": "English", "es": "Spanish", "fa": "Persian"},
    **{"fi": "Finnish", "fr": "French", "hi": "Hindi", "id": "Indonesian", "ja": "Japanese", "ko": "Korean"},
    **{"ru": "Russian", "sw": "Swahili", "te": "Telugu", "th": "Thai", "yo": "Yoruba", "zh": "Chinese"},
}
"""MIRACL's languages; a prompt names any other language by its code."""

_THOUGHT = re.compile(r"<think>.*?(</think>|\Z)", re.DOTALL)
_MARK = re.compile(  # "1. ", "- ", "Q2: ", "Question 1: "; but not "10.5 km" and "10:30"
    r"^(?:[-*•‣–—]\s+|\(?\d{1,2}\s?[.):]\s*(?!\d)|(?:q|question)\s?\d{0,2}\s?[.:)]\s*)+", re.IGNORECASE
)
_QUOTES = "\"'“”‘’«»„「」『』`*"


def template_of(writer: Writer, language: str) -> str:
    """Return the writer's prompt with all placeholders filled in except `{passage}`."""
    prompt = writer.prompt or PROMPT
    return prompt.replace("{language}", LANGUAGES.get(language, language)).replace("{queries}", str(writer.queries))


def parse(answer: str, limit: int) -> tuple[str, ...]:
    """Return the first `limit` queries of an answer: one per line, without numbering, bullets and quotes.

    Not queries: a reasoning model's thoughts (`<think>`), lines that end with a colon ("Here is a question:") and lines
    without a letter or digit. A repeated query counts once.
    """
    queries: dict[str, None] = {}
    for line in _THOUGHT.sub("", answer).splitlines():
        query = normalized(_MARK.sub("", normalized(line)).strip(_QUOTES))
        if query and not query.endswith((":", "：")) and any(character.isalnum() for character in query):
            queries.setdefault(query)
    return tuple(queries)[:limit]
