"""The queries of one pair of entries as the page writes them out, from the data of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.report.numbers import signed
from harness.report.queries.entry_pairs import MOST, UNIT, Balance, largest_differences
from harness.report.queries.stored_runs import seed_pair

FIRST_RANKS = 3  # relevant passages whose ranks stand beside a query's scores


@dataclass(frozen=True)
class Passage:
    """One passage of a query; `grade` is None without a judgment, `score` None for a passage outside a list.

    `title` is "" for a passage without one, and where titles are not at hand apart from texts.
    `ranks` are those in the rankings of A and B, "1 vs 43", of a relevant passage; "" where neither is at hand.
    """

    doc_id: str
    title: str
    text: str
    grade: int | None
    score: float | None = None
    ranks: str = ""


@dataclass(frozen=True)
class Answer:
    """One entry's result on one query; `seed` is the seed of its passage list, None without a list."""

    entry: str
    score: float
    seed: int | None
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Query:
    """One query with the answers of two entries; `more` counts relevant passages that are not listed."""

    query_id: str
    text: str
    difference: float
    answers: tuple[Answer, Answer]
    relevant: tuple[Passage, ...]
    more: int

    @property
    def first_ranks(self) -> str:
        """The ranks of the first relevant passages, for the line of the query; "" where they are not at hand."""
        ranks = [passage.ranks for passage in self.relevant if passage.ranks]
        return ", ".join(ranks[:FIRST_RANKS]) + (", …" if len(ranks) > FIRST_RANKS else "")


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
    scores = np.reshape(np.array(rows, dtype=np.int64), (-1, len(content["entries"]))).T  # [entries, queries]
    won, lost = largest_differences(scores[a] - scores[b], min(MOST, content["count"]))
    return [_query(content, i, a, b) for i in won], [_query(content, i, a, b) for i in lost]


def _query(content: Mapping[str, Any], i: int, a: int, b: int) -> Query:
    query, entries = content["queries"][i], content["entries"]
    relevant = query.get("relevant", [])
    grades = dict([*relevant, *query.get("judged", [])])

    def answer(index: int, seed: int | None) -> Answer:
        entry = entries[index]
        passages = () if seed is None else tuple(_passages(content, entry["lists"][str(seed)][i], grades))
        return Answer(entry["label"], query["scores"][index] * UNIT, seed, passages)

    seed_a, seed_b = _seeds(entries[a], entries[b])
    ranks = rank_texts(_ranks(entries[a], seed_a, i), _ranks(entries[b], seed_b, i), len(relevant))
    return Query(
        query_id=query["query_id"],
        text=query.get("text", ""),
        difference=(query["scores"][a] - query["scores"][b]) * UNIT,
        answers=(answer(a, seed_a), answer(b, seed_b)),
        relevant=tuple(
            _passage(content, doc, grade, ranks=text) for (doc, grade), text in zip(relevant, ranks, strict=True)
        ),
        more=query.get("more", 0),
    )


def _seeds(entry_a: Mapping[str, Any], entry_b: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return the seeds whose lists are shown for two entries, None for an entry without lists."""
    if entry_a["seeds"] and entry_b["seeds"]:
        a, b = seed_pair(entry_a["seeds"], entry_b["seeds"])
    else:
        a, b = min(entry_a["seeds"], default=-1), min(entry_b["seeds"], default=-1)
    return a if str(a) in entry_a["lists"] else None, b if str(b) in entry_b["lists"] else None


def _ranks(entry: Mapping[str, Any], seed: int | None, i: int) -> Sequence[int] | None:
    """Return the ranks of a query's relevant passages in an entry's ranking, None where it is not at hand."""
    return entry["ranks"][str(seed)][i] if str(seed) in entry["ranks"] else None


def rank_texts(ranks_a: Sequence[int] | None, ranks_b: Sequence[int] | None, count: int) -> list[str]:
    """Return the ranks of `count` passages in two rankings as text; −n stands for "not among the n passages listed".

    >>> rank_texts([1, -100], [43, 0], 2), rank_texts([1], None, 1), rank_texts(None, None, 1)
    (['1 vs 43', '> 100 vs not found'], ['1 vs ?'], [''])
    """
    if ranks_a is None and ranks_b is None:
        return [""] * count
    sides = ([_rank_text(None if ranks is None else ranks[i]) for i in range(count)] for ranks in (ranks_a, ranks_b))
    return [f"{a} vs {b}" for a, b in zip(*sides, strict=True)]


def _rank_text(rank: int | None) -> str:
    if rank is None:
        return "?"
    if rank == 0:
        return "not found"
    return str(rank) if rank > 0 else f"> {-rank}"


def _passages(content: Mapping[str, Any], flat: Sequence[float], grades: Mapping[int, int]) -> Iterator[Passage]:
    for doc, score in zip(flat[::2], flat[1::2], strict=True):
        yield _passage(content, int(doc), grades.get(int(doc)), score)


def _passage(
    content: Mapping[str, Any], i: int, grade: int | None, score: float | None = None, ranks: str = ""
) -> Passage:
    doc_id, text, title = (*content["passages"][i], "", "")[:3]
    return Passage(doc_id, title, text, grade, score, ranks)
