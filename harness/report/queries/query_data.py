"""What the page of a language holds: the queries of every pair that are kept, with texts, judgments and lists.

Passages are named by their place in one list, so that each text is there once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field
from itertools import combinations
from typing import Any

from harness.report.page_scripts import embed_json
from harness.report.queries import entry_pairs as query_pairs
from harness.report.queries import stored_runs as query_runs
from harness.report.queries.entry_pairs import DIGITS, EVERY, MOST, Of, Pair, Scores
from harness.report.queries.stored_runs import Lists
from harness.types import Data

CUT = 600  # characters of a text
RELEVANT = 10  # relevant passages of a query that are shown
LIMIT = 7_000_000  # bytes of a page's data: with the part that is written out, a page stays below 8 MB
FEWER = (MOST, 7, 5, 3)


@dataclass(frozen=True)
class Material:
    """What a page is made of; `data` is None where texts are not shown."""

    scores: Scores
    data: Data | None
    seeds: dict[str, list[int]]  # entry → seeds of which there is a list
    lists: Lists


@dataclass(frozen=True)
class Kept:
    """The queries that a page holds: of the pairs that `of` names, the `count` won and lost most."""

    queries: list[int]
    count: int
    of: Of


@dataclass
class Passages:
    """Passage ids by the place that they are given."""

    places: dict[str, int] = field(default_factory=dict)

    def place(self, doc: str) -> int:
        return self.places.setdefault(doc, len(self.places))


def listed(scores: Scores) -> list[int]:
    """Return the places of the entries whose lists are kept: all, or of many the best and the baseline."""
    others = [i for i in range(len(scores.entries)) if i != scores.second]
    return sorted([*others[: EVERY - 1], scores.second])


def wanted(scores: Scores, seeds: dict[str, list[int]]) -> set[tuple[str, int]]:
    """Return the (entry, seed) whose lists some pair of listed entries shows."""
    names = [scores.entries[i] for i in listed(scores) if seeds.get(scores.entries[i])]
    found = {(name, min(seeds[name])) for name in names}
    for one, other in combinations(names, 2):
        found.update(zip((one, other), query_runs.common(seeds[one], seeds[other]), strict=True))
    return found


def fitting(material: Material) -> dict[str, Any]:
    """Return the page's data with as many queries of every pair as stay below LIMIT."""
    scores = material.scores
    texts = Cutter(material.data)
    content: dict[str, Any] = {}
    widths: tuple[Of, ...] = ("every", "second") if len(scores.entries) <= EVERY else ("second",)
    tried: list[tuple[Of, int]] = [(of, count) for of in widths for count in FEWER]
    if len(scores.entries) > 2:
        tried.append(("first", MOST))
    for of, count in tried:
        queries = query_pairs.kept(scores.rounded, query_pairs.pairs(scores, of), count)
        content = payload(material, Kept(queries, count, of), texts)
        if len(embed_json(content).encode()) <= LIMIT:
            break
    return content


def payload(material: Material, kept: Kept, texts: Cutter) -> dict[str, Any]:
    """Return the page's data; numbers are in units of the measure."""
    scores, passages = material.scores, Passages()
    ids = [scores.queries[i] for i in kept.queries]
    entries = [_entry(material, i, ids, passages) for i in range(len(scores.entries))]
    queries = [_query(material, i, texts, passages) for i in kept.queries]
    shown = texts.passages(passages.places)
    return {
        "language": scores.language,
        "first": scores.first,
        "second": scores.second,
        "total": len(scores.queries),
        "count": kept.count,
        "of": kept.of,
        "texts": material.data is not None,
        "entries": entries,
        "queries": queries,
        "passages": [[doc, shown.get(doc, "")] for doc in passages.places],
        "balances": _balances(scores, query_pairs.pairs(scores, "every" if len(entries) <= EVERY else "second")),
    }


def _entry(material: Material, place: int, ids: Sequence[str], passages: Passages) -> dict[str, Any]:
    """Return an entry with its lists, seed → for each kept query [passage, score, passage, score, …]."""
    name = material.scores.entries[place]
    lists = {}
    for seed in material.seeds.get(name, ()):
        if found := material.lists.get((name, seed)):
            lists[str(seed)] = [_flat(found.get(query, ()), passages) for query in ids]
    return {
        "name": name,
        "mean": round(float(material.scores.values[place].mean()), DIGITS),
        "seeds": material.seeds.get(name, []),
        "lists": lists,
    }


def _flat(rows: query_runs.List, passages: Passages) -> list[float]:
    return [value for doc, score in rows for value in (passages.place(doc), round(score, DIGITS))]


def _query(material: Material, place: int, texts: Cutter, passages: Passages) -> dict[str, Any]:
    """Return a query: relevant passages as [passage, grade], best grade first, and how many are not shown.

    `judged` has the grades of what is not shown as relevant and stands in a list.
    """
    scores, query = material.scores, material.scores.queries[place]
    values = scores.rounded[:, place].tolist()
    if material.data is None:
        return {"query_id": query, "scores": values}
    grades = material.data.dev.get(query, {})
    relevant = sorted((doc for doc, grade in grades.items() if grade > 0), key=lambda doc: (-grades[doc], doc))
    shown = relevant[:RELEVANT]
    others = sorted(doc for doc in grades if doc not in shown and doc in passages.places)
    return {
        "query_id": query,
        "text": texts.query(query),
        "scores": values,
        "relevant": [[passages.place(doc), grades[doc]] for doc in shown],
        "more": len(relevant) - len(shown),
        "judged": [[passages.place(doc), grades[doc]] for doc in others],
    }


def _balances(scores: Scores, pairs: Iterable[Pair]) -> dict[str, list[float]]:
    """Return what the difference of every pair is made of, by its two places."""
    found = {}
    for i, j in pairs:
        balance = query_pairs.balance(scores.values[i] - scores.values[j])
        found[f"{i}-{j}"] = [round(number, DIGITS + 2) for number in astuple(balance)]
    return found


class Cutter:
    """The texts of one language, cut, each read once."""

    def __init__(self, data: Data | None) -> None:
        self._data = data
        self._cut: dict[str, str] = {}

    def query(self, query: str) -> str:
        return cut(self._data.queries.get(query, "")) if self._data else ""

    def passages(self, docs: Iterable[str]) -> dict[str, str]:
        """Return id → text; in the order of the ids, in which a corpus on disk is read fastest."""
        if self._data is None:
            return {}
        for doc in sorted(set(docs) - self._cut.keys()):
            self._cut[doc] = cut(self._data.passages.get(doc, ""))
        return self._cut


def cut(text: str, most: int = CUT) -> str:
    """Return a text of at most `most` characters as it is, another up to the last word that fits, with … behind it.

    Where that word would end in the first half, the text is cut within a word.

    >>> cut("one two three", 9), cut("one two", 9), cut("onetwothree", 9)
    ('one two …', 'one two', 'onetwothr…')
    """
    if len(text) <= most:
        return text
    head = text[:most]
    words = head if text[most].isspace() else head.rpartition(" ")[0]
    return f"{words.rstrip()} …" if len(words) > most // 2 else f"{head}…"
