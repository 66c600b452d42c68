"""The queries of one pair of entries as the page writes them out, from the data of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.report.numbers import signed
from harness.report.queries.entry_pairs import MOST, Balance, largest_differences
from harness.report.queries.stored_runs import seed_pair


@dataclass(frozen=True)
class Passage:
    """One passage of a query; `grade` is None without a judgment, `score` None for a passage outside a list."""

    doc_id: str
    text: str
    grade: int | None
    score: float | None = None


@dataclass(frozen=True)
class Answer:
    """One entry's result on one query; `seed` is the seed of its passage list, None without a list."""

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


def pair_balance(content: Mapping[str, Any], a: int, b: int) -> Balance:
    """Return the balance of entry `a` against entry `b`; the data hold it for the lower index first."""
    if a < b:
        return Balance(*content["balances"][f"{a}-{b}"])
    reverse = Balance(*content["balances"][f"{b}-{a}"])
    return Balance(
        won=reverse.lost,
        tied=reverse.tied,
        lost=reverse.won,
        gained=-reverse.conceded,
        conceded=-reverse.gained,
        most_gained=-reverse.most_conceded,
        most_conceded=-reverse.most_gained,
    )


def concentration(balance: Balance) -> str:
    """Return a sentence on how much of the difference comes from a few queries."""
    if not balance.won and not balance.lost:
        return "The two are equal on every query."
    difference = balance.gained + balance.conceded
    side, count, largest = ("won", balance.won, balance.most_gained)
    if difference < 0:
        side, count, largest = ("lost", balance.lost, balance.most_conceded)
    queries = f"the {MOST} queries {side} by A most" if count > MOST else f"the queries {side} by A"
    return f"If {queries} were ties, the difference would be {signed(difference - largest)}."


def largest_queries(content: Mapping[str, Any], a: int, b: int) -> tuple[list[Query], list[Query]]:
    """Return the queries that entry `a` wins and loses against entry `b` by the largest differences."""
    rows = [query["scores"] for query in content["queries"]]
    scores = np.reshape(rows, (-1, len(content["entries"]))).T  # [entries, queries]
    won, lost = largest_differences(scores[a] - scores[b], min(MOST, content["count"]))
    return [_query(content, i, a, b) for i in won], [_query(content, i, a, b) for i in lost]


def _query(content: Mapping[str, Any], i: int, a: int, b: int) -> Query:
    query, entries = content["queries"][i], content["entries"]
    relevant = query.get("relevant", [])
    grades = dict([*relevant, *query.get("judged", [])])

    def answer(index: int, seed: int | None) -> Answer:
        entry = entries[index]
        passages = () if seed is None else tuple(_passages(content, entry["lists"][str(seed)][i], grades))
        return Answer(entry["name"], query["scores"][index], seed, passages)

    seed_a, seed_b = _seeds(entries[a], entries[b])
    return Query(
        query_id=query["query_id"],
        text=query.get("text", ""),
        difference=query["scores"][a] - query["scores"][b],
        answers=(answer(a, seed_a), answer(b, seed_b)),
        relevant=tuple(_passage(content, doc, grade) for doc, grade in relevant),
        more=query.get("more", 0),
    )


def _seeds(entry_a: Mapping[str, Any], entry_b: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return the seeds whose lists are shown for two entries, None for an entry without lists."""
    if entry_a["seeds"] and entry_b["seeds"]:
        a, b = seed_pair(entry_a["seeds"], entry_b["seeds"])
    else:
        a, b = min(entry_a["seeds"], default=-1), min(entry_b["seeds"], default=-1)
    return a if str(a) in entry_a["lists"] else None, b if str(b) in entry_b["lists"] else None


def _passages(content: Mapping[str, Any], flat: Sequence[float], grades: Mapping[int, int]) -> Iterator[Passage]:
    for doc, score in zip(flat[::2], flat[1::2], strict=True):
        yield _passage(content, int(doc), grades.get(int(doc)), score)


def _passage(content: Mapping[str, Any], i: int, grade: int | None, score: float | None = None) -> Passage:
    doc_id, text = content["passages"][i]
    return Passage(doc_id, text, grade, score)
