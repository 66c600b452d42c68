"""One row of a user's training file (--train-file), in the format of FlagEmbedding and of arXiv 2412.17364.

    {"query": str, "pos": [str, …], "neg": [str, …], "neg_q": [str, …], "pos_scores": [float, …], …}

`neg` may be absent, null or empty. `neg_q[j]` is a query that `neg[j]` answers. `pos_scores` and `neg_scores` hold one
number per text. `prompt`, `type`, `id`, `pos_id` and `neg_id` are accepted and counted.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.data import validation
from harness.data.text_files import json_kind
from harness.errors import DataError, quantity

REQUIRED = ("query", "pos")
NEGATIVE_QUERIES = "neg_q"
SCORES = {"pos_scores": "pos", "neg_scores": "neg"}  # key → key of the texts that are scored
OPTIONAL = (*SCORES, "prompt", "type", "id", "pos_id", "neg_id")  # FlagEmbedding's
KEYS = (*REQUIRED, "neg", NEGATIVE_QUERIES, *OPTIONAL)
A_ROW_HAS = f"a row has {', '.join(REQUIRED)} and, if known, {', '.join(KEYS[len(REQUIRED) :])}"
OTHER_FORMATS = {  # key in rows of sentence-transformers, Tevatron or ms-swift → the key that is read
    **dict.fromkeys(("anchor", "question", "sentence1", "messages"), "query"),
    **dict.fromkeys(("positive", "positives", "answer", "passage", "positive_passages", "positive_messages"), "pos"),
    **dict.fromkeys(("negative", "negatives", "negative_passages", "negative_messages"), "neg"),
}


@dataclass(frozen=True)
class Row:
    """One line of a train file; `where` names its file and line."""

    where: str
    query: str
    positives: tuple[str, ...]
    negatives: tuple[str, ...]
    negative_queries: tuple[str, ...] = ()  # one per negative; empty if the file has none
    scores: tuple[float, ...] = ()  # one per positive, then one per negative; empty if a text of the row has none
    prompt: str = ""
    optional: tuple[str, ...] = ()  # the optional keys that the row has


def row_of(value: Mapping[str, Any], where: str) -> Row:
    """Return the row that a JSON object is; raises DataError for one that is none."""
    given = {name: item for name, item in value.items() if item is not None}
    _check_keys(value, given, where)
    positives = _texts(given["pos"], "pos", where)
    negatives = () if given.get("neg", []) == [] else _texts(given["neg"], "neg", where)
    queries = (
        _texts(given[NEGATIVE_QUERIES], NEGATIVE_QUERIES, where) if negatives and NEGATIVE_QUERIES in given else ()
    )
    if queries and len(queries) != len(negatives):
        raise DataError(
            f"{where}: 'neg' holds {len(negatives)} and '{NEGATIVE_QUERIES}' {len(queries)}; "
            f"{NEGATIVE_QUERIES}[j] is the query that neg[j] answers: give one for each"
        )
    _check_apart(positives, negatives, where)
    texts = {"pos": positives, "neg": negatives}
    scores = [_scores(given.get(name), name, texts[of], where) for name, of in SCORES.items()]
    return Row(
        where,
        _query(given["query"], where),
        positives,
        negatives,
        queries,
        scores=tuple(number for numbers in scores for number in numbers or ()) if None not in scores else (),
        prompt=validation.string(given.get("prompt", ""), where, "'prompt'"),
        optional=tuple(name for name in OPTIONAL if given.get(name) not in (None, "", [])),
    )


def _check_keys(value: Mapping[str, Any], given: Mapping[str, Any], where: str) -> None:
    unknown = [name for name in value if name not in KEYS]
    for name in sorted(unknown, key=lambda name: name not in OTHER_FORMATS):
        if name in OTHER_FORMATS:
            raise DataError(
                f"{where}: key '{name}' is of another format; write '{OTHER_FORMATS[name]}' as in "
                '{"query": "text", "pos": ["text"], "neg": ["text"]}; ' + A_ROW_HAS
            )
        near = difflib.get_close_matches(name, [other for other in KEYS if other not in value], n=1, cutoff=0.6)
        hint = f"did you mean '{near[0]}'?" if near else "delete it;"
        raise DataError(f"{where}: unknown key '{name}'; {hint} {A_ROW_HAS}")
    for name in REQUIRED:
        if name not in given:
            raise DataError(f"{where}: key '{name}' is missing; {A_ROW_HAS}")


def _check_apart(positives: Sequence[str], negatives: Sequence[str], where: str) -> None:
    relevant = {validation.normalized(text) for text in positives}
    for number, text in enumerate(negatives):
        if validation.normalized(text) in relevant:
            raise DataError(f"{where}: neg[{number}] is also in 'pos'; delete it from one of them")


def _query(value: object, where: str) -> str:
    if isinstance(value, list):
        raise DataError(
            f"{where}: 'query' is a list, not a text; write the query alone: "
            "what is put before queries is the suite's prompt (--set text.query_prompt=…)"
        )
    return validation.text(value, where, "'query'").strip()


def _texts(value: object, name: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise DataError(f"{where}: '{name}' is {json_kind(type(value))}, not a list of texts; correct the row")
    if not value:
        raise DataError(f"{where}: '{name}' is an empty list; give it a text or delete the row")
    return tuple(validation.text(text, where, f"{name}[{number}]").strip() for number, text in enumerate(value))


def _scores(value: object, name: str, texts: Sequence[str], where: str) -> list[float] | None:
    """Return the scores of texts, [] for no texts; None where the row does not have them."""
    if value is None or value == []:
        return None if texts else []
    if not isinstance(value, list) or len(value) != len(texts):
        size = f"holds {len(value)}" if isinstance(value, list) else f"is {json_kind(type(value))}"
        raise DataError(
            f"{where}: '{name}' {size}, and '{SCORES[name]}' {quantity(len(texts), 'text')}; give one number for each"
        )
    for number, score in enumerate(value):
        if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
            raise DataError(f"{where}: {name}[{number}] is {score!r}, not a finite number; correct or delete '{name}'")
    return [float(score) for score in value]
