"""The queries of one pair of entries as a page writes them out, from the data that the page holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.report.numbers import signed
from harness.report.queries import entry_pairs as query_pairs
from harness.report.queries import stored_runs as query_runs
from harness.report.queries.entry_pairs import MOST, Balance


@dataclass(frozen=True)
class Passage:
    """One passage of a query; `grade` is None where it was not judged, `score` where it stands in no list."""

    doc_id: str
    text: str
    grade: int | None
    score: float | None = None


@dataclass(frozen=True)
class Answer:
    """One entry on one query; `seed` is that of the list, None where there is no list."""

    entry: str
    score: float
    seed: int | None
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Query:
    """One query with the answers of two entries; `more` counts relevant passages that are not shown."""

    query_id: str
    text: str
    difference: float
    answers: tuple[Answer, Answer]
    relevant: tuple[Passage, ...]
    more: int


def balance(content: Mapping[str, Any], a: int, b: int) -> Balance:
    """Return the balance of entry `a` against `b`, whichever of them stands first."""
    if a < b:
        return Balance(*content["balances"][f"{a}-{b}"])
    won, tied, lost, gained, given, most_gained, most_given = content["balances"][f"{b}-{a}"]
    return Balance(lost, tied, won, -given, -gained, -most_given, -most_gained)


def said(balance: Balance) -> str:
    """Return in a sentence how much of the difference hangs on a few queries."""
    if not balance.won and not balance.lost:
        return "The two are equal on every query."
    difference = balance.gained + balance.given
    side, count, largest = ("won", balance.won, balance.most_gained)
    if difference < 0:
        side, count, largest = ("lost", balance.lost, balance.most_given)
    few = f"the {MOST} queries {side} by A most" if count > MOST else f"the queries {side} by A"
    return f"If {few} were ties, the difference would be {signed(difference - largest)}."


def most(content: Mapping[str, Any], a: int, b: int) -> tuple[list[Query], list[Query]]:
    rows = [query["scores"] for query in content["queries"]]
    scores = np.reshape(rows, (-1, len(content["entries"]))).T  # [entries, queries]
    won, lost = query_pairs.most(scores[a] - scores[b], min(MOST, content["count"]))
    return [_query(content, i, a, b) for i in won], [_query(content, i, a, b) for i in lost]


def _query(content: Mapping[str, Any], place: int, a: int, b: int) -> Query:
    query, entries = content["queries"][place], content["entries"]
    seeds = _seeds(entries[a], entries[b])
    relevant = query.get("relevant", [])
    grades = dict([*relevant, *query.get("judged", [])])
    answers = [
        Answer(
            entry=entries[i]["name"],
            score=query["scores"][i],
            seed=seed,
            passages=() if seed is None else tuple(_passages(content, entries[i]["lists"][str(seed)][place], grades)),
        )
        for i, seed in zip((a, b), seeds, strict=True)
    ]
    return Query(
        query_id=query["query_id"],
        text=query.get("text", ""),
        difference=query["scores"][a] - query["scores"][b],
        answers=(answers[0], answers[1]),
        relevant=tuple(_passage(content, doc, grade) for doc, grade in relevant),
        more=query.get("more", 0),
    )


def _seeds(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return the seeds whose lists are shown of two entries, None where there is no list."""
    if one["seeds"] and other["seeds"]:
        chosen = query_runs.common(one["seeds"], other["seeds"])
    else:
        chosen = (min(one["seeds"], default=-1), min(other["seeds"], default=-1))
    first, second = (
        seed if str(seed) in entry["lists"] else None for seed, entry in zip(chosen, (one, other), strict=True)
    )
    return first, second


def _passages(content: Mapping[str, Any], flat: Sequence[float], grades: Mapping[int, int]) -> Iterator[Passage]:
    for doc, score in zip(flat[::2], flat[1::2], strict=True):
        yield _passage(content, int(doc), grades.get(int(doc)), score)


def _passage(content: Mapping[str, Any], place: int, grade: int | None, score: float | None = None) -> Passage:
    doc_id, text = content["passages"][place]
    return Passage(doc_id, text, grade, score)
