"""The data of a language's page: the kept queries of every pair with texts, judgments, ranks and passage lists.

A passage is identified by its index in one list, so that the page holds each text once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from itertools import combinations
from typing import Any

from harness.data.raw_data import Passage
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
    summarised_pairs,
)
from harness.report.queries.query_texts import CutTexts
from harness.report.queries.query_traits import Trait
from harness.report.queries.stored_runs import PassageList, Relevant, StoredRun, StoredRuns, seed_pair
from harness.report.queries.trait_gains import trait_gains
from harness.report.sweep_names import EntryNames
from harness.types import Data

RELEVANT = 10  # relevant passages of a query whose texts are shown
RANKED = 50  # relevant passages of a query with ids and ranks
LIMIT = 7_000_000  # bytes of a page's data: with the part that is written out, a page stays below 8 MB
COUNTS = (MOST, 7, 5, 3)  # queries per pair, tried until the data fit


@dataclass(frozen=True)
class Material:
    """The sources of a page; `data` is None where there are no judgments, and `texts` is empty where none is shown."""

    scores: EntryScores
    data: Data | None
    texts: CutTexts
    seeds: dict[str, list[int]]  # entry → seeds with a run file
    runs: StoredRuns
    traits: Sequence[Trait]
    names: EntryNames


@dataclass(frozen=True)
class QuerySelection:
    """The queries that a page holds: the `count` largest gains and losses of every pair in `scope`."""

    queries: list[int]
    count: int
    scope: PairScope


@dataclass
class PassageIndex:
    """Passage ids by their index on the page; `read` are those whose text is shown."""

    indices: dict[str, int] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)

    def index(self, doc: str, *, read: bool = True) -> int:
        """Return the index of a passage, a new one at its first use."""
        if read:
            self.read.add(doc)
        return self.indices.setdefault(doc, len(self.indices))


def relevant_passages(data: Data | None) -> Relevant:
    """Return query id → up to RANKED of its relevant passages, highest grade first, then by id."""
    judged: Mapping[str, Mapping[str, int]] = data.dev if data else {}
    return {query: _relevant(grades)[:RANKED] for query, grades in judged.items()}


def _relevant(grades: Mapping[str, int]) -> list[str]:
    return sorted((doc for doc, grade in grades.items() if grade > 0), key=lambda doc: (-grades[doc], doc))


def listed_entries(scores: EntryScores) -> list[int]:
    """Return the indices of the entries whose lists are kept: all, or EVERY: the baseline, contrasts', the best."""
    of_contrasts = [i for pair in scores.contrasts for i in (pair.entry, pair.control)]
    order = dict.fromkeys([scores.baseline, scores.first, scores.second, *of_contrasts, *range(len(scores.entries))])
    return sorted([*order][:EVERY])


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
    content: dict[str, Any] = {}
    scopes: tuple[PairScope, ...] = ("every", "baseline") if len(scores.entries) <= EVERY else ("baseline",)
    trials: list[tuple[PairScope, int]] = [(scope, count) for scope in scopes for count in COUNTS]
    if len(scores.entries) > 2:
        trials.append(("first", MOST))
    for scope, count in trials:
        queries = kept_queries(scores.units, pairs(scores, scope), count)
        content = page_data(material, QuerySelection(queries, count, scope))
        if len(embed_json(content).encode()) <= LIMIT:
            break
    return content


def page_data(material: Material, selection: QuerySelection) -> dict[str, Any]:
    """Return the page's data; scores of queries are integers of UNIT, other numbers in units of the measure."""
    scores, passages = material.scores, PassageIndex()
    query_ids = [scores.queries[i] for i in selection.queries]
    entries = [_entry(material, i, query_ids, passages) for i in range(len(scores.entries))]
    queries = [_query(material, i, passages) for i in selection.queries]
    texts = material.texts.passages(passages.read)
    summarised = summarised_pairs(scores)
    return {
        "language": scores.language,
        "first": scores.first,
        "second": scores.second,
        "baseline": scores.baseline,
        "contrasts": [[pair.entry, pair.control] for pair in scores.contrasts],
        "total": len(scores.queries),
        "count": selection.count,
        "of": selection.scope,
        "texts": material.texts.shown,
        "judged": material.data is not None,
        "entries": entries,
        "queries": queries,
        "passages": [_passage(doc, texts.get(doc)) for doc in passages.indices],
        "balances": _balances(scores, summarised),
        "gains": trait_gains(scores, material.traits, summarised),
    }


def _entry(material: Material, i: int, query_ids: Sequence[str], passages: PassageIndex) -> dict[str, Any]:
    """Return an entry with its lists: seed → for each kept query [passage, score, passage, score, …].

    `ranks` has, seed by seed and query by query, those of the query's relevant passages in their order.
    """
    name = material.scores.entries[i]
    runs = {seed: material.runs[name, seed] for seed in material.seeds.get(name, ()) if (name, seed) in material.runs}
    return {
        "name": name,
        "label": material.names[name],
        "mean": round(float(material.scores.values[i].mean()), DIGITS),
        "seeds": material.seeds.get(name, []),
        "lists": {
            str(seed): [_flat(run.lists.get(query, ()), passages) for query in query_ids] for seed, run in runs.items()
        },
        "ranks": {str(seed): _ranks(run, query_ids) for seed, run in runs.items() if run.ranks},
    }


def _passage(doc: str, passage: Passage | None) -> list[str]:
    """Return [id], [id, text] or [id, text, title]: what is empty at the end is left out."""
    if passage is None:
        return [doc]
    return [doc, passage.text, passage.title] if passage.title else [doc, passage.text] if passage.text else [doc]


def _flat(rows: PassageList, passages: PassageIndex) -> list[float]:
    return [value for doc, score in rows for value in (passages.index(doc), round(score, DIGITS))]


def _ranks(run: StoredRun, query_ids: Sequence[str]) -> list[list[int]]:
    return [list(run.ranks.get(query, {}).values()) for query in query_ids]


def _query(material: Material, i: int, passages: PassageIndex) -> dict[str, Any]:
    """Return a query: relevant passages as [passage, grade], highest grade first, and the number of unlisted ones.

    `judged` has the grades of the other judged passages in the lists. What is empty or 0 is left out.
    """
    query = material.scores.queries[i]
    values = material.scores.units[:, i].tolist()
    if material.data is None:
        return {"query_id": query, "scores": values}
    grades = material.data.dev.get(query, {})
    relevant = _relevant(grades)
    ranked = relevant[:RANKED]
    others = sorted(doc for doc in grades if doc not in ranked and doc in passages.indices)
    optional = {
        "text": material.texts.query(query),
        "more": len(relevant) - len(ranked),
        "judged": [[passages.index(doc), grades[doc]] for doc in others],
    }
    return {
        "query_id": query,
        "scores": values,
        "relevant": [[passages.index(doc, read=place < RELEVANT), grades[doc]] for place, doc in enumerate(ranked)],
        **{name: value for name, value in optional.items() if value},
    }


def _balances(scores: EntryScores, selected: Iterable[Pair]) -> dict[str, list[float]]:
    """Return the balance of every selected pair, by its two indices."""
    balances = {}
    for i, j in selected:
        parts = astuple(balance(scores.values[i] - scores.values[j]))
        balances[f"{i}-{j}"] = [round(number, DIGITS + 2) for number in parts]
    return balances
