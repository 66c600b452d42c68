"""The data of a language's page: the kept queries of every pair with texts, judgments and passage lists.

A passage is identified by its index in one list, so that the page holds each text once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field
from itertools import combinations
from typing import Any

from harness.report.page_scripts import embed_json
from harness.report.queries.entry_pairs import (
    DIGITS,
    EVERY,
    MOST,
    EntryScores,
    Pair,
    PairScope,
    balance,
    kept_queries,
    pairs,
)
from harness.report.queries.query_texts import CutTexts
from harness.report.queries.stored_runs import PassageList, PassageLists, seed_pair
from harness.types import Data

RELEVANT = 10  # relevant passages shown per query
LIMIT = 7_000_000  # bytes of a page's data: with the part that is written out, a page stays below 8 MB
COUNTS = (MOST, 7, 5, 3)  # queries per pair, tried until the data fit


@dataclass(frozen=True)
class Material:
    """The sources of a page; `data` is None where texts are not shown."""

    scores: EntryScores
    data: Data | None
    seeds: dict[str, list[int]]  # entry → seeds with a run file
    lists: PassageLists


@dataclass(frozen=True)
class QuerySelection:
    """The queries that a page holds: the `count` largest gains and losses of every pair in `scope`."""

    queries: list[int]
    count: int
    scope: PairScope


@dataclass
class PassageIndex:
    """Passage ids by their index on the page."""

    indices: dict[str, int] = field(default_factory=dict)

    def index(self, doc: str) -> int:
        """Return the index of a passage, a new one at its first use."""
        return self.indices.setdefault(doc, len(self.indices))


def listed_entries(scores: EntryScores) -> list[int]:
    """Return the indices of the entries whose lists are kept: all, or the best EVERY with the baseline among them."""
    others = [i for i in range(len(scores.entries)) if i != scores.second]
    return sorted([*others[: EVERY - 1], scores.second])


def shown_cells(scores: EntryScores, seeds: dict[str, list[int]]) -> set[tuple[str, int]]:
    """Return the (entry, seed) whose lists the page shows for some pair of listed entries."""
    entries = [scores.entries[i] for i in listed_entries(scores) if seeds.get(scores.entries[i])]
    cells = {(entry, min(seeds[entry])) for entry in entries}
    for a, b in combinations(entries, 2):
        cells.update(zip((a, b), seed_pair(seeds[a], seeds[b]), strict=True))
    return cells


def fitting_data(material: Material) -> dict[str, Any]:
    """Return the page's data with as many queries per pair as stay below LIMIT."""
    scores = material.scores
    texts = CutTexts(material.data)
    content: dict[str, Any] = {}
    scopes: tuple[PairScope, ...] = ("every", "second") if len(scores.entries) <= EVERY else ("second",)
    trials: list[tuple[PairScope, int]] = [(scope, count) for scope in scopes for count in COUNTS]
    if len(scores.entries) > 2:
        trials.append(("first", MOST))
    for scope, count in trials:
        queries = kept_queries(scores.rounded, pairs(scores, scope), count)
        content = page_data(material, QuerySelection(queries, count, scope), texts)
        if len(embed_json(content).encode()) <= LIMIT:
            break
    return content


def page_data(material: Material, selection: QuerySelection, texts: CutTexts) -> dict[str, Any]:
    """Return the page's data; numbers are in units of the measure."""
    scores, passages = material.scores, PassageIndex()
    query_ids = [scores.queries[i] for i in selection.queries]
    entries = [_entry(material, i, query_ids, passages) for i in range(len(scores.entries))]
    queries = [_query(material, i, texts, passages) for i in selection.queries]
    passage_texts = texts.passages(passages.indices)
    return {
        "language": scores.language,
        "first": scores.first,
        "second": scores.second,
        "total": len(scores.queries),
        "count": selection.count,
        "of": selection.scope,
        "texts": material.data is not None,
        "entries": entries,
        "queries": queries,
        "passages": [[doc, passage_texts.get(doc, "")] for doc in passages.indices],
        "balances": _balances(scores, pairs(scores, "every" if len(entries) <= EVERY else "second")),
    }


def _entry(material: Material, i: int, query_ids: Sequence[str], passages: PassageIndex) -> dict[str, Any]:
    """Return an entry with its lists: seed → for each kept query [passage, score, passage, score, …]."""
    name = material.scores.entries[i]
    lists = {}
    for seed in material.seeds.get(name, ()):
        if by_query := material.lists.get((name, seed)):
            lists[str(seed)] = [_flat(by_query.get(query, ()), passages) for query in query_ids]
    return {
        "name": name,
        "mean": round(float(material.scores.values[i].mean()), DIGITS),
        "seeds": material.seeds.get(name, []),
        "lists": lists,
    }


def _flat(rows: PassageList, passages: PassageIndex) -> list[float]:
    return [value for doc, score in rows for value in (passages.index(doc), round(score, DIGITS))]


def _query(material: Material, i: int, texts: CutTexts, passages: PassageIndex) -> dict[str, Any]:
    """Return a query: relevant passages as [passage, grade], highest grade first, and the number of unshown ones.

    `judged` has the grades of the other judged passages in the lists.
    """
    query = material.scores.queries[i]
    values = material.scores.rounded[:, i].tolist()
    if material.data is None:
        return {"query_id": query, "scores": values}
    grades = material.data.dev.get(query, {})
    relevant = sorted((doc for doc, grade in grades.items() if grade > 0), key=lambda doc: (-grades[doc], doc))
    shown = relevant[:RELEVANT]
    others = sorted(doc for doc in grades if doc not in shown and doc in passages.indices)
    return {
        "query_id": query,
        "text": texts.query(query),
        "scores": values,
        "relevant": [[passages.index(doc), grades[doc]] for doc in shown],
        "more": len(relevant) - len(shown),
        "judged": [[passages.index(doc), grades[doc]] for doc in others],
    }


def _balances(scores: EntryScores, selected: Iterable[Pair]) -> dict[str, list[float]]:
    """Return the balance of every selected pair, by its two indices."""
    balances = {}
    for i, j in selected:
        parts = astuple(balance(scores.values[i] - scores.values[j]))
        balances[f"{i}-{j}"] = [round(number, DIGITS + 2) for number in parts]
    return balances
