"""Which passages answer a question: those whose text holds one of its answers, as DPR's evaluation decides it.

Texts are compared as sequences of tokens, case-folded and in NFD: runs of letters, marks and digits, and any other
character that is neither white space nor a control character (Karpukhin et al. 2020, arXiv 2004.04906, `has_answer`
with its `SimpleTokenizer`). Titles are not searched.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from harness.data.raw_data import Passage

if TYPE_CHECKING:
    import regex

Tokens = tuple[str, ...]
MOST = 100_000  # passages of one question: an answer such as "2" stands in millions, and says nothing about them


def tokens(text: str) -> Tokens:
    """Return the tokens of a text.

    >>> tokens("Don't: 3.5 km")
    ('don', "'", 't', ':', '3', '.', '5', 'km')
    """
    return tuple(token.lower() for token in _pattern().findall(unicodedata.normalize("NFD", text)))


@cache
def _pattern() -> regex.Pattern[str]:
    import regex

    return regex.compile(r"[\p{L}\p{N}\p{M}]+|[^\p{Z}\p{C}]")


def matches(
    answers: Mapping[str, Sequence[str]], passages: Iterable[tuple[str, Passage]], most: int = MOST
) -> tuple[dict[str, dict[str, int]], set[str]]:
    """Return query → passage → 1 where the passage holds an answer, and the queries with more than `most` passages.

    Those queries have no judgments.
    """
    by_first = _by_first_token(answers)
    judgments: dict[str, dict[str, int]] = {query: {} for query in answers}
    found: Counter[str] = Counter()
    for doc, passage in passages:
        for query in _answered(tokens(passage.text), by_first):
            found[query] += 1
            if found[query] <= most:
                judgments[query][doc] = 1
            elif found[query] == most + 1:
                judgments[query] = {}
    frequent = {query for query, number in found.items() if number > most}
    return {query: row for query, row in judgments.items() if row and query not in frequent}, frequent


def _by_first_token(answers: Mapping[str, Sequence[str]]) -> dict[str, dict[Tokens, set[str]]]:
    """Return first token → answer → the queries that it answers."""
    index: dict[str, dict[Tokens, set[str]]] = {}
    for query, texts in answers.items():
        for answer in filter(None, map(tokens, texts)):
            index.setdefault(answer[0], {}).setdefault(answer, set()).add(query)
    return index


def _answered(text: Tokens, by_first: Mapping[str, Mapping[Tokens, set[str]]]) -> set[str]:
    return {
        query
        for i, token in enumerate(text)
        for answer, queries in by_first.get(token, {}).items()
        if text[i : i + len(answer)] == answer
        for query in queries
    }
